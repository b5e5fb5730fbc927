//! README.md: its tables are made from the code, and its commands are run.

use std::fs;
use std::ops::Range;
use std::time::Duration;

use kafkalab::broker::api::APIS;
use kafkalab::lesson::Lessons;
use kafkalab::profile::ProfileFile;

use super::program::{self, Run, kafkalab_at};
use super::tutorial::tour::Tour;
use crate::support::process::Process;
use crate::support::tools::run_with_input;
use crate::support::{require, root};

/// Far more than anything here takes: a guard, no measurement.
const LIMIT: Duration = Duration::from_secs(60);

/// Where the text between two marks of README.md stands.
fn part(readme: &str, name: &str) -> Range<usize> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let start = readme.find(&begin).unwrap_or_else(|| panic!("README.md has no mark {begin}")) + begin.len();
    let length = readme[start..].find(&end).unwrap_or_else(|| panic!("README.md has no mark {end}"));
    start..start + length
}

/// Holds a part of README.md against what the code says; UPDATE_README=1 writes it.
fn hold(name: &str, wanted: &str) {
    let path = root().join("README.md");
    let mut readme = fs::read_to_string(&path).unwrap();
    let place = part(&readme, name);
    if readme[place.clone()] != *wanted && std::env::var_os("UPDATE_README").is_some() {
        readme.replace_range(place, wanted);
        fs::write(&path, readme).unwrap();
        return;
    }
    let mend = "README.md is out of date; UPDATE_README=1 cargo test --test cli readme mends it";
    assert_eq!(&readme[place], wanted, "{mend}");
}

#[test]
fn the_apis_are_those_of_the_table() {
    let rows = APIS.iter().map(|api| format!("| {} | {} | {}–{} |\n", api.key, api.name, api.min, api.max));
    hold("apis", &format!("| key | API | versions |\n|--:|---|---|\n{}", rows.collect::<String>()));
}

/// The lab of the README's commands; it ends with the test.
struct Home(tempfile::TempDir);

impl Home {
    /// With a running lab. On the usual ports another one may run on this machine.
    fn up() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let up = home.run("up --listen 127.0.0.1:0 --sasl-listen 127.0.0.1:0");
        assert_eq!(up.code, 0, "{up:?}");
        home
    }

    fn run(&self, line: &str) -> Run {
        let words: Vec<&str> = line.split_whitespace().collect();
        kafkalab_at(self.0.path(), &words)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.run("down");
    }
}

/// The commands of a part, each with what stands beside it.
fn commands<'r>(readme: &'r str, name: &str) -> Vec<&'r str> {
    readme[part(readme, name)].lines().filter_map(|line| line.strip_prefix("kafkalab ")).collect()
}

#[test]
fn the_commands_do_what_stands_beside_them() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let home = Home::up();
    let first = readme.lines().find_map(|line| line.strip_prefix("cargo run --release -- ")).unwrap();
    let begun = home.run(first);
    assert_eq!(begun.code, 0, "{begun:?}");
    assert!(begun.stdout.contains("phase0.1  "), "the first step of the tour: {begun:?}");

    let commands = commands(&readme, "next");
    assert!(commands.len() >= 8, "{commands:?}");
    for line in commands {
        let (command, says) = line.split_once('#').unwrap_or((line, ""));
        let run = home.run(command);
        let refused = says.contains("refused, and told why");
        assert_eq!(run.code, if refused { 5 } else { 0 }, "{command}: {run:?}");
    }
}

