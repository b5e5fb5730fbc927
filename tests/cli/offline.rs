//! A machine without a network, on which only the loopback interface has an address. The C library then finds no IPv4
//! address for a client that asks for nothing else, not even that of `localhost`.

use std::process::{Command, Stdio};

use crate::support::requirements::require;
use crate::support::root;

/// `$0` is kafkalab. The first command that fails ends it.
const SESSION: &str = "
set -e
ip link set lo up
trap '\"$0\" down >&2' EXIT
\"$0\" up
\"$0\" phase1 produce --msg offline
\"$0\" phase1 produce -b localhost:9094 --msg offline
\"$0\" phase1 consume
\"$0\" phase2 verify
";

#[test]
fn the_first_steps_work_without_a_network() {
    if !require("network-namespace") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut session = Command::new("unshare");
    session.args(["--map-root-user", "--net", "sh", "-c", SESSION, env!("CARGO_BIN_EXE_kafkalab")]);
    session.env("KAFKALAB_HOME", home.path()).env("LANG", "C").current_dir(root()).stdin(Stdio::null());
    let output = session.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().filter(|line| *line == "offline").count(), 2, "{printed}");
}
