//! kafkalab's two faces through TLS, and what is said when TLS does not hold.

use std::time::{Duration, Instant};

use crate::support::tls::Secured;
use crate::support::tools::{Output, run_with_input};

/// What a person waits for at most before a failure is explained; the measured figures are far below.
const SOON: Duration = Duration::from_secs(10);

/// Runs `kafkalab` over SASL_SSL at a listener.
fn kafkalab(broker: &Secured, address: &str, arguments: &[&str]) -> Output {
    run_with_input(&mut broker.kafkalab(&[arguments, &["-b", address]].concat()), b"")
}

/// A failure that must be named, with librdkafka (`produce`) and with our own connection (`topics list`).
fn is_refused(broker: &Secured, address: &str, more: &[&str], code: i32, sentence: &str) -> [String; 2] {
    let produce: &[&str] = &["phase1", "produce", "--msg", "hi"];
    [produce, &["topics", "list"]].map(|command| {
        let started = Instant::now();
        let run = kafkalab(broker, address, &[command, more].concat());
        assert!(started.elapsed() < SOON, "{command:?} took {:?}", started.elapsed());
        assert_eq!(run.code, code, "{command:?}: {run:?}");
        let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(sentence), "{command:?}: {run:?}");
        said
    })
}

#[test]
fn both_faces_of_the_client_go_through_tls() {
    for broker in Secured::all() {
        for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
            let login = format!("sasl.mechanism={mechanism}");
            let sent =
                kafkalab(broker, &broker.address, &["phase1", "produce", "--msg", "over TLS", "-X", &login]);
            assert!(sent.success() && sent.stdout.contains("acknowledged"), "{mechanism}: {sent:?}");
            let listed = kafkalab(broker, &broker.address, &["topics", "list", "-X", &login]);
            assert!(listed.success() && listed.stdout.contains("laravel-events"), "{mechanism}: {listed:?}");
            let truststore = format!("ssl.truststore.location={}", broker.ca.display());
            assert!(listed.stderr.contains(&truststore), "for Apache's tools: {listed:?}");
        }
        let verified = kafkalab(broker, &broker.address, &["phase1", "verify"]);
        assert!(verified.success(), "{verified:?}");
        // By its address, which stands in the certificate too.
        let address = broker.address.replace("localhost", "127.0.0.1");
        assert!(kafkalab(broker, &address, &["topics", "list"]).success());
    }
}

#[test]
fn doctor_looks_through_tls() {
    let Some(broker) = Secured::apache() else { return };
    let run = kafkalab(broker, &broker.address, &["doctor", "--phase", "1", "--output", "json"]);
    assert!(run.success(), "{run:?}");
    assert!(run.stdout.contains("Kafka, SASL_SSL"), "{run:?}");
    assert!(run.stdout.contains("PLAIN, of PLAIN, SCRAM-SHA-256"), "{run:?}");

    let run = kafkalab(broker, broker.listener("ELSEWHERE"), &["doctor", "--phase", "1"]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.stdout.contains("kafka.example"), "{run:?}");
}

#[test]
fn an_authority_that_nobody_trusts() {
    for broker in Secured::all() {
        let stranger = crate::support::tls::Authority::new("Another authority");
        let file = broker.ca.with_file_name("stranger.pem");
        std::fs::write(&file, stranger.certificate).unwrap();
        let trusting = format!("ssl.ca.location={}", file.display());
        let sentence = "is signed by nobody whom this client trusts. It trusts";
        let [librdkafka, own] = is_refused(broker, &broker.address, &["-X", &trusting], 4, sentence);
        assert!(librdkafka.contains("certificate verify failed"), "{librdkafka}");
        assert!(own.contains("invalid peer certificate: UnknownIssuer"), "{own}");

        // Without any file, the system's authorities are trusted, and ours is none of them.
        let mut command = broker.kafkalab(&["topics", "list", "-b", &broker.address]);
        let run = run_with_input(command.env_remove("KAFKALAB_SSL_CA_FILE"), b"");
        assert!(run.code == 4 && run.stderr.contains("ssl.ca.location=FILE"), "{run:?}");
    }
}

