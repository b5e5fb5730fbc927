//! `dev check`: the repository has no flaw, each kind of flaw is found at its place, and CONTRIBUTING's recipe for a
//! step works as it is written.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::program::kafkalab;
use crate::support::root;

/// A copy of `phases/` that a test may spoil.
struct Phases(tempfile::TempDir);

impl Phases {
    fn copy() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&root().join("phases"), &folder.path().join("phases"));
        Self(folder)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join("phases").join(below)
    }

    fn replace(&self, below: &str, part: &str, other: &str) {
        let text = fs::read_to_string(self.path(below)).unwrap();
        assert!(text.contains(part), "{below} has no {part}");
        fs::write(self.path(below), text.replacen(part, other, 1)).unwrap();
    }

    /// The exit code, and each flaw as `place: problem`.
    fn check(&self) -> (i32, Vec<String>) {
        let folder = self.path("");
        let run = kafkalab(&["dev", "check", "--output", "json", "--phases", folder.to_str().unwrap()]);
        let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
        let told = |flaw: &Value| {
            format!("{}: {}", flaw["place"].as_str().unwrap(), flaw["problem"].as_str().unwrap())
        };
        (run.code, report["flaws"].as_array().unwrap().iter().map(told).collect())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn the_repository_has_no_flaw() {
    let folder = root().join("phases");
    let run = kafkalab(&["dev", "check", "--phases", folder.to_str().unwrap()]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
    assert!(run.stdout.contains("nothing to complain about"), "{run:?}");
}

#[test]
fn what_is_built_in_has_no_flaw() {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = super::program::command(elsewhere.path(), &["dev", "check", "--lang", "pt-BR"]);
    let output = command.current_dir(elsewhere.path()).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && told.contains("nada a reclamar"), "{told}");
}

#[test]
fn each_kind_of_flaw_is_found_at_its_place() {
    const SEND: &str = "phase0/steps/04-send.toml";
    const REFUSED: &str = "phase0/steps/09-refused.toml";
    const GROUP: &str = "phase0/steps/07-group.toml";
    let spoilt = [
        // Language and shape: the loader's.
        (SEND, "[pt-BR]", "[pt]", "04-send.toml: [] has only one of the languages"),
        (SEND, "nudge = \"The", "nudge = \" \"\n#", "04-send.toml: .nudge is empty in one language"),
        (SEND, "commands", "comands", "unknown field `comands`"),
        (SEND, "no-such-record", "no-such-thing", "unknown variant `no-such-thing`"),
        ("phase1/phase.toml", "after", "befor", "phase1/phase.toml"),
        // The lesson's own: there are more of them beside `lint`.
        (
            SEND,
            "teaches = \"record\"",
            "teaches = \"recrod\"",
            "04-send.toml:1: phases/terms.toml has no term recrod",
        ),
        // What the program knows.
        (
            SEND,
            "kafkalab phase0 produce --msg hello",
            "kafkalab phase0 produce --mgs hello",
            "unexpected argument '--mgs'",
        ),
        (
            SEND,
            "kafkalab phase0 produce --msg hello",
            "kafkalab tutorial --auto",
            "a tutorial within the tutorial",
        ),
        (SEND, "kafkalab phase0 produce --msg hello", "kcat -L", "`kcat -L` is not a command of kafkalab"),
        (SEND, "kafkalab phase0 produce --msg hello", "kafkalab phase0 produce | cat", "or needs a shell"),
        (
            REFUSED,
            "command = \"phase0 produce\"",
            "command = \"phase0 reproduce\"",
            "no command `phase0 reproduce`",
        ),
        (SEND, "topic = \"phase0-hello\"", "topic = \"hello\"", "no profile has the topic hello"),
        (GROUP, "group = \"phase0-readers\"", "group = \"readers\"", "no profile has the group readers"),
        (REFUSED, "exit = 5\n", "exit = 4\n", "announces exit code 4, but its check asks for 5"),
        // Profiles, terms and errors.
        ("phase1/profile.toml", "[topic]", "[topik]", "phase1/profile.toml:"),
        ("terms.toml", "try = \"kafkalab ", "try = \"kafkalab nowhere ", "phases/terms.toml:"),
        (
            "errors/topics.toml",
            "code = 3\n",
            "code = 3003\n",
            "UNKNOWN_TOPIC_OR_PARTITION (3) is not explained",
        ),
    ];
    for (file, part, other, wanted) in spoilt {
        let phases = Phases::copy();
        phases.replace(file, part, other);
        let (code, flaws) = phases.check();
        assert_eq!(code, 6, "{wanted}");
        assert!(flaws.iter().any(|flaw| flaw.contains(wanted)), "{wanted}: {flaws:#?}");
    }
}

#[test]
fn a_phase_that_is_gone_is_a_flaw() {
    let phases = Phases::copy();
    fs::remove_file(phases.path("phase3/phase.toml")).unwrap();
    let (code, flaws) = phases.check();
    assert_eq!(code, 6, "{flaws:#?}");
    assert!(flaws.iter().any(|flaw| flaw.starts_with("phases/phase3/phase.toml: ")), "{flaws:#?}");
}

#[test]
fn an_acl_file_that_cannot_be_is_a_flaw() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("me.toml"),
        "principal = 'User:me'\n[[allow]]\ntopic = ['t']\noperations = ['REED']\n",
    )
    .unwrap();
    let run = kafkalab(&["dev", "check", "--acls", folder.path().to_str().unwrap()]);
    assert_eq!(run.code, 6, "{run:?}");
    assert!(run.stdout.contains("me.toml:4:"), "{run:?}");
}

#[test]
fn the_recipe_for_a_step_works_as_it_is_written() {
    let phases = Phases::copy();
    let before = phases.check().1;
    for (path, text) in recipe() {
        let below = path.strip_prefix("phases/").unwrap();
        let known = fs::read_to_string(phases.path(below)).unwrap_or_default();
        fs::write(phases.path(below), known + &text).unwrap();
    }
    assert_eq!(phases.check(), (0, before));
}

/// The files of CONTRIBUTING's recipe: each block of TOML names in its first line where it goes.
pub(super) fn recipe() -> Vec<(String, String)> {
    let contributing = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let section = contributing.split("## Add a step to the tutorial\n").nth(1).expect("the recipe's heading");
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let files: Vec<_> = blocks
        .map(|block| {
            let lines = block.lines().map(|line| line.strip_prefix("   ").unwrap_or(line));
            let text = lines.map(|line| format!("{line}\n")).collect::<String>();
            let (first, rest) = text.split_once('\n').unwrap();
            (first.trim_start_matches("# ").to_owned(), rest.to_owned())
        })
        .collect();
    assert_eq!(files.len(), 2, "a term and a step: {files:?}");
    files
}
