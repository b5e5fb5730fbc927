//! README.md: its tables are made from the code, and its commands are run.

use std::fs;
use std::ops::Range;

use kafkalab::broker::api::APIS;

use super::program::{Run, kafkalab_at};
use crate::support::root;

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

#[test]
fn the_commands_do_what_stands_beside_them() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let home = Home(tempfile::tempdir().unwrap());
    // On the usual ports another lab may run on this machine.
    let up = home.run("up --listen 127.0.0.1:0 --sasl-listen 127.0.0.1:0");
    assert_eq!(up.code, 0, "{up:?}");
    let first = readme.lines().find_map(|line| line.strip_prefix("cargo run --release -- ")).unwrap();
    let produced = home.run(first);
    assert_eq!(produced.code, 0, "{produced:?}");
    assert!(produced.stdout.contains("acknowledged by the broker"), "{produced:?}");

    let commands: Vec<&str> =
        readme[part(&readme, "next")].lines().filter_map(|line| line.strip_prefix("kafkalab ")).collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for line in commands {
        let (command, says) = line.split_once('#').unwrap_or((line, ""));
        let run = home.run(command);
        let refused = says.contains("refused, and told why");
        assert_eq!(run.code, if refused { 5 } else { 0 }, "{command}: {run:?}");
    }
}