#[test]
fn a_certificate_for_another_host() {
    let Some(broker) = Secured::apache() else { return };
    let address = broker.listener("ELSEWHERE");
    // librdkafka has one text for every certificate that does not hold; the hint knows which it is.
    let [librdkafka, own] =
        is_refused(broker, address, &[], 4, "is for kafka.example, not for localhost. Dial one");
    assert!(librdkafka.contains("certificate verify failed"), "{librdkafka}");
    assert!(own.contains("certificate not valid for name"), "{own}");
    assert!(librdkafka.contains("kafkalab doctor --phase phase1 -b kafka.example:"), "{librdkafka}");
    // Both faces obey librdkafka's way to not mind.
    let any_host = ["-X", "ssl.endpoint.identification.algorithm=none"];
    for command in [&["topics", "list"][..], &["phase1", "produce", "--msg", "hi"]] {
        let run = kafkalab(broker, address, &[command, &any_host].concat());
        assert!(run.success(), "{command:?}: {run:?}");
    }
}

#[test]
fn a_certificate_that_has_expired() {
    let Some(broker) = Secured::apache() else { return };
    let address = broker.listener("EXPIRED");
    let [librdkafka, own] = is_refused(broker, address, &[], 4, "is not valid now: it has expired");
    assert!(librdkafka.contains("certificate verify failed"), "{librdkafka}");
    assert!(own.contains("certificate expired"), "{own}");
    let anybody = ["topics", "list", "-X", "enable.ssl.certificate.verification=false"];
    assert!(kafkalab(broker, address, &anybody).success());
}

#[test]
fn a_broker_that_asks_for_a_certificate() {
    let Some(broker) = Secured::apache() else { return };
    let address = broker.listener("MUTUAL");
    is_refused(broker, address, &[], 4, "asks for a certificate of the client");
    let own = format!("ssl.certificate.location={}", broker.ca.with_file_name("client.pem").display());
    let key = own.replace("ssl.certificate", "ssl.key");
    for command in [&["topics", "list"][..], &["phase1", "produce", "--msg", "hi"]] {
        let run = kafkalab(broker, address, &[command, &["-X", &own, "-X", &key]].concat());
        assert!(run.success(), "{command:?}: {run:?}");
    }
}

#[test]
fn a_wrong_password_over_tls() {
    for broker in Secured::all() {
        for command in [&["topics", "list"][..], &["phase1", "produce", "--msg", "hi"]] {
            let mut command = broker.kafkalab(&[command, &["-b", &broker.address]].concat());
            let run = run_with_input(command.env("KAFKALAB_SASL_PASSWORD", "wrong-one"), b"");
            assert_eq!(run.code, 4, "{run:?}");
            assert!(run.stderr.contains("Authentication failed: Invalid username or password"), "{run:?}");
        }
    }
}

#[test]
fn a_tls_client_on_ports_without_tls() {
    for broker in Secured::all() {
        let sentence = "does not speak TLS: it is a SASL_PLAINTEXT listener, and this client speaks SASL_SSL";
        let [librdkafka, own] = is_refused(broker, broker.lab.bootstrap_sasl(), &[], 4, sentence);
        for said in [librdkafka, own] {
            assert!(said.contains("-X security.protocol=SASL_PLAINTEXT"), "{said}");
        }
        let plaintext = broker.lab.bootstrap_plaintext();
        is_refused(broker, plaintext, &[], 4, "it is a PLAINTEXT listener, and this client speaks SASL_SSL");
    }
}

#[test]
fn a_client_without_tls_on_the_tls_port() {
    for broker in Secured::all() {
        let protocol = ["-X", "security.protocol=SASL_PLAINTEXT"];
        is_refused(
            broker,
            &broker.address,
            &protocol,
            4,
            "is a TLS listener, and this client speaks SASL_PLAINTEXT",
        );
    }
}

#[test]
fn an_ssl_listener_has_no_login() {
    let Some(broker) = Secured::apache() else { return };
    let address = broker.listener("SSL");
    is_refused(broker, address, &[], 4, "is an SSL listener, which takes no login");
    let run = kafkalab(broker, address, &["topics", "list", "-X", "security.protocol=SSL"]);
    assert!(run.success(), "{run:?}");
}

#[test]
fn a_file_that_is_none() {
    let Some(broker) = Secured::apache() else { return };
    let missing = ["-X", "ssl.ca.location=/no/such/ca.pem"];
    is_refused(broker, &broker.address, &missing, 2, "/no/such/ca.pem");
}
