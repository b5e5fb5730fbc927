//! The guided tour, on a terminal and without one: from the first step to the last, interrupted, killed and resumed.

pub(crate) mod tour;

use kafkalab::lesson::Lessons;
use serde_json::Value;

use self::tour::Tour;
use crate::lab::Home;
use crate::program::{command, kafkalab_with};
use crate::support::addresses::Ports;
use crate::support::apache::Apache;
use crate::support::embedded::Embedded;
use crate::support::lab::Lab;
use crate::support::require;

/// The steps of the program.
fn steps() -> Vec<String> {
    Lessons::built_in().unwrap().steps().map(|step| step.id.clone()).collect()
}

/// What is written down of a home's only cluster.
fn progress(home: &Home) -> Value {
    let text = std::fs::read_to_string(home.path().join("progress.json")).unwrap();
    let book: Value = serde_json::from_str(&text).expect("written whole or not at all");
    book["clusters"].as_object().unwrap().values().next().unwrap().clone()
}

fn done(home: &Home) -> usize {
    progress(home)["done"].as_object().unwrap().len()
}

fn lab() -> Home {
    let home = Home::new();
    home.up();
    home
}

#[test]
fn a_command_leaves_to_its_step_what_the_step_says_in_three_voices() {
    let home = lab();
    home.run(&["topics", "create", "phase0-hello", "--partitions", "3"]);
    let mut tour = Tour::start(&home, &["--from", "phase0.send"], &[("NO_COLOR", "1")]);
    tour.asked();
    tour.talk("");
    tour.talk("1");
    tour.talk("");
    let text = tour.text();
    assert_eq!(text.matches("kafka-console-producer.sh").count(), 1, "{text}");
    let alone = home.run(&["phase0", "produce", "--msg", "hello"]);
    assert!(alone.complains("echo hello | kafka-console-producer.sh"), "{alone:?}");
}

