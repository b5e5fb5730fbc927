//! `kafkalab doctor`: all well on a lab, each thing that can be wrong on its own, and what it never shows.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::lab::Home;
use super::program::{Run, kafkalab, kafkalab_at, kafkalab_with};
use crate::on_every_broker;
use crate::support::embedded::Embedded;
use crate::support::{Lab, folder};

/// The findings of a run with JSON output.
struct Diagnosis {
    data: Value,
    run: Run,
}

fn diagnose(args: &[&str]) -> Diagnosis {
    read(kafkalab(&[&["doctor", "--output", "json"], args].concat()))
}

fn read(run: Run) -> Diagnosis {
    let data = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    Diagnosis { data, run }
}

impl Diagnosis {
    fn checks(&self) -> &[Value] {
        self.data["checks"].as_array().unwrap_or_else(|| panic!("{:?}", self.run))
    }

    /// The names of the checks with this result, each once and in order.
    fn with(&self, result: &str) -> Vec<&str> {
        let found = self.checks().iter().filter(|check| check["result"] == result);
        let mut names: Vec<&str> = found.map(|check| check["check"].as_str().unwrap()).collect();
        names.dedup();
        names
    }

    /// The only failure.
    fn failure(&self) -> &Value {
        let mut failed = self.checks().iter().filter(|check| check["result"] == "failed");
        let first = failed.next().unwrap_or_else(|| panic!("nothing has failed: {:?}", self.run));
        assert!(failed.next().is_none(), "more than one failure: {:?}", self.run);
        first
    }

    /// Fails unless `check` is the one thing that is wrong, says `seen`, and ends the run with `code`.
    fn is_only(&self, check: &str, seen: &str, code: i32) {
        let failure = self.failure();
        assert_eq!((failure["check"].as_str().unwrap(), self.run.code), (check, code), "{:?}", self.run);
        assert!(texts(&failure["seen"]).join(" ").contains(seen), "{failure}");
    }

