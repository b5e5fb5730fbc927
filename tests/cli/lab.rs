//! The engine `embedded` as people use it: up, down, status, crashes, and two at the same moment.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use serde_json::Value;

use super::program::{Run, kafkalab_at, kafkalab_with};
use crate::support::{eventually, root};

/// A lab home whose broker ends with the test, whatever happens.
pub(super) struct Home(tempfile::TempDir);

impl Home {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn run(&self, args: &[&str]) -> Run {
        kafkalab_at(self.0.path(), args)
    }

    /// Starts the lab on free ports.
    pub(super) fn up(&self) -> Value {
        let run =
            self.run(&["up", "--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0", "--output", "json"]);
        assert_eq!(run.code, 0, "{run:?}");
        serde_json::from_str(&run.stdout).unwrap()
    }

    pub(super) fn state(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.0.path().join("lab.json")).unwrap()).unwrap()
    }

    pub(super) fn kill_broker(&self) {
        let pid = self.state()["pid"].to_string();
        assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        wait_for_lock(&self.0.path().join("broker/.lock"));
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.run(&["down"]);
    }
}

/// A killed process releases its lock a moment later.
fn wait_for_lock(path: &Path) {
    std::fs::File::open(path).unwrap().lock_shared().unwrap();
}

#[test]
fn up_twice_changes_nothing_and_down_stops_it() {
    let home = Home::new();
    let first = home.up();
    assert_eq!(first["prepared"]["topics"].as_array().unwrap().len(), 4, "{first}");
    let second = home.up();
    assert_eq!(second["prepared"], serde_json::json!({ "topics": [], "acls": 0 }));
    assert_eq!(first["sasl"], second["sasl"]);

    let run = home.run(&["phase1", "verify", "--explain", "off"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(home.run(&["down"]).stdout, "Stopped the engine embedded.\n");
    assert_eq!(home.run(&["down"]).stdout, "Nothing to stop: the lab has started no broker.\n");
    // Not asked with `status`: it would find a broker that somebody else runs on the usual ports.
    assert!(!home.0.path().join("lab.json").exists());
}

#[test]
fn two_at_the_same_moment_find_one_broker() {
    let home = Home::new();
    let (one, other) = thread::scope(|scope| {
        let one = scope.spawn(|| home.up());
        let other = scope.spawn(|| home.up());
        (one.join().unwrap(), other.join().unwrap())
    });
    assert_eq!(one["sasl"]["address"], other["sasl"]["address"]);
    assert_eq!(one["sasl"]["reachable"], true);
}

#[test]
fn a_broker_that_does_not_start_says_why_to_whoever_started_it() {
    let home = Home::new();
    home.up();
    assert_eq!(home.run(&["down"]).code, 0);
    // What a directory in the place of a file stands for: the disk does not give what was written.
    let journal = home.path().join("broker/__cluster_metadata-0/00000000000000000000.log");
    fs::remove_file(&journal).unwrap();
    fs::create_dir(&journal).unwrap();
    for lang in ["en", "pt-BR"] {
        let run = home.run(&["topics", "list", "--lang", lang]);
        let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(run.code, 1, "{said}");
        let [frame, why] = match lang {
            "en" => ["the embedded broker did not start", "cannot be used:"],
            _ => ["o broker embutido não subiu", "não pode ser usada:"],
        };
        assert!(said.contains("00000000000000000000.log: Is a directory"), "{said}");
        assert!(said.contains(frame) && said.contains(why) && said.contains("--data-dir"), "{said}");
    }
}

#[test]
fn after_a_crash_the_next_command_starts_it_again_with_all_its_data() {
    let home = Home::new();
    home.up();
    let produced = home.run(&["topics", "create", "kept", "--partitions", "7"]);
    assert_eq!(produced.code, 0, "{produced:?}");
    home.kill_broker();

    let refused = home.run(&["topics", "list", "--no-start"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    let found = home.run(&["topics", "list"]);
    assert_eq!(found.code, 0, "{found:?}");
    assert!(found.complains("kafkalab started its own broker"), "{found:?}");
    assert!(found.stdout.contains("kept"), "{found:?}");
}

#[test]
fn a_dry_run_neither_starts_nor_stops() {
    let home = Home::new();
    let run = home.run(&["up", "--dry-run"]);
    assert_eq!((run.stdout.starts_with("would start the engine embedded"), run.code), (true, 0), "{run:?}");
    assert!(!home.0.path().join("lab.json").exists());
    home.up();
    let run = home.run(&["down", "--dry-run"]);
    assert_eq!((run.stdout.as_str(), run.code), ("would stop the engine embedded\n", 0));
    assert_eq!(home.run(&["status"]).code, 0);
}

#[test]
fn a_status_tells_a_refused_login_from_an_absent_broker() {
    let home = Home::new();
    home.up();
    let run = kafkalab_with(home.0.path(), &["status"], &[("KAFKALAB_SASL_PASSWORD", "wrong")]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.stdout.contains("refuses the login (58)"), "{run:?}");
}

#[test]
fn a_profile_may_keep_the_administrators_password_in_any_variable() {
    let home = Home::new();
    home.up();
    let ours = root().join("phases");
    let phases = tempfile::tempdir().unwrap();
    fs::create_dir(phases.path().join("phase0")).unwrap();
    fs::copy(ours.join("phase0/profile.toml"), phases.path().join("phase0/profile.toml")).unwrap();
    let admin = fs::read_to_string(ours.join("admin.toml")).unwrap();
    let kept = admin.replace("password = \"admin-secret\"", "password_env = \"TEAM_SASL_PASSWORD\"");
    assert_ne!(kept, admin);
    fs::write(phases.path().join("admin.toml"), kept).unwrap();
    let run = kafkalab_with(
        home.path(),
        &["topics", "list", "--phases", phases.path().to_str().unwrap()],
        &[("TEAM_SASL_PASSWORD", "admin-secret")],
    );
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("laravel-events"), "{run:?}");
}

#[test]
fn the_lab_listens_where_only_this_machine_reaches_it() {
    let home = Home::new();
    for address in ["0.0.0.0:0", "foo"] {
        let run = home.run(&["up", "--listen", address, "--sasl-listen", "127.0.0.1:0"]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.complains(address), "{run:?}");
    }
}

#[test]
fn a_lab_that_runs_says_that_it_does_not_move() {
    let home = Home::new();
    let first = home.up();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let again = home.run(&["up", "--listen", &free, "--sasl-listen", "127.0.0.1:0"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.complains(&format!("--listen {free} has no effect")), "{again:?}");
    assert!(again.complains(home.state()["plaintext"].as_str().unwrap()), "{again:?}");
    assert!(!again.complains("--sasl-listen"), "{first} {again:?}");
}

#[test]
fn a_port_in_use_is_named() {
    let home = Home::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let run = home.run(&["up", "--listen", &address, "--sasl-listen", "127.0.0.1:0"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.complains(&format!("{address} is in use by ")), "{run:?}");
}

#[test]
fn a_reset_deletes_the_labs_names_and_nothing_else() {
    let home = Home::new();
    home.up();
    home.run(&["topics", "create", "mine"]);
    home.run(&["phase1", "produce", "--msg", "hi"]);
    home.run(&["phase1", "consume", "-g"]);
    assert_eq!(home.run(&["reset"]).code, 2, "nobody is there to say yes");
    let run = home.run(&["reset", "phase1", "--yes"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("deleted laravel-events\n"), "{run:?}");
    assert!(run.stdout.contains("deleted laravel-consumers\n"), "{run:?}");
    assert!(run.stdout.contains("created topic laravel-events\n"), "{run:?}");
    assert!(home.run(&["topics", "list"]).stdout.contains("mine"));
}

#[test]
fn dead_letters_belong_to_phase_4_and_go_with_it() {
    let home = Home::new();
    home.up();
    let nothing = home.run(&["phase4", "dlq", "show"]);
    assert!(nothing.code == 0 && nothing.stdout.contains("dead letters 0"), "{nothing:?}");
    assert_eq!(home.run(&["phase4", "dlq", "redrive", "--yes"]).code, 0);
    assert_eq!(home.run(&["phase4", "dlq", "crash"]).code, 0);
    assert_eq!(home.run(&["phase4", "dlq", "redrive", "--yes"]).code, 0);
    assert!(home.run(&["status"]).stdout.contains("phase4-pedidos-dlq"));
    let run = home.run(&["reset", "phase4", "--yes"]);
    assert!(run.code == 0 && run.stdout.contains("deleted phase4-pedidos-dlq\n"), "{run:?}");
    assert!(run.stdout.contains("deleted phase4-pedidos-dlq-redrive\n"), "{run:?}");
    assert!(!home.run(&["topics", "list"]).stdout.contains("phase4-"));
    assert!(!home.run(&["groups", "list"]).stdout.contains("phase4-"));
}

#[test]
fn ctrl_c_ends_a_question_and_deletes_nothing() {
    let home = Home::new();
    home.up();
    let command = super::program::command(home.0.path(), &["topics", "delete", "laravel-events"]);
    let mut terminal = rexpect::session::spawn_command(command, Some(10_000)).unwrap();
    terminal.exp_string("[y/N]").unwrap();
    terminal.send_control('c').unwrap();
    assert!(terminal.exp_eof().unwrap().contains("interrupted"));
    let status = format!("{:?}", terminal.process().wait().unwrap());
    assert!(status.ends_with(", 130)"), "{status}");
    assert!(home.run(&["topics", "list"]).stdout.contains("laravel-events"));
}

#[test]
fn down_stops_a_broker_that_nobody_noted_down() {
    let home = Home::new();
    home.up();
    for left in [None, Some("")] {
        match left {
            None => fs::remove_file(home.path().join("lab.json")).unwrap(),
            Some(text) => fs::write(home.path().join("lab.json"), text).unwrap(),
        }
        assert_eq!(home.run(&["down"]).stdout, "Stopped the engine embedded.\n", "{left:?}");
        home.up();
    }
}

#[test]
fn up_leaves_no_broker_behind_that_it_cannot_note_down() {
    let home = Home::new();
    fs::create_dir_all(home.path().join("lab.new")).unwrap();
    let run = home.run(&["up", "--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(home.run(&["down"]).stdout, "Nothing to stop: the lab has started no broker.\n");
}

#[test]
fn logs_show_the_refusals() {
    let home = Home::new();
    home.up();
    home.run(&["phase1", "verify"]);
    let run = home.run(&["logs", "--denials"]);
    assert!(
        run.stdout.contains("Principal = User:analytics is Denied operation = WRITE from host = 127.0.0.1"),
        "{run:?}"
    );
    assert!(run.stdout.lines().all(|line| line.contains(" is Denied ")), "{run:?}");
}

#[test]
fn logs_as_json_are_an_object_a_line() {
    let home = Home::new();
    home.up();
    let (text, json) = (home.run(&["logs", "-n", "2"]), home.run(&["logs", "-n", "2", "--output", "json"]));
    let read = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        object["line"].as_str().unwrap().to_owned()
    };
    let lines: Vec<String> = json.stdout.lines().map(read).collect();
    assert_eq!(lines, text.stdout.lines().collect::<Vec<_>>());
    assert_eq!(lines.len(), 2);
}

#[test]
fn logs_that_follow_end_when_nobody_reads_them_any_more() {
    let home = Home::new();
    home.up();
    let mut logs = super::program::command(home.0.path(), &["logs", "--follow"]);
    let mut child = logs.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = eventually(|| child.try_wait().unwrap());
    child.kill().unwrap();
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
}

#[test]
fn without_docker_the_engine_docker_says_so() {
    let home = Home::new();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_kafkalab"))
        .args(["up", "--engine", "docker"])
        .env_clear()
        .env("KAFKALAB_HOME", home.0.path())
        .output()
        .unwrap();
    let text = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1), "{text}");
    assert!(text.contains("Docker is not installed here") && text.contains("kafkalab up\n"), "{text}");
}

#[test]
fn a_lab_over_tls_is_found_by_its_own_commands() {
    let home = Home::new();
    let listen = ["--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"];
    let up = home.run(&[&["up", "--output", "json"], &listen[..]].concat());
    assert_eq!(up.code, 0, "{up:?}");
    let status: Value = serde_json::from_str(&up.stdout).unwrap();
    let ca_file = home.path().join("broker/tls/ca.pem");
    assert_eq!(status["tls"]["ca_file"], ca_file.to_str().unwrap());
    let address = status["tls"]["address"].as_str().unwrap().to_owned();

    let shown = home.run(&["status"]).stdout;
    for part in [&address, ca_file.to_str().unwrap(), "-X security.protocol=SASL_SSL"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let over_tls = ["-X", "security.protocol=SASL_SSL"];
    let verified = home.run(&[&["phase1", "verify", "--output", "json"], &over_tls[..]].concat());
    assert_eq!(verified.code, 0, "{verified:?}");
    // For all phases at once, those included in which nobody logs in.
    let variables = [("KAFKALAB_SECURITY_PROTOCOL", "SASL_SSL")];
    let shown = kafkalab_with(home.path(), &["status"], &variables);
    assert!(shown.code == 0 && shown.stdout.matches(&address).count() == 1, "{shown:?}");
    let doctor = kafkalab_with(home.path(), &["doctor"], &variables);
    assert!(doctor.code == 0 && doctor.stdout.contains("Kafka, SASL_SSL"), "{doctor:?}");
    let settings = home.run(&[&["config", "show", "phase1"], &over_tls[..]].concat()).stdout;
    assert!(settings.contains(&address) && settings.contains(ca_file.to_str().unwrap()), "{settings}");

    // A broker that crashed comes back with it, and clients go on trusting what they trusted.
    let authority = fs::read(&ca_file).unwrap();
    home.kill_broker();
    let again = home.run(&[&["phase1", "produce", "--msg", "hi"], &over_tls[..]].concat());
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(home.state()["tls"], address.as_str());
    assert_eq!(fs::read(&ca_file).unwrap(), authority);
}

#[test]
fn a_lab_without_tls_says_how_to_have_it() {
    let home = Home::new();
    home.up();
    let run = home.run(&["phase1", "produce", "--msg", "hi", "-X", "security.protocol=SASL_SSL"]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.complains("does not speak TLS: it is a SASL_PLAINTEXT listener"), "{run:?}");
    assert!(run.complains("kafkalab up --tls-listen 127.0.0.1:9096"), "{run:?}");
    let listen =
        ["up", "--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"];
    assert!(
        home.run(&listen)
            .complains("--tls-listen 127.0.0.1:0 has no effect: the lab already runs, without TLS")
    );
}

#[test]
fn tls_listens_on_loopback_and_on_the_labs_own_broker_only() {
    let home = Home::new();
    for (args, part) in [
        (&["up", "--tls-listen", "0.0.0.0:0"][..], "can be reached from other machines"),
        (&["up", "--engine", "external", "--tls-listen", "127.0.0.1:0"], "goes with --engine embedded"),
        (&["broker", "--ephemeral", "--tls-listen", "127.0.0.1:0"], "cannot be used with"),
    ] {
        let run = home.run(args);
        assert!(run.code == 2 && run.complains(part), "{args:?}: {run:?}");
    }
}
