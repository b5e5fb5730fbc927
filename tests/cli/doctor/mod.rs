//! `kafkalab doctor`: all well on a lab, each thing that can be wrong on its own, and what it never shows.

mod network;
mod rights;
mod settings;

use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use super::lab::Home;
use super::program::{Run, kafkalab, kafkalab_at, kafkalab_with};
use crate::on_every_broker;
use crate::support::Lab;

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
