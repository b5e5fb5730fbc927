//! Every step of the lessons, held to its own data: nothing is done by itself, each wrong action leaves it "not yet"
//! for the reason that the step names, the right one makes it done, and a broker that does not answer is no verdict.

use std::path::Path;

use kafkalab::lesson::{CommandLine, Lessons, Step};
use kafkalab::words::Lang;
use serde_json::Value;

use super::program::{Run, kafkalab_with};
use crate::support::addresses::Ports;
use crate::support::apache::Apache;
use crate::support::embedded::Embedded;
use crate::support::lab::Lab;
use crate::support::require;

/// A learner with a home and a broker, neither of which anybody else uses.
struct Learner<'a> {
    home: &'a Path,
    servers: [(&'a str, &'a str); 2],
}

impl Learner<'_> {
    fn run(&self, variables: &[(String, String)], arguments: &[&str]) -> Run {
        let given = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let variables: Vec<(&str, &str)> = self.servers.iter().copied().chain(given).collect();
        let yes: &[&str] = if arguments.contains(&"--yes") { &[] } else { &["--yes"] };
        kafkalab_with(self.home, &[arguments, yes, &["--no-start"]].concat(), &variables)
    }

    /// Begins a step anew: what was done before counts no more.
    fn begins(&self, step: &Step) {
        self.run(&[], &["progress", "reset", &step.id]);
        self.run(&[], &["tutorial", "--from", &step.id]);
    }

    /// Types commands as a step has them; how they end is judged by the check, not here.
    fn types(&self, commands: &[String]) {
        for line in commands {
            let command = CommandLine::parse(line).unwrap_or_else(|| panic!("{line}"));
            let arguments: Vec<&str> = command.arguments.iter().map(String::as_str).collect();
            self.run(&command.variables, &arguments);
        }
    }

    /// The exit code of a check, and the reasons why its goals are not met.
    fn check(&self, more: &[&str]) -> (i32, Vec<String>) {
        let run = self.run(&[], &[&["watch", "--once", "--output", "json"], more].concat());
        let verdict: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
        let goals = verdict["goals"].as_array().into_iter().flatten();
        (run.code, goals.filter_map(|goal| goal["reason"].as_str().map(str::to_owned)).collect())
    }
}

/// What can be wrong with one step, each as a sentence.
fn flaws(learner: &Learner<'_>, step: &Step) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut expect = |holds: bool, flaw: String| {
        if !holds {
            flaws.push(format!("{} ({}): {flaw}", step.numbered(), step.id));
        }
    };
    for lang in [Lang::En, Lang::PtBr] {
        let page = learner.run(&[], &["tutorial", "--from", &step.id, "--lang", lang.tag()]);
        expect(page.code == 0, format!("{page:?}"));
        expect(page.stdout.contains(&step.text(lang).title), format!("no title: {}", page.stdout));
    }
    let nobody = ["-b", "127.0.0.1:1", "--plaintext-server", "127.0.0.1:1"];
    let (code, _) = learner.check(&nobody);
    expect(code == 3, format!("no broker answers, and the check ends with {code}"));
    let (code, reasons) = learner.check(&[]);
    expect(code == 6, format!("before anything was done the check ends with {code} {reasons:?}"));
    // What a wrong action leaves behind is what a learner would have, too: the right one must still work after it.
    for wrong in &step.wrong {
        learner.begins(step);
        learner.types(&wrong.commands);
        let (code, reasons) = learner.check(&[]);
        let named = code == 6 && reasons.contains(&wrong.reason.id().to_owned());
        expect(named, format!("after {:?} the check ends with {code} {reasons:?}", wrong.commands));
    }
    learner.begins(step);
    learner.types(&step.commands);
    let (code, reasons) = learner.check(&[]);
    expect(code == 0, format!("after {:?} the check ends with {code} {reasons:?}", step.commands));
    flaws
}

fn every_step(lab: &Lab) {
    let home = tempfile::tempdir().unwrap();
    let learner = Learner {
        home: home.path(),
        servers: [
            ("KAFKALAB_BOOTSTRAP_SERVER", lab.bootstrap_sasl()),
            ("KAFKALAB_PLAINTEXT_SERVER", lab.bootstrap_plaintext()),
        ],
    };
    let lessons = Lessons::built_in().unwrap();
    let flaws: Vec<String> = lessons.steps().flat_map(|step| flaws(&learner, step)).collect();
    assert!(flaws.is_empty(), "{flaws:#?}");
}

#[test]
fn every_step_can_fail_and_can_be_done_embedded() {
    every_step(&Lab::from_embedded(Embedded::start().unwrap()));
}

#[test]
fn every_step_can_fail_and_can_be_done_apache() {
    if require("jdk") {
        every_step(&Lab::from_apache(Apache::start("docker-compose.yml", Ports::Free).unwrap()));
    }
}
