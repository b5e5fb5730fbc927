//! From the name of a host to the login.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::{diagnose, nobody, servers, texts, write_profile};
use crate::on_every_broker;
use crate::support::embedded::Embedded;
use crate::support::{Lab, folder};

/// A server that answers to whatever it is sent, until the test ends.
fn somebody(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut connection = connection;
                let _ = connection.read(&mut [0; 1024]);
                let _ = connection.write_all(answer);
                // Until the client goes; a server that hangs up at once would be another case.
                let _ = connection.read(&mut [0; 1024]);
            });
        }
    });
    address
}

on_every_broker! {
    fn a_wrong_password(lab: &Lab) {
        let folder = tempfile::tempdir().unwrap();
        let profile = write_profile(folder.path(), "password = 'wrong-one'");
        let found = diagnose(&["--profile", &profile, "-b", lab.bootstrap_sasl()]);
        found.is_only("login", "Authentication failed: Invalid username or password (SASL_AUTHENTICATION_FAILED, 58)", 4);
        assert_eq!(found.with("skipped"), ["advertised", "clock", "rights", "topics"]);
        assert!(!found.run.stdout.contains("wrong-one"), "{:?}", found.run);
    }

    fn a_mechanism_that_is_not_offered(lab: &Lab) {
        let found = diagnose(&[&["--phase", "1", "-X", "sasl.mechanism=SCRAM-SHA-512"], &servers(lab)[..]].concat());
        found.is_only("mechanism", "It offers PLAIN, SCRAM-SHA-256.", 4);
        assert_eq!(found.with("skipped"), ["login", "advertised", "clock", "rights", "topics"]);
        let again = format!("kafkalab doctor -b {} -X sasl.mechanism=PLAIN", lab.bootstrap_sasl());
        assert_eq!(found.next(), [again]);
    }

    fn a_plaintext_client_on_the_sasl_port(lab: &Lab) {
        let found = diagnose(&["--phase", "0", "-b", lab.bootstrap_sasl()]);
        found.is_only("listener", "wants a login", 4);
        assert_eq!(found.with("skipped"), ["advertised", "rights", "topics"]);
    }

    fn a_sasl_client_on_the_plaintext_port(lab: &Lab) {
        let found = diagnose(&["--phase", "2", "-b", lab.bootstrap_plaintext()]);
        found.is_only("listener", "takes no login", 4);
        assert_eq!(found.with("skipped"), ["mechanism", "login", "advertised", "clock", "rights", "topics"]);
    }
}

#[test]
fn nothing_listens() {
    let address = nobody();
    let found = diagnose(&["-b", &address]);
    found.is_only("tcp", &format!("{address} refuses"), 3);
    assert_eq!(found.with("passed"), ["profile", "password", "acl_files", "dns", "library"]);
    assert_eq!(found.next(), ["kafkalab up"]);
}

/// A broker of the test's own that answers with these addresses.
fn advertising(listeners: &str) -> Lab {
    let folder = folder();
    let setting = format!("advertised.listeners={listeners}");
    let broker = Embedded::start_in(&folder.join("data"), Some(&folder), &["-c", &setting]);
    Lab::bare(broker.unwrap())
}

#[test]
fn an_advertised_address_that_leads_nowhere() {
    let nobody = nobody();
    let cases = [
        ("kafka.invalid:9094", "`kafka.invalid` is no name that this machine can resolve"),
        (
            "kafka-of-docker:9094",
            "`kafka-of-docker` is no name here: it is known only inside Docker's network",
        ),
        (&*nobody, "localhost is the client's own machine or container"),
    ];
    for (address, said) in cases {
        let lab = advertising(&format!("SASL_PLAINTEXT://{address}"));
        let found = diagnose(&["--phase", "4", "-b", lab.bootstrap_sasl()]);
        let failure = &found.checks().iter().find(|check| check["check"] == "advertised").unwrap();
        assert_eq!((failure["result"].as_str(), found.run.code), (Some("failed"), 3), "{:?}", found.run);
        let seen = texts(&failure["seen"]).join(" ");
        assert!(seen.contains(said) && seen.contains(address), "{seen}");
        let setting = format!("KAFKA_ADVERTISED_LISTENERS=SASL_PLAINTEXT://{}", lab.bootstrap_sasl());
        assert_eq!(texts(&failure["next"]), [setting]);
    }
}