    fn next(&self) -> Vec<&str> {
        texts(&self.failure()["next"])
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text")).collect()
}

fn servers(lab: &Lab) -> [&str; 4] {
    ["-b", lab.bootstrap_sasl(), "--plaintext-server", lab.bootstrap_plaintext()]
}

/// An address where nothing listens.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

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

fn write_profile(folder: &Path, password: &str) -> String {
    let path = folder.join("mine.toml");
    let text = format!(
        "[kafka]\nsecurity_protocol = 'SASL_PLAINTEXT'\nas = 'laravel'\n[topic]\nname = 'laravel-events'\n[principals.laravel]\n{password}\n"
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A folder of profiles whose administrator has this password line.
fn phases_with_admin(password: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("phase0")).unwrap();
    std::fs::copy("phases/phase0/profile.toml", folder.path().join("phase0/profile.toml")).unwrap();
    let admin = format!(
        "[kafka]\nsecurity_protocol = 'SASL_PLAINTEXT'\nas = 'admin'\n[principals.admin]\n{password}\n"
    );
    std::fs::write(folder.path().join("admin.toml"), admin).unwrap();
    folder
}

on_every_broker! {
    fn all_is_well(lab: &Lab) {
        let found = diagnose(&servers(lab));
        assert_eq!(found.run.code, 0, "{:?}", found.run);
        // Only a KRaft controller tells the time.
        let skipped: &[&str] = if lab.name() == "apache" { &[] } else { &["clock"] };
        assert_eq!((found.with("skipped").as_slice(), found.with("failed").len()), (skipped, 0), "{:?}", found.run);
        for check in ["profile", "dns", "tcp", "listener", "mechanism", "login", "advertised", "rights", "topics", "library"] {
            assert!(found.with("passed").contains(&check), "{check}: {:?}", found.run);
        }
    }

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

    fn a_bystander_lacks_every_right(lab: &Lab) {
        let found = diagnose(&[&["--phase", "2", "--as", "analytics"], &servers(lab)[..]].concat());
        found.is_only("rights", "DESCRIBE, READ, WRITE on Topic:LITERAL:nest-events: DefaultDeny", 5);
        let add = "--add --allow-principal User:analytics --operation READ --operation WRITE --operation DESCRIBE --topic nest-events";
        assert!(found.next()[0].ends_with(add), "{:?}", found.next());
        assert_eq!(found.with("skipped").last(), Some(&"topics"), "{:?}", found.run);
    }

    fn where_admin_cannot_read_the_acls_the_principal_tries_it_out(lab: &Lab) {
        let phases = phases_with_admin("password = 'not-the-one'");
        let given = ["--phases", phases.path().to_str().unwrap(), "--phase", "2"];
        let found = diagnose(&[&given, &servers(lab)[..]].concat());
        assert_eq!(found.run.code, 0, "{:?}", found.run);
        let rights = found.checks().iter().find(|check| check["check"] == "rights").unwrap();
        assert!(texts(&rights["seen"])[0].starts_with("nest: 4 of 4, tried out"), "{rights}");

        let found = diagnose(&[&given[..], &["--as", "analytics"], &servers(lab)].concat());
        let said = "READ, WRITE on Topic:LITERAL:nest-events: the broker answered TOPIC_AUTHORIZATION_FAILED (29)";
        found.is_only("rights", said, 5);
    }
}

#[test]
fn on_the_labs_own_broker_nothing_is_skipped() {
    let home = Home::new();
    home.up();
    let found = read(home.run(&["doctor", "--output", "json"]));
    assert_eq!(found.run.code, 0, "{:?}", found.run);
    assert_eq!((found.with("failed").len(), found.with("skipped").len()), (0, 0), "{:?}", found.run);
}

#[test]
fn a_missing_acl_is_named_with_the_command_that_brings_it_back() {
    let home = Home::new();
    home.up();
    let deleted = ["acl", "delete", "--principal", "nest", "--topic", "nest-events", "--operation", "WRITE"];
    assert_eq!(home.run(&[&deleted[..], &["--yes"]].concat()).code, 0);
    let found = read(home.run(&["doctor", "--output", "json"]));
    found.is_only("rights", "nest: 1 of 4 missing, by the cluster's ACLs", 5);
    assert!(texts(&found.failure()["seen"]).contains(&"WRITE on Topic:LITERAL:nest-events: DefaultDeny"));
    assert_eq!(found.next(), ["kafkalab acl apply"]);
    assert_eq!(home.run(&["acl", "apply"]).code, 0);
    assert_eq!(home.run(&["doctor"]).code, 0);
}

#[test]
fn a_missing_topic_is_not_what_the_phase_expects() {
    let home = Home::new();
    home.up();
    assert_eq!(home.run(&["topics", "delete", "laravel-events", "--yes"]).code, 0);
    let found = read(home.run(&["doctor", "--output", "json"]));
    found.is_only("topics", "There is no topic laravel-events.", 6);
    assert_eq!(found.next()[0], "kafkalab up");
}

#[test]
fn a_dead_lab_is_diagnosed_and_not_started() {
    let home = Home::new();
    home.up();
    home.kill_broker();
    let before = home.state();
    let found = read(home.run(&["doctor", "--output", "json"]));
    assert_eq!(found.run.code, 3, "{:?}", found.run);
    assert_eq!(found.with("failed"), ["tcp"]);
    assert_eq!(found.data["next"], "kafkalab up");
    assert_eq!(home.state(), before, "a new broker would have another process id");
    assert_eq!(read(home.run(&["doctor", "--output", "json"])).run.code, 3);
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
fn tls_that_answers_is_no_login_yet() {
    let tls = somebody(&[21, 3, 3, 0, 2, 2, 40]);
    let found =
        diagnose(&["--phase", "1", "--as", "laravel", "-X", "security.protocol=SASL_SSL", "-b", &tls]);
    found.is_only("login", "", 3);
    assert!(found.with("passed").contains(&"listener"), "{:?}", found.run);
    assert_eq!(found.with("skipped"), ["advertised", "rights", "topics"]);
    let plain = Lab::embedded().bootstrap_sasl();
    let found = diagnose(&["--phase", "1", "-X", "security.protocol=SASL_SSL", "-b", plain]);
    found.is_only("listener", "does not answer as TLS", 4);
}

#[test]
fn a_silent_listener_costs_little_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let started = Instant::now();
    let found = diagnose(&["-b", &silent.local_addr().unwrap().to_string()]);
    found.is_only("listener", "does not answer in time", 3);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn an_unknown_key_is_the_profiles_failure() {
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("mine.toml");
    std::fs::write(&profile, "[kafka]\nbootstrap_serverr = 'x:1'\n").unwrap();
    let found = diagnose(&["--profile", profile.to_str().unwrap()]);
    found.is_only("profile", "mine.toml:2:1: unknown key `kafka.bootstrap_serverr`", 2);
    assert!(texts(&found.failure()["seen"]).contains(&"Did you mean `bootstrap_server`?"));
}

#[test]
fn an_invalid_file_of_one_kind_does_not_hide_the_rest() {
    let lab = Lab::embedded();
    let phases = phases_with_admin("passwordd = 'admin-secret'");
    let found = diagnose(&[&["--phases", phases.path().to_str().unwrap()], &servers(lab)[..]].concat());
    found.is_only("profile", "unknown key `principals.admin.passwordd`", 2);
    assert!(found.with("passed").contains(&"rights"), "{:?}", found.run);

    let acls = tempfile::tempdir().unwrap();
    std::fs::write(acls.path().join("me.toml"), "principal = 'me'\n").unwrap();
    let found = diagnose(&[&["--acls", acls.path().to_str().unwrap()], &servers(lab)[..]].concat());
    found.is_only("acl_files", "`me` is no principal", 2);
    assert!(found.with("passed").contains(&"rights"), "{:?}", found.run);
}

#[test]
fn a_password_file_that_others_can_read_is_reported() {
    let lab = Lab::embedded();
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "laravel-secret\n").unwrap();
    let profile = write_profile(folder.path(), &format!("password_file = '{}'", secret.display()));
    for (mode, code) in [(0o600, 0), (0o644, 2), (0o640, 2)] {
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(mode)).unwrap();
        let found = diagnose(&["--profile", &profile, "-b", lab.bootstrap_sasl()]);
        assert_eq!(found.run.code, code, "{:?}", found.run);
        if code != 0 {
            found.is_only("password", &format!("has mode {mode:04o}"), 2);
            assert_eq!(found.next(), [format!("chmod 600 {}", secret.display())]);
        }
    }
}

#[test]
fn an_unknown_principal_is_a_slip_of_the_command_line() {
    let run = kafkalab(&["doctor", "--as", "larvel"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.complains("Did you mean `laravel`?"), "{run:?}");
}

#[test]
fn a_report_can_be_shown_to_strangers() {
    let home = tempfile::tempdir().unwrap();
    let profile = home.path().join("mine.toml");
    let text = "[kafka]\nsecurity_protocol = 'SASL_PLAINTEXT'\nas = 'beatriz'\n[principals.beatriz]\npassword = 'hunter2'\n";
    std::fs::write(&profile, text).unwrap();
    let lab = Lab::embedded();
    for output in ["text", "json"] {
        for report in [true, false] {
            let flag = if report { &["--report"][..] } else { &[] };
            let common = [
                "doctor",
                "--output",
                output,
                "-b",
                lab.bootstrap_sasl(),
                "--profile",
                profile.to_str().unwrap(),
            ];
            let run = kafkalab_with(home.path(), &[&common[..], flag].concat(), &[("USER", "bia")]);
            assert_eq!(run.code, 4, "{run:?}");
            assert!(!run.stdout.contains("hunter2") && !run.stderr.contains("hunter2"), "{run:?}");
            let personal = ["beatriz", home.path().to_str().unwrap()];
            for word in personal {
                assert_eq!(run.stdout.contains(word), !report, "{word}: {run:?}");
            }
            assert_eq!(run.stdout.contains("~/mine.toml"), report, "{run:?}");
        }
    }
}

#[test]
fn no_line_is_wider_than_80_columns_in_either_language() {
    let lab = Lab::embedded();
    let nobody = nobody();
    let cases: [&[&str]; 4] = [
        &servers(lab),
        &["-b", &nobody],
        &["--as", "analytics", "-b", lab.bootstrap_sasl()],
        &["-b", "a-host-with-quite-a-long-name.no-such-domain.invalid:9094"],
    ];
    for case in cases {
        for lang in ["en", "pt-BR"] {
            let run = kafkalab_at(Path::new("/nowhere"), &[&["doctor", "--lang", lang], case].concat());
            let wide: Vec<&str> = run.stdout.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(wide.is_empty() && run.stdout.len() > 500, "{wide:#?}");
            assert!(!run.stdout.contains('\x1b'), "{run:?}");
        }
    }
}
