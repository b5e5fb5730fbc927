//! A machine without a network. The C library finds only addresses of a family of which the machine has one beside
//! those of the loopback interface, and so hides even `localhost` from a client that asks for one family.

use std::process::{Command, Output, Stdio};

use crate::support::requirements::require;
use crate::support::root;

/// Runs shell commands, the lab up, on a machine that has the loopback interface alone; `$0` is kafkalab. The first that
/// fails ends it.
fn alone(commands: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    let script = format!("set -e; ip link set lo up; trap '\"$0\" down >&2' EXIT; \"$0\" up -q\n{commands}");
    let mut session = Command::new("unshare");
    session.args(["--map-root-user", "--net", "sh", "-c", &script, env!("CARGO_BIN_EXE_kafkalab")]);
    session.env("KAFKALAB_HOME", home.path()).env("LANG", "C").current_dir(root()).stdin(Stdio::null());
    session.output().unwrap()
}

#[test]
fn the_first_steps_work_without_a_network() {
    if !require("unshare") || !require("ip") {
        return;
    }
    let output = alone(
        "\"$0\" phase1 produce --msg offline
        \"$0\" phase1 produce -b localhost:9094 --msg offline
        \"$0\" phase1 consume
        \"$0\" phase2 verify",
    );
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().filter(|line| *line == "offline").count(), 2, "{printed}");
}

#[test]
fn an_address_that_librdkafka_cannot_see_is_explained() {
    if !require("unshare") || !require("ip") {
        return;
    }
    let output = alone(
        "ip address add fd00::1/64 dev lo nodad
        \"$0\" phase1 produce -b 127.0.0.1:9094 --msg unseen",
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("_RESOLVE") && said.contains("kafkalab explain -193"), "{said}");
}

#[test]
fn a_network_that_is_not_there_is_not_taken_for_a_broker() {
    if !require("unshare") || !require("ip") {
        return;
    }
    let output = alone(
        "! \"$0\" doctor --phase 1 -b 10.0.0.1:9092; \"$0\" phase1 produce -b 10.0.0.1:9092 --msg unseen",
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    for words in ["system said", "(ENETUNREACH, 101)", "From here 10.0.0.1:9092 cannot be reached"] {
        assert!(said.contains(words), "{said}");
    }
    let examined = String::from_utf8(output.stdout).unwrap();
    assert!(examined.contains("No machine was asked") && !examined.contains("kafkalab up"), "{examined}");
}

#[test]
fn a_topic_of_the_phase_that_is_missing_can_be_created_as_is_told() {
    if !require("unshare") || !require("ip") {
        return;
    }
    let output = alone(
        "tried=$(\"$0\" phase0 produce --msg hi 2>&1) && exit 1
        create=$(echo \"$tried\" | sed -n 's/.*kafkalab \\(topics create .*\\)/\\1/p')
        \"$0\" $create
        \"$0\" phase0 produce --msg hi",
    );
    assert!(output.status.success(), "{output:?}");
}
