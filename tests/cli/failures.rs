//! What goes wrong before and at the login: each has its own message and the exit code of its class.

use std::net::TcpListener;

use serde_json::Value;

use super::program::{Run, kafkalab, kafkalab_at, kafkalab_with};
use crate::on_every_broker;
use crate::support::unique;

/// An address where nothing listens.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn error(run: &Run) -> Value {
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    report["error"].clone()
}

#[test]
fn nothing_listens() {
    let address = nobody();
    let run = kafkalab(&["topics", "list", "-b", &address]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.complains(&format!("Nothing listens at {address}")), "{run:?}");
    assert!(run.complains("kafkalab up"), "{run:?}");
    assert_eq!(run.stdout, "");
}

#[test]
fn a_name_that_does_not_resolve() {
    let run = kafkalab(&["topics", "list", "-b", "no-such-host.invalid:9094"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.complains("no-such-host.invalid:9094 cannot be resolved"), "{run:?}");
    assert!(run.complains("kafkalab doctor --phase admin -b no-such-host.invalid:9094"), "{run:?}");
}

#[test]
fn a_switch_in_the_environment_is_written_as_people_write_it() {
    let home = tempfile::tempdir().unwrap();
    let no_start = |value| {
        kafkalab_with(home.path(), &["topics", "list", "-b", &nobody()], &[("KAFKALAB_NO_START", value)])
    };
    for value in ["1", "0", "true", "no"] {
        assert_eq!(no_start(value).code, 3, "{value}");
    }
    let run = no_start("perhaps");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.complains("--no-start"), "{run:?}");
}

#[test]
fn a_failed_command_still_prints_one_json_object() {
    let run = kafkalab(&["topics", "list", "-b", &nobody(), "--output", "json"]);
    assert_eq!(run.code, 3, "{run:?}");
    let error = error(&run);
    assert_eq!(error["kind"], "unreachable");
    assert_eq!(error["as"]["principal"]["value"], "User:admin");
    assert_eq!(error["as"]["bootstrap_server"]["source"], "-b");
}

#[test]
fn a_command_line_that_is_not_valid_still_prints_one_json_object() {
    for (args, part) in [
        (&["topics", "lst", "--output", "json"][..], "unrecognized subcommand 'lst'"),
        (&["topics", "describe", "--output=json"], "required arguments were not provided"),
        (&["topics", "--output", "json"], "requires a subcommand"),
    ] {
        let run = kafkalab(args);
        assert_eq!((run.code, error(&run)["exit_code"].as_i64()), (2, Some(2)), "{run:?}");
        assert!(error(&run)["doing"].as_str().unwrap().contains(part), "{run:?}");
        assert_ne!(run.stderr, "");
    }
}

#[test]
fn acl_explain_says_why_it_asked_the_files_only() {
    let address = nobody();
    let question = ["acl", "explain", "--principal", "nest", "--operation", "READ", "--topic", "x"];
    let run = kafkalab(&[&question[..], &["-b", &address]].concat());
    assert!(run.complains("Why it could not be asked: "), "{run:?}");
    assert!(run.complains(&address), "{run:?}");
}

#[test]
fn an_unknown_profile_key_names_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("mine.toml");
    std::fs::write(&profile, "[kafka]\nbootstrap_serverr = 'x:1'\n").unwrap();
    let run = kafkalab(&["config", "show", "--profile", profile.to_str().unwrap()]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.complains("mine.toml:2:1: unknown key `kafka.bootstrap_serverr`"), "{run:?}");
    assert!(run.complains("Did you mean `bootstrap_server`?"), "{run:?}");
}

