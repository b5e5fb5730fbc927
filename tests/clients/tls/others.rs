//! Clients of other makers over TLS, on both engines; and what the embedded broker's log says of those that fail.

use std::time::Duration;

use crate::nest::Stage;
use crate::support::process::Process;
use crate::support::tls::{Authority, Secured};
use crate::support::tools::run_with_input;
use crate::support::{packages, require};

/// How long the log may take to say it. A guard, no measurement.
const LIMIT: Duration = Duration::from_secs(30);

/// Waits for a line of the broker's log that says all of this.
fn logs(broker: &Secured, from: usize, parts: &[&str]) {
    let says = |line: &str| parts.iter().all(|part| line.contains(part)).then_some(());
    let log = broker.lab.log();
    assert!(log.wait_from(from, LIMIT, says).is_some(), "{parts:?} is not in {:#?}", &log.lines()[from..]);
}

#[test]
fn kcat_goes_there_and_back() {
    if !require("kcat") {
        return;
    }
    for broker in Secured::all() {
        let topic = broker.lab.topic("phase4-tls", 1);
        let value = "over TLS ".repeat(100_000 / 9) + "\n";
        let produced = run_with_input(&mut broker.kcat("laravel", &["-P", "-t", &topic]), value.as_bytes());
        assert!(produced.success(), "{produced:?}");
        let consumed = run_with_input(&mut broker.kcat("nest", &["-C", "-t", &topic, "-e"]), b"");
        assert_eq!(consumed.stdout, value, "{}", consumed.stderr);
        let group = format!("{topic}-group");
        let read = ["-X", "auto.offset.reset=earliest", "-c", "1", "-G", &group, &topic];
        let consumed = run_with_input(&mut broker.kcat("nest", &read), b"");
        assert_eq!(consumed.stdout, value, "{}", consumed.stderr);
    }
}

#[test]
fn kcat_is_refused() {
    if !require("kcat") {
        return;
    }
    for broker in Secured::all() {
        let from = broker.lab.log().len();
        // The system's authorities do not know this one.
        let produce = ["-P", "-t", "laravel-events", "-X", "ssl.ca.location=/etc/ssl/certs"];
        let refused = run_with_input(&mut broker.kcat("laravel", &produce), b"hi\n");
        assert!(refused.code == 1 && refused.stderr.contains("certificate verify failed"), "{refused:?}");
        logs(broker, from, &["SSL handshake failed", "127.0.0.1"]);

        let produce = ["-P", "-t", "laravel-events", "-X", "sasl.password=wrong-one"];
        let refused = run_with_input(&mut broker.kcat("laravel", &produce), b"hi\n");
        assert!(refused.code == 1 && refused.stderr.contains("Invalid username or password"), "{refused:?}");
    }
}

#[test]
fn kafkajs_goes_there_and_back_and_is_refused() {
    if !require("kafkajs") {
        return;
    }
    for broker in Secured::all() {
        let topic = broker.lab.topic("phase4-tls", 1);
        let run = |ca: &str| {
            run_with_input(
                &mut packages::node("tls.js", &[&broker.address, "laravel", ca, &topic, "hi"]),
                b"",
            )
        };
        let trusting = run(broker.ca.to_str().unwrap());
        assert_eq!(trusting.stdout, "read hi\n", "{trusting:?}");
        let refused = run("none");
        assert!(refused.stdout.contains("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "{refused:?}");
    }
}

#[test]
fn the_nest_application_goes_through() {
    if !require("nest") {
        return;
    }
    for broker in Secured::all() {
        let stage = Stage::new(&broker.lab, "nest-tls");
        let over_tls = |script: &str, arguments: &[&str]| {
            let mut program = stage.program(script, arguments);
            program.env("KAFKA_BROKERS", &broker.address).env("KAFKA_SECURITY_PROTOCOL", "SASL_SSL");
            program.env("KAFKA_SSL_CA_FILE", &broker.ca);
            program
        };
        let app = Process::start(&over_tls("main.js", &[]), None);
        let joined = |line: &str| line.contains("Consumer has joined the group").then_some(());
        assert!(app.log().wait_from(0, LIMIT, joined).is_some(), "{:#?}", app.log().lines());
        let written = run_with_input(&mut over_tls("order.js", &["--count", "1"]), b"");
        assert!(written.stdout.contains("written PedidoCriado"), "{written:?}");
    }
}

#[test]
fn java_goes_through_and_is_refused() {
    if !require("jdk") {
        return;
    }
    for broker in Secured::all() {
        let listed = broker.tool("laravel", &broker.ca, "TopicCommand", &["--list"]);
        assert!(listed.success() && listed.stdout.contains("laravel-events"), "{listed:?}");

        let from = broker.lab.log().len();
        let stranger = std::env::temp_dir().join(crate::support::unique("kafkalab-stranger"));
        std::fs::write(&stranger, Authority::new("Another authority").certificate).unwrap();
        let refused = broker.tool("laravel", &stranger, "TopicCommand", &["--list"]);
        std::fs::remove_file(&stranger).unwrap();
        let said = refused.stdout + &refused.stderr;
        assert!(refused.code != 0 && said.contains("SSL handshake failed"), "{said}");
        logs(broker, from, &["SSL handshake failed", "127.0.0.1"]);
    }
}

#[test]
fn the_embedded_brokers_log_says_what_a_client_did_wrong() {
    let broker = Secured::embedded();
    let from = broker.lab.log().len();
    let plain = ["topics", "list", "-b", &broker.address, "-X", "security.protocol=SASL_PLAINTEXT"];
    assert_eq!(run_with_input(&mut broker.kafkalab(&plain), b"").code, 4);
    logs(broker, from, &["this is no TLS; a client of this listener needs security.protocol=SASL_SSL"]);

    let from = broker.lab.log().len();
    let mut strange = broker.kafkalab(&["topics", "list"]);
    let strange =
        run_with_input(strange.env("KAFKALAB_SSL_CA_FILE", "/etc/ssl/certs/ca-certificates.crt"), b"");
    assert_eq!(strange.code, 4, "{strange:?}");
    logs(broker, from, &["UnknownCA", "give it the authority's (ssl.ca.location)"]);
}