#[test]
fn another_advertised_address_is_fine_if_kafka_answers_there() {
    let other = Lab::embedded();
    let lab = advertising(&format!("SASL_PLAINTEXT://{}", other.bootstrap_sasl()));
    let found = diagnose(&["--phase", "4", "-b", lab.bootstrap_sasl()]);
    let check = found.checks().iter().find(|check| check["check"] == "advertised").unwrap();
    assert_eq!(check["result"], "passed", "{check}");
    assert!(texts(&check["seen"])[0].contains("another than was dialled"), "{check}");
    let lab = advertising(&format!("SASL_PLAINTEXT://{}", other.bootstrap_plaintext()));
    let found = diagnose(&["--phase", "4", "-b", lab.bootstrap_sasl()]);
    let check = found.checks().iter().find(|check| check["check"] == "advertised").unwrap();
    assert_eq!(
        (check["result"].as_str(), &check["class"]),
        (Some("failed"), &"unreachable".into()),
        "{check}"
    );
}

#[test]
fn a_name_that_does_not_resolve() {
    let found = diagnose(&["-b", "no-such-host.invalid:9094"]);
    found.is_only("dns", "no-such-host.invalid:9094 cannot be resolved", 3);
    assert_eq!(found.with("passed"), ["profile", "password", "acl_files", "library"]);
}

#[test]
fn one_good_address_of_several_is_enough_to_go_on() {
    let lab = Lab::embedded();
    let both = format!("{},{}", nobody(), lab.bootstrap_sasl());
    let found = diagnose(&["--phase", "1", "-b", &both]);
    assert_eq!((found.failure()["check"].as_str(), found.run.code), (Some("tcp"), 3), "{:?}", found.run);
    assert!(found.with("passed").contains(&"rights"), "{:?}", found.run);
}

#[test]
fn a_tls_listener_and_a_web_server_are_told_apart() {
    let tls = somebody(&[21, 3, 3, 0, 2, 2, 40]);
    diagnose(&["--phase", "1", "-b", &tls]).is_only("listener", "is a TLS listener", 4);
    let web = somebody(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    diagnose(&["--phase", "1", "-b", &web]).is_only("listener", "A web server (HTTP) listens", 3);
    let other = somebody(b"+PONG, said something else\r\n");
    diagnose(&["--phase", "1", "-b", &other]).is_only("listener", "does not answer as Kafka", 3);
}

#[test]
fn tls_that_does_not_come_about_is_said_at_the_listener() {
    let tls = somebody(&[21, 3, 3, 0, 2, 2, 40]);
    let found =
        diagnose(&["--phase", "1", "--as", "laravel", "-X", "security.protocol=SASL_SSL", "-b", &tls]);
    found.is_only("listener", "refused the TLS handshake", 4);
    assert_eq!(found.with("skipped"), ["mechanism", "login", "advertised", "clock", "rights", "topics"]);
    let plain = Lab::embedded().bootstrap_sasl();
    let found = diagnose(&["--phase", "1", "-X", "security.protocol=SASL_SSL", "-b", plain]);
    found.is_only("listener", "does not speak TLS: it is a SASL_PLAINTEXT listener", 4);
}

#[test]
fn a_silent_listener_costs_little_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let started = Instant::now();
    let found = diagnose(&["-b", &silent.local_addr().unwrap().to_string()]);
    found.is_only("listener", "does not answer in time", 3);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}