/// From the first step to the last, with all that a learner does on the way.
fn from_the_first_step_to_the_last(lang: &str) {
    let home = lab();
    let look = [("KAFKALAB_LANG", lang), ("NO_COLOR", "1"), ("TERM", "xterm")];
    let mut tour = Tour::start(&home, &[], &look);
    assert!(tour.asked().unwrap().starts_with("Enter "), "the phase is introduced");
    tour.talk("");
    assert_eq!(tour.prompt(), "phase0.1>");

    // A wrong answer, each hint, a command for another terminal.
    let wrong = tour.talk("kafkalab topics list");
    assert!(wrong.contains("[--]"), "{wrong}");
    for level in 1..=3 {
        let hint = tour.talk("hint");
        assert!(hint.contains(&format!("{level} ")), "{hint}");
    }
    assert!(tour.talk("kcat -L").contains("`kcat …`"));
    // A command that was broken to fit the screen, as it is pasted.
    tour.say("kafkalab topics \\");
    assert!(tour.talk("  list").contains("laravel-events"));

    // A broker that does not answer is no wrong answer; the next command brings it back.
    home.kill_broker();
    let unknown = tour.talk("check");
    assert!(unknown.contains("[??]"), "{unknown}");
    assert!(tour.talk("kafkalab topics list").contains("laravel-events"));

    // Ctrl-C ends a child and not the tutorial; at the prompt it leaves, and the same step comes back.
    tour.say("kafkalab phase1 consume --follow");
    tour.wait_for("Ctrl-C");
    tour.control('c');
    tour.asked();
    assert_eq!(tour.prompt(), "phase0.1>");
    tour.control('c');
    assert_eq!(tour.ended(), 130, "{}", tour.text());
    assert!(tour.text().contains("`kafkalab tutorial`"), "{}", tour.text());

    let mut tour = Tour::start(&home, &[], &look);
    assert_eq!(tour.asked().unwrap(), "phase0.1>", "no introduction once more");
    assert_eq!(tour.press_enter_to_the_end(), 0, "{}", tour.text());
    assert_eq!(done(&home), steps().len(), "{}", tour.text());
    let first = &progress(&home)["done"]["phase0.reach"];
    assert_eq!(
        (&first["hints"], first["attempts"].as_u64().unwrap() >= 3),
        (&Value::from(3), true),
        "{first}"
    );

    let text = tour.text();
    assert!(!text.contains('\u{1b}'), "no escape byte with NO_COLOR");
    assert!(!text.contains("-secret"), "no password: {text}");
    assert_tables_fit(&text);
    let run = home.run(&["tutorial", "--auto"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains(&format!("{0} of {0} steps", steps().len())), "{run:?}");
}

/// A table begins with its heads in capitals and ends with an empty line or a sentence. Its lines fit the terminal.
fn assert_tables_fit(text: &str) {
    let is_head = |line: &str| {
        line.contains("  ") && line.chars().all(|c| c.is_ascii_uppercase() || c == ' ' || c == '_')
    };
    let (mut inside, mut tables) = (false, 0);
    for line in text.lines() {
        tables += usize::from(is_head(line));
        inside = is_head(line) || (inside && line.contains("  "));
        assert!(!inside || line.chars().count() <= 80, "{line}");
    }
    assert!(tables > 3, "status, list, matrix: {text}");
}

#[test]
fn from_the_first_step_to_the_last_in_english() {
    from_the_first_step_to_the_last("en");
}

#[test]
fn from_the_first_step_to_the_last_in_portuguese() {
    from_the_first_step_to_the_last("pt-BR");
}

#[test]
fn killed_anywhere_it_resumes_there() {
    let home = lab();
    let mut before = 0;
    // At every round a few lines further, in the middle of whatever the last of them began.
    for round in 0..12 {
        let mut tour = Tour::start(&home, &["--plain"], &[]);
        if tour.asked().is_none() {
            break;
        }
        for _ in 0..round % 4 {
            tour.talk("");
        }
        assert!(!tour.text().contains('\u{1b}'), "no escape byte with --plain");
        tour.say_and_kill("");
        let now = done(&home);
        assert!(now >= before, "round {round}: {now} steps are done, {before} were");
        before = now;
    }
    assert!(before > 0, "it went on meanwhile");
    let mut tour = Tour::start(&home, &["--plain", "--checks-only"], &[]);
    let next = progress(&home)["current"]["step"].clone();
    let prompt = tour.asked().unwrap();
    let lessons = Lessons::built_in().unwrap();
    let shown = lessons.find(prompt.trim_end_matches('>')).unwrap();
    assert_eq!(progress(&home)["current"]["step"], shown.id, "it was at {next}");
    assert_eq!(tour.press_enter_to_the_end(), 0, "{}", tour.text());
    assert_eq!(done(&home), steps().len());
}

#[test]
fn lines_can_be_edited_and_called_back() {
    let home = lab();
    let mut tour = Tour::start(&home, &["--from", "phase0.1", "--checks-only"], &[("TERM", "xterm")]);
    tour.wait_for("phase0.1>");
    tour.say("hint");
    tour.wait_for("hint 1 of 3");
    tour.wait_for("phase0.1>");
    tour.say("\u{1b}[A");
    tour.wait_for("hint 2 of 3");
    tour.wait_for("phase0.1>");
    tour.control('d');
    assert_eq!(tour.ended(), 0);
}

#[test]
fn a_jump_holds() {
    let home = lab();
    let first = home.run(&["tutorial", "--from", "phase2", "--output", "json"]);
    let shown: Value = serde_json::from_str(&first.stdout).unwrap();
    assert_eq!((first.code, &shown["number"]), (0, &Value::from("phase2.1")), "{first:?}");
    let again: Value = serde_json::from_str(&home.run(&["tutorial", "--output", "json"]).stdout).unwrap();
    assert_eq!(again["number"], "phase2.1", "without --from it goes on there");
    let unknown = home.run(&["tutorial", "--from", "phase9"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
}

#[test]
fn watch_sees_what_another_client_does() {
    let home = lab();
    home.run(&["topics", "create", "phase0-hello", "--partitions", "3"]);
    assert_eq!(home.run(&["tutorial", "--from", "phase0.send"]).code, 0);
    let before = home.run(&["watch", "--once", "--output", "json"]);
    let seen: Value = serde_json::from_str(&before.stdout).unwrap();
    assert_eq!((before.code, &seen["verdict"]), (6, &Value::from("not_yet")), "{before:?}");
    assert_eq!(seen["goals"][0]["reason"], "no-new-record", "{before:?}");

    let watch = std::thread::scope(|scope| {
        let watch = scope.spawn(|| home.run(&["watch"]));
        home.run(&["phase0", "produce", "--msg", "hello"]);
        watch.join().unwrap()
    });
    assert_eq!(watch.code, 0, "{watch:?}");
    assert!(watch.stdout.contains("[ok]") && watch.stdout.contains("phase0.5"), "{watch:?}");
    home.kill_broker();
    let gone = home.run(&["watch", "--once", "--no-start"]);
    assert_eq!(gone.code, 3, "{gone:?}");
}

#[test]
fn progress_is_shown_and_forgotten() {
    let home = lab();
    assert!(home.run(&["progress", "show"]).stdout.contains("`kafkalab tutorial` begins"));
    assert!(home.run(&[]).stdout.contains("  kafkalab tutorial"));
    home.run(&["tutorial", "--from", "phase0.1"]);
    home.run(&["status"]);
    assert_eq!(home.run(&["watch", "--once"]).code, 0);
    let shown = home.run(&["progress", "show"]);
    assert!(shown.stdout.contains("[ok]  phase0.1  "), "{shown:?}");
    assert!(home.run(&[]).stdout.contains("phase0.2"), "where you are");
    assert_eq!(home.run(&["progress", "reset", "phase0"]).code, 2, "nobody is there to say yes");
    assert_eq!(home.run(&["progress", "reset", "phase0.1", "--yes"]).code, 0);
    assert!(!home.run(&["progress", "show"]).stdout.contains("[ok]"));
}

#[test]
fn a_file_that_is_not_ours_is_left_alone() {
    let home = lab();
    for (text, says) in [("{\"version\":99}", "newer kafkalab"), ("{\"version\":1,", "not a progress file")] {
        std::fs::write(home.path().join("progress.json"), text).unwrap();
        let run = home.run(&["tutorial"]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.complains(says), "{run:?}");
        assert_eq!(std::fs::read_to_string(home.path().join("progress.json")).unwrap(), text);
    }
}

#[test]
fn a_full_disk_costs_no_step_that_was_done() {
    if !require("unshare") {
        return;
    }
    let home = lab();
    home.run(&["tutorial", "--from", "phase0.1"]);
    home.run(&["status"]);
    assert_eq!(home.run(&["watch", "--once"]).code, 0);
    // In a mount namespace of its own, so that the file system is nobody else's and goes with the shell.
    let script = r#"
        mkdir small && mount -t tmpfs -o size=64k none small && cp progress.json small/ && cp progress.json before
        ! cat /dev/zero > small/filler
        "$0" tutorial --from phase0.2 --home small --no-start; echo "code $?"
        cmp small/progress.json before && echo unchanged
        rm small/filler
        "$0" progress show --home small --no-start
    "#;
    let shell = command(home.path(), &[]);
    let state = home.state();
    let program = shell.get_program().to_owned();
    let output = std::process::Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", script])
        .arg(program)
        .current_dir(home.path())
        .envs(shell.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("KAFKALAB_BOOTSTRAP_SERVER", state["sasl"].as_str().unwrap())
        .env("KAFKALAB_PLAINTEXT_SERVER", state["plaintext"].as_str().unwrap())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(out.contains("code 1\n") && out.contains("unchanged\n"), "{out}{err}");
    assert!(err.contains("progress.json") && err.contains("No space left on device"), "{out}{err}");
    assert!(out.contains("[ok]  phase0.1  "), "{out}{err}");
}

#[test]
fn without_a_broker_nothing_is_judged() {
    let home = lab();
    home.kill_broker();
    for arguments in [&["tutorial", "--auto"][..], &["watch", "--once"], &["tutorial"]] {
        let run = home.run(&[arguments, &["--no-start", "--output", "json"]].concat());
        let said: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((run.code, &said["error"]["kind"]), (3, &Value::from("unreachable")), "{run:?}");
    }
}

/// Every step done by the program itself, on a broker that nobody else uses.
fn auto(lab: &Lab) {
    let home = tempfile::tempdir().unwrap();
    let servers = [
        ("KAFKALAB_BOOTSTRAP_SERVER", lab.bootstrap_sasl()),
        ("KAFKALAB_PLAINTEXT_SERVER", lab.bootstrap_plaintext()),
    ];
    let arguments = ["tutorial", "--auto", "--output", "json", "--yes", "--no-start"];
    let run = kafkalab_with(home.path(), &arguments, &servers);
    let rows: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let open: Vec<&Value> = rows.iter().filter(|row| row["verdict"] != "done").collect();
    assert!(open.is_empty(), "{open:#?}\n{}", run.stderr);
    assert_eq!((rows.len(), run.code), (steps().len(), 0));

    let again = kafkalab_with(home.path(), &arguments, &servers);
    let rows: Vec<Value> = again.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.iter().all(|row| row["already"] == true), "{again:?}");
}

#[test]
fn every_step_by_itself_embedded() {
    auto(&Lab::from_embedded(Embedded::start().unwrap()));
}

#[test]
fn every_step_by_itself_apache() {
    if require("jdk") {
        auto(&Lab::from_apache(Apache::start("docker-compose.yml", Ports::Free).unwrap()));
    }
}

#[test]
fn every_step_by_itself_on_three_brokers() {
    if require("jdk") {
        auto(&Lab::from_apache(Apache::start("docker-compose.cluster.yml", Ports::Free).unwrap()));
    }
}