#[test]
fn a_password_is_not_taken_from_the_command_line() {
    let run = kafkalab(&["config", "show", "-X", "sasl.password=hunter2"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(!run.stderr.contains("hunter2") && run.complains("KAFKALAB_SASL_PASSWORD"), "{run:?}");
}

#[test]
fn no_output_of_config_shows_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("mine.toml");
    std::fs::write(&profile, "[kafka]\nsecurity_protocol = 'SASL_PLAINTEXT'\nas = 'me'\n[principals.me]\npassword = 'hunter2'\n[properties]\n\"ssl.keystore.password\" = 'hunter2'\n").unwrap();
    for command in ["show", "dump"] {
        for output in ["text", "json"] {
            let run = kafkalab_at(
                folder.path(),
                &["config", command, "--output", output, "--profile", profile.to_str().unwrap()],
            );
            assert_eq!(run.code, 0, "{run:?}");
            assert!(!run.stdout.contains("hunter2") && !run.stderr.contains("hunter2"), "{run:?}");
        }
    }
}

on_every_broker! {
    fn a_wrong_password_quotes_the_broker(lab: &Lab) {
        let folder = tempfile::tempdir().unwrap();
        let profile = folder.path().join("mine.toml");
        std::fs::write(&profile, "[kafka]\nsecurity_protocol = 'SASL_PLAINTEXT'\nas = 'laravel'\n[principals.laravel]\npassword = 'wrong-one'\n").unwrap();
        let run = kafkalab(&["phase1", "verify", "-b", lab.bootstrap_sasl(), "--profile", profile.to_str().unwrap()]);
        assert_eq!(run.code, 4, "{run:?}");
        assert!(run.complains("Authentication failed: Invalid username or password (SASL_AUTHENTICATION_FAILED, 58)"), "{run:?}");
        assert!(run.complains("User:laravel") && !run.stderr.contains("wrong-one"), "{run:?}");
    }

    fn a_mechanism_that_is_not_offered(lab: &Lab) {
        let run = kafkalab(&["topics", "list", "-b", lab.bootstrap_sasl(), "-X", "sasl.mechanism=SCRAM-SHA-512"]);
        assert_eq!(run.code, 4, "{run:?}");
        assert!(run.complains("It offers PLAIN, SCRAM-SHA-256."), "{run:?}");
    }

    fn a_plaintext_client_on_the_sasl_port(lab: &Lab) {
        let run = kafkalab(&["phase0", "verify", "-b", lab.bootstrap_sasl()]);
        assert_eq!(run.code, 4, "{run:?}");
        assert!(run.complains("wants a login"), "{run:?}");
    }

    fn a_sasl_client_on_the_plaintext_port(lab: &Lab) {
        let run = kafkalab(&["topics", "list", "-b", lab.bootstrap_plaintext()]);
        assert_eq!(run.code, 4, "{run:?}");
        assert!(run.complains("takes no login"), "{run:?}");
    }

    fn a_refused_topic_names_the_right_that_is_missing(lab: &Lab) {
        let name = unique("cli-denied");
        for (command, operation) in [("create", "CREATE"), ("describe", "DESCRIBE"), ("delete", "DELETE")] {
            let run = kafkalab(&["topics", command, &name, "--yes", "--as", "nest", "-b", lab.bootstrap_sasl()]);
            assert_eq!(run.code, 5, "{run:?}");
            assert!(run.complains(&format!("needs {operation} on Topic:{name}; decided by DefaultDeny")), "{run:?}");
        }
    }

    fn topics_are_created_described_and_deleted(lab: &Lab) {
        let name = unique("cli-topics");
        let topics = |args: &[&str]| kafkalab(&[&["topics", "-b", lab.bootstrap_sasl()], args].concat());
        let run = topics(&["create", &name, "--partitions", "2", "--config", "retention.ms=60000"]);
        assert_eq!((run.stdout.trim(), run.code), (&*format!("created {name}"), 0), "{run:?}");
        let run = topics(&["create", &name]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.complains("TOPIC_ALREADY_EXISTS, 36"), "{run:?}");
        let run = topics(&["describe", &name, "--output", "json"]);
        let found: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(found["topics"][0]["partitions"].as_array().unwrap().len(), 2, "{run:?}");
        assert_eq!(found["topics"][0]["configs"]["retention.ms"], "60000", "{run:?}");
        assert_eq!(topics(&["delete", &name]).code, 2, "nobody is there to say yes");
        assert_eq!(topics(&["delete", &name, "--yes"]).code, 0);
        let run = topics(&["create", "not/a/name"]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.complains("INVALID_TOPIC_EXCEPTION, 17"), "{run:?}");
    }
}