#[test]
fn the_commands_over_tls_work() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let home = Home(tempfile::tempdir().unwrap());
    let lines = readme[part(&readme, "tls")].lines().map(|line| line.split('#').next().unwrap());
    let mut lines = lines.filter(|line| line.starts_with('k'));
    // On the usual ports another lab may run on this machine.
    let up =
        lines.next().unwrap().replace("kafkalab up", "up --listen 127.0.0.1:0 --sasl-listen 127.0.0.1:0");
    let up = home.run(&up.replace("127.0.0.1:9096", "127.0.0.1:0"));
    assert_eq!(up.code, 0, "{up:?}");
    let state: serde_json::Value =
        serde_json::from_slice(&fs::read(home.0.path().join("lab.json")).unwrap()).unwrap();
    let port = state["tls"].as_str().unwrap().rsplit_once(':').unwrap().1;
    let folder = home.0.path().to_str().unwrap();
    let mut kcat = 0;
    for line in lines {
        if let Some(command) = line.strip_prefix("kafkalab ") {
            let run = home.run(command);
            assert_eq!(run.code, 0, "{line}: {run:?}");
        } else if require("kcat") {
            let line = line.replace("9096", port).replace("$HOME/.local/state/kafkalab", folder);
            let words: Vec<&str> = line.split_whitespace().collect();
            let mut command = std::process::Command::new(words[0]);
            // Cargo puts the librdkafka that it has built on the loader's path: kcat would run on that one.
            command.args(&words[1..]).env_remove("LD_LIBRARY_PATH");
            let run = run_with_input(&mut command, b"");
            assert!(run.success() && run.stdout.contains("laravel-events"), "{line}: {run:?}");
            kcat += 1;
        }
    }
    assert!(kcat == 1 || !require("kcat"), "one line for kcat");
}

#[test]
fn the_profile_is_one() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let profile = part(&readme, "profile");
    let text: String = readme[profile]
        .lines()
        .filter(|line| !line.starts_with("```"))
        .map(|line| format!("{line}\n"))
        .collect();
    let parsed = ProfileFile::parse("README.md", &text).unwrap();
    assert!(parsed.ssl.ca_file.is_some() && parsed.ssl.key_file.is_some());
}

/// What differs from run to run has one value in the README: the partition that chance picks, and the port.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    let mut rest = text;
    while let Some((before, after)) = ["partition ", "127.0.0.1:"]
        .iter()
        .filter_map(|mark| rest.find(mark).map(|at| rest.split_at(at + mark.len())))
        .min_by_key(|(before, _)| before.len())
    {
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        steady.push_str(before);
        steady.push_str(match (digits, before.ends_with(':')) {
            (0, _) => "",
            (_, true) => "19092",
            (_, false) => "1",
        });
        rest = &after[digits..];
    }
    steady + rest
}

#[test]
fn the_recorded_run_is_what_happens() {
    let home = super::lab::Home::new();
    home.up();
    home.run(&["topics", "create", "phase0-hello", "--partitions", "3"]);
    let mut tour = Tour::start(&home, &["--from", "phase0.send"], &[("NO_COLOR", "1")]);
    tour.asked();
    tour.talk("");
    tour.talk("1");
    tour.talk("");
    let text = tour.text();
    let number = Lessons::built_in().unwrap().find("phase0.send").unwrap().numbered();
    let step = &text[text.find(&format!("{number}  ")).unwrap()..];
    let shown = step.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
    hold("run", &format!("```\n{}```\n", steady(&shown)));
}

#[test]
fn what_shows_something_shows_it_until_ctrl_c() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let home = Home::up();
    let commands = commands(&readme, "see");
    assert_eq!(commands.len(), 3, "{commands:?}");
    for line in commands {
        let command = line.split_once('#').map_or(line, |(command, _)| command);
        let mut words: Vec<&str> = command.split_whitespace().collect();
        if words == ["ui"] {
            // On the usual port another page may be served on this machine.
            words.extend(["--port", "0"]);
        }
        let mut shown = Process::start(&program::command(home.0.path(), &words), None);
        let says = shown.log().wait_from(0, LIMIT, |line| line.contains("Ctrl-C").then_some(()));
        assert!(says.is_some(), "{command}: {}", shown.log().problems());
        assert_eq!(shown.interrupt(), 0, "{command}: {}", shown.log().problems());
    }
}
