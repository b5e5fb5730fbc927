//! Phase 4's dead letters on both brokers: a poison message in three worlds, the letters, and their way back.

use std::fs;

use serde_json::Value;

use super::program::{Run, kafkalab};
use crate::on_every_broker;
use crate::support::{Lab, require, root, unique};

/// A phase 4 of a test's own: another topic, and with it another dead-letter topic.
pub(super) struct Phase {
    profile: tempfile::NamedTempFile,
    server: String,
    pub(super) dead_letters: String,
}

impl Phase {
    pub(super) fn new(lab: &Lab) -> Self {
        let topic = unique("phase4-mortos");
        let text = fs::read_to_string(root().join("phases/phase4/profile.toml")).unwrap();
        let profile = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        fs::write(profile.path(), text.replace("\"phase4-pedidos\"", &format!("{topic:?}"))).unwrap();
        Self { profile, server: lab.bootstrap_sasl().to_owned(), dead_letters: format!("{topic}-dlq") }
    }

    /// The arguments of a command of `phase4 dlq`.
    pub(super) fn arguments<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        let profile = self.profile.path().to_str().unwrap();
        [&["phase4", "dlq"], command, &["--profile", profile, "-b", &self.server]].concat()
    }

    pub(super) fn run(&self, command: &[&str]) -> Run {
        kafkalab(&self.arguments(command))
    }

    pub(super) fn json(&self, command: &[&str]) -> Value {
        let run = self.run(&[command, &["--output", "json"]].concat());
        assert_eq!(run.code, 0, "{run:?}");
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"))
    }

    /// The lines of `consume`.
    pub(super) fn consume(&self, more: &[&str]) -> Vec<Value> {
        let run = self.run(&[&["consume", "--output", "json", "--backoff", "50ms"], more].concat());
        assert_eq!(run.code, 0, "{run:?}");
        run.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{run:?}")))
            .collect()
    }
}

pub(super) fn rows<'a>(report: &'a Value, part: &str) -> &'a Vec<Value> {
    report[part].as_array().unwrap_or_else(|| panic!("{part} in {report}"))
}

/// The results of `consume`, one after the other.
pub(super) fn results(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["result"].as_str().unwrap()).collect()
}

/// The header's value.
fn header<'a>(letter: &'a Value, name: &str) -> &'a str {
    let found: Vec<_> = rows(letter, "headers").iter().filter(|header| header["name"] == name).collect();
    assert_eq!(found.len(), 1, "{name} in {letter}");
    found[0]["value"].as_str().unwrap()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no number"))
}

