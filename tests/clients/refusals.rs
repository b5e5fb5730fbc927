//! What real clients show when the broker refuses them, on both engines: the sentences that the lessons quote.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::process::Command;
use std::time::Duration;

use crate::on_every_broker;
use crate::support::process::Process;
use crate::support::{Lab, packages, require, tools, unique};

/// How long anything may take. A guard, no measurement.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits until `command` says something that contains `text`.
fn assert_says(command: &Command, text: &str) {
    let process = Process::start(command, None);
    let found = process.log().wait_from(0, LIMIT, |line| line.contains(text).then_some(()));
    assert!(found.is_some(), "{text:?} is not in\n{}", process.log().problems());
}

/// Major, minor and patch of the librdkafka that kcat runs on.
fn librdkafka_of_kcat(lab: &Lab) -> (u32, u32, u32) {
    let version = tools::run_with_input(&mut lab.kcat("laravel", &["-V"]), b"").stdout;
    let (_, version) = version.split_once("librdkafka ").expect("kcat -V names it");
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse().ok());
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}

on_every_broker! {
    /// CVE-2024-56128: Kafka 4 insists on the nonce that librdkafka got wrong until 2.6.1.
    fn an_old_librdkafka_cannot_log_in_with_scram(lab: &Lab) {
        if !require("kcat") { return }
        let command = lab.kcat("laravel", &["-X", "sasl.mechanism=SCRAM-SHA-256", "-L"]);
        let text = if librdkafka_of_kcat(lab) < (2, 6, 1) {
            "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256"
        } else {
            "topic \"laravel-events\""
        };
        assert_says(&command, text);
    }

    fn a_wrong_password(lab: &Lab) {
        if !require("kcat") { return }
        let command = lab.kcat("laravel", &["-X", "sasl.password=wrong", "-L"]);
        assert_says(&command, "Authentication failed: Invalid username or password");
    }

    fn a_mechanism_that_is_not_offered(lab: &Lab) {
        if !require("kcat") { return }
        let command = lab.kcat("laravel", &["-X", "sasl.mechanism=SCRAM-SHA-512", "-L"]);
        assert_says(&command, "broker's supported mechanisms: PLAIN,SCRAM-SHA-256");
    }

    fn librdkafka_names_the_group_it_may_not_join(lab: &Lab) {
        if !require("kcat") { return }
        let group = unique("forbidden");
        assert_says(&lab.kcat("laravel", &["-G", &group, "laravel-events"]), "Group authorization failed");
    }

    /// The cause is only in KafkaJS's log: the error says that no coordinator was found.
    fn kafkajs_hides_the_group_it_may_not_join(lab: &Lab) {
        if !require("kafkajs") { return }
        let group = unique("forbidden");
        let arguments = [lab.bootstrap_sasl(), "nest", &group, "nest-events", "1"];
        let output = tools::run_with_input(&mut packages::node("consumer.js", &arguments), b"");
        assert_eq!(output.stdout.trim(), "crash KafkaJSGroupCoordinatorNotFound", "{output:?}");
    }

    fn kafkajs_names_the_topic_it_may_not_read(lab: &Lab) {
        if !require("kafkajs") { return }
        let arguments = [lab.bootstrap_sasl(), "nest", "nest-app-server", "laravel-events", "1"];
        let output = tools::run_with_input(&mut packages::node("consumer.js", &arguments), b"");
        assert_eq!(output.stdout.trim(), "crash TOPIC_AUTHORIZATION_FAILED", "{output:?}");
    }
}