on_every_broker! {
    fn one_poison_message_in_1000_dies_alone_and_comes_back_once(lab: &Lab) {
        let phase = Phase::new(lab);
        let run = phase.json(&["--records", "1000", "--partitions", "3", "--poison", "1"]);
        assert_eq!(rows(&run, "problems").len(), 0, "{run}");
        let dlq = &run["worlds"]["dlq"];
        assert_eq!((number(&dlq["handled_once"]), number(&dlq["handled_again"])), (999, 0), "{dlq}");
        assert_eq!((number(&dlq["dead"]), number(&dlq["lag"])), (1, 0), "{dlq}");

        let (poison, letter) = (&rows(&run, "poison")[0], &rows(&run, "letters")[0]);
        assert_eq!(&letter["origin"], poison);
        let tried = number(&letter["tried_ms"]);
        assert!(tried >= 900, "300 ms and 600 ms: {letter}");
        assert_eq!(rows(letter, "meanwhile").len(), 2, "both other partitions went on: {letter}");
        assert!(rows(letter, "meanwhile").iter().all(|other| number(&other["handled"]) > 0), "{letter}");
        assert!(number(&letter["longest_wait_ms"]) < tried, "nobody waited for the poison: {letter}");

        let shown = phase.json(&["show"]);
        let [letter] = &rows(&shown, "letters")[..] else { panic!("{shown}") };
        assert_eq!(letter["origin"]["topic"], run["topic"]);
        assert_eq!(header(letter, "kafkalab-origin-topic"), run["topic"]);
        assert_eq!(header(letter, "kafkalab-origin-partition"), poison["partition"].to_string());
        assert_eq!(header(letter, "kafkalab-origin-offset"), poison["offset"].to_string());
        assert_eq!(header(letter, "kafkalab-group"), dlq["group"]);
        assert_eq!(header(letter, "kafkalab-attempts"), "3");
        assert!(header(letter, "kafkalab-reason").contains("19,90"), "{letter}");
        let [first, last] = ["first", "last"].map(|which| header(letter, &format!("kafkalab-{which}-failure")));
        assert!(first < last, "{letter}");
        assert!(header(letter, "kafka_throwable_message").starts_with("total_centavos"), "{letter}");
        assert_eq!(header(letter, "kafka_throwable_code"), "0");
        assert_eq!(header(letter, "kafka_throwable_class_name"), "TypeError");

        let topic = run["topic"].as_str().unwrap();
        let stored = lab.read("admin", topic);
        let original = stored.iter().find(|record| record.value.contains("19,90")).unwrap();
        let dead = lab.read("admin", &phase.dead_letters);
        assert_eq!((&dead[0].key, &dead[0].value), (&original.key, &original.value), "as it was");

        let back = phase.json(&["redrive", "--yes"]);
        assert_eq!(back["sent_back"], 1, "{back}");
        assert_eq!(lab.read("admin", topic).len(), 1001, "it is in its topic again");
        let again = phase.json(&["redrive", "--yes"]);
        assert_eq!((&again["sent_back"], &again["waiting"]), (&0.into(), &0.into()), "{again}");
        assert_eq!(lab.read("admin", topic).len(), 1001, "a second redrive does nothing");
        let said = phase.run(&["redrive", "--yes"]);
        assert!(said.stdout.contains("nothing to send back"), "{said:?}");

        let handled = phase.consume(&["--fixed"]);
        assert_eq!(results(&handled), ["handled"], "the fixed application handles it, and nothing else: {handled:?}");
        assert_eq!(handled[0]["key"], original.key.as_str());
        assert_eq!(phase.consume(&["--fixed"]), [] as [Value; 0], "once");
    }

    fn laravel_loses_it_and_nest_stops_at_it(lab: &Lab) {
        if !require("jdk") {
            return;
        }
        let phase = Phase::new(lab);
        let run = phase.json(&["run", "--records", "60"]);
        let poison = &rows(&run, "poison")[0];
        let partition = number(&poison["partition"]);
        let committed = |world: &str| {
            let group = run["worlds"][world]["group"].as_str().unwrap();
            let told = lab.tool("admin", "ConsumerGroupCommand", &["--describe", "--group", group, "--offsets"]);
            let of_partition = |line: &&str| {
                let cells: Vec<_> = line.split_whitespace().collect();
                cells.first() == Some(&group) && cells.get(2) == Some(&&*partition.to_string())
            };
            let line = told.stdout.lines().find(of_partition).map(str::to_owned);
            let line = line.unwrap_or_else(|| panic!("{told:?}"));
            let cells: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            (cells[3].parse::<i64>().unwrap_or(0), cells[5].parse::<i64>().ok())
        };
        let (next, lag) = committed("laravel");
        assert!(next > number(&poison["offset"]) && lag == Some(0), "past it, without lag: {next} {lag:?}");
        assert_eq!(number(&run["worlds"]["laravel"]["handled"]), 59);
        assert_eq!(number(&rows(&run["worlds"]["laravel"], "lost")[0]["offset"]), number(&poison["offset"]));

        let (next, lag) = committed("nest");
        assert_eq!(next, number(&poison["offset"]), "it stands at the poison");
        assert!(lag > Some(1), "and orders come behind it: {lag:?}");
        assert!(number(&run["worlds"]["nest"]["restarts"]) > 0 && number(&run["worlds"]["nest"]["failures"]) > 3);
        let lags: Vec<i64> = rows(&run, "lag")
            .iter()
            .flat_map(|sample| rows(sample, "nest").iter().filter(|lag| lag["partition"] == partition))
            .map(|lag| number(&lag["lag"]))
            .collect();
        assert!(lags.last() > lags.first(), "it grows: {lags:?}");
    }
}
