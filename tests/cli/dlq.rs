//! Phase 4's dead letters on both brokers: a poison message in three worlds, the letters, and their way back.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::Value;

use super::program::{self, Run, kafkalab};
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

/// An order as the application reads it.
fn order(total: &str) -> String {
    format!(r#"{{"event":"PedidoPago","data":{{"pedido_id":"1","total_centavos":{total}}}}}"#)
}

/// A record with headers, straight into a topic.
fn plant(lab: &Lab, topic: &str, (key, value): (&[u8], &[u8]), headers: &[(&str, &[u8])]) {
    let producer: FutureProducer = lab.client("laravel").create().unwrap();
    let headers = headers
        .iter()
        .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(*value) }));
    let record = FutureRecord::to(topic).key(key).payload(value).partition(0).headers(headers);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(producer.send(record, Duration::from_secs(30))).unwrap();
}

on_every_broker! {
    fn what_died_again_does_not_go_round(lab: &Lab) {
        let phase = Phase::new(lab);
        let run = phase.json(&["run", "--records", "9", "--backoff", "50ms"]);
        let topic = run["topic"].as_str().unwrap();
        assert_eq!(phase.json(&["redrive", "--dry-run"])["waiting"], 1);
        assert_eq!(lab.read("admin", topic).len(), 9, "a dry run sends nothing");
        assert_eq!(phase.run(&["redrive"]).code, 2, "it asks first, and here nobody can answer");
        assert_eq!(phase.json(&["redrive", "--yes"])["sent_back"], 1);

        let died = phase.consume(&[]);
        assert_eq!(results(&died), ["failed", "failed", "failed", "dead"], "nobody mended it");
        let refused = phase.json(&["redrive", "--yes"]);
        assert_eq!(refused["sent_back"], 0, "{refused}");
        assert_eq!(rows(&refused, "letters")[0]["state"], "redriven_too_often", "{refused}");
        assert_eq!(lab.read("admin", topic).len(), 10);

        let insisted = phase.json(&["redrive", "--yes", "--again"]);
        assert_eq!(insisted["sent_back"], 1, "{insisted}");
        assert_eq!(results(&phase.consume(&["--fixed"])), ["handled"]);
        assert_eq!(phase.json(&["redrive", "--yes", "--again"])["sent_back"], 0, "that was all");
    }

    fn a_death_between_letter_and_commit_costs_a_duplicate_and_no_loss(lab: &Lab) {
        let phase = Phase::new(lab);
        let crash = phase.json(&["crash"]);
        assert_eq!((&crash["signal"], &crash["letters_after_death"]), (&9.into(), &1.into()), "{crash}");
        assert!(crash["committed_after_death"].as_i64() <= crash["poison"]["offset"].as_i64(), "{crash}");
        assert_eq!((&crash["lost"], &crash["lag"], &crash["handled"]), (&0.into(), &0.into(), &8.into()), "{crash}");
        let duplicates: Vec<_> = rows(&crash, "letters").iter().map(|letter| &letter["duplicate"]).collect();
        assert_eq!(duplicates, [&Value::from(false), &Value::from(true)], "{crash}");

        let shown = phase.json(&["show"]);
        let [first, second] = &rows(&shown, "letters")[..] else { panic!("{shown}") };
        assert_eq!(first["origin"], second["origin"]);
        assert_eq!(second["state"], "duplicate", "{shown}");
        assert_eq!(second["duplicate_of"]["offset"], first["offset"], "{shown}");
        assert!(phase.run(&["show"]).stdout.contains("duplicate of"));
        assert_eq!(phase.json(&["redrive", "--yes"])["sent_back"], 1, "the record goes back once");
        assert_eq!(phase.json(&["redrive", "--yes"])["sent_back"], 0);
    }

    fn a_killed_application_loses_nothing(lab: &Lab) {
        let phase = Phase::new(lab);
        phase.json(&["run", "--records", "1", "--poison", "0"]);
        let (topic, group) = (lab.topic("phase4-mortos-morta", 3), unique("phase4-mortos-morta"));
        let (healthy, poison) = (order("1990"), order("\"19,90\""));
        let keys: Vec<String> = (0..1500).map(|number| format!("pedido-{number}")).collect();
        let value = |number: usize| if number == 100 { &*poison } else { &*healthy };
        let records: Vec<_> = keys.iter().enumerate().map(|(number, key)| (&**key, value(number))).collect();
        let sent = lab.produce("laravel", &topic, &records);

        // The shortest session that a broker allows by default: so long a dead member keeps its partitions.
        let named = ["--topic", &topic, "--group", &group, "-X", "session.timeout.ms=6000"];
        let home = tempfile::tempdir().unwrap();
        let follow = ["consume", "--follow", "--output", "json", "--no-start"];
        let mut command = program::command(home.path(), &phase.arguments(&[&follow[..], &named].concat()));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Its output is not read any further, so that it stands in the middle when it dies.
        let mut printed: Vec<String> = (0..200).map(|_| lines.next().unwrap().unwrap()).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        printed.extend(lines.map_while(Result::ok));
        let first = printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut settled: BTreeSet<(i64, i64)> = first.filter_map(|line| settled(&line)).collect();
        assert!((100..1400).contains(&settled.len()), "in the middle: {}", settled.len());

        settled.extend(phase.consume(&named).iter().filter_map(self::settled));
        let all = sent.iter().map(|record| (i64::from(record.partition), record.offset)).collect();
        assert_eq!(settled, all, "each order was handled or buried");
        let letters = phase.json(&["show"]);
        assert!(rows(&letters, "letters").iter().any(|letter| letter["origin"]["topic"] == *topic), "{letters}");
    }

    fn a_dead_letter_does_not_drive_the_terminal(lab: &Lab) {
        let phase = Phase::new(lab);
        phase.json(&["run", "--records", "1", "--poison", "0"]);
        let topic = lab.topic(phase.dead_letters.strip_suffix("-dlq").unwrap(), 1);
        let hostile = "\u{1b}[2J\u{9b}31m\u{202e}\r".as_bytes();
        plant(lab, &topic, (hostile, hostile), &[("kafkalab-origin-topic", b"laravel-events")]);
        let ran = phase.run(&["consume", "--topic", &topic, "--backoff", "1ms"]);
        assert!(ran.code == 0 && ran.stdout.contains("dead letter"), "{ran:?}");

        // And one that was never a letter of ours: it would send the redrive elsewhere.
        let origin: [(&str, &[u8]); 8] = [
            ("kafkalab-origin-topic", b"laravel-events"),
            ("kafkalab-origin-partition", b"0"),
            ("kafkalab-origin-offset", b"0"),
            ("kafkalab-group", hostile),
            ("kafkalab-attempts", b"3"),
            ("kafkalab-reason", hostile),
            ("kafkalab-first-failure", b"2026-01-01T00:00:00Z"),
            ("kafkalab-last-failure", b"2026-01-01T00:00:00Z"),
        ];
        plant(lab, &phase.dead_letters, (hostile, b"\xff\x00"), &origin);
        plant(lab, &phase.dead_letters, (b"k", b"v"), &[("kafka_throwable_message", hostile)]);
        let shown = phase.run(&["show"]);
        let redriven = phase.run(&["redrive", "--yes"]);
        assert_eq!((shown.code, redriven.code), (0, 0), "{shown:?} {redriven:?}");
        for run in [&ran, &shown, &redriven] {
            let printed = format!("{}{}", run.stdout, run.stderr);
            assert!(!printed.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\r', '\0']), "{run:?}");
        }
        assert!(shown.stdout.contains("\\u{1b}[2J") || shown.stdout.contains("\\x1b[2J"), "{shown:?}");

        let states = phase.json(&["show"]);
        let mut states: Vec<_> =
            rows(&states, "letters").iter().map(|letter| letter["state"].as_str().unwrap()).collect();
        states.sort_unstable();
        assert_eq!(states, ["foreign_origin", "no_origin", "redriven"], "only our own letter went back");
        assert_eq!(lab.read("admin", &topic).len(), 2, "to its own topic, whatever its record claimed");
    }

    fn the_three_worlds_are_told_in_portuguese(lab: &Lab) {
        let phase = Phase::new(lab);
        let run = phase.run(&["run", "--records", "12", "--lang", "pt-BR", "--attempts", "2", "--backoff", "50ms"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.contains("12 pedidos enviados") && run.stdout.contains("falhou 2 vezes"), "{run:?}");
        assert!(run.complains("O padrão do Laravel a perde"), "{run:?}");
        let shown = phase.run(&["show", "--lang", "pt-BR"]);
        assert!(shown.stdout.contains("espera o primeiro redrive") && shown.stdout.contains("motivo TypeError"), "{shown:?}");
    }

    fn verify_asks_about_dead_letters_and_leaves_nothing_behind(lab: &Lab) {
        let run = lab.kafkalab(&["phase4", "verify", "--output", "json"]).output().unwrap();
        let report: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
        let ids = ["dlq-laravel", "dlq-nest", "dlq-letter", "dlq-others", "dlq-redrive", "dlq-crash", "untouched"];
        for id in ids {
            let check = rows(&report, "checks").iter().find(|check| check["id"] == id);
            assert_eq!(check.unwrap_or_else(|| panic!("{id}: {report}"))["verdict"], "done", "{report}");
        }
        assert!(run.status.success(), "{run:?}");
    }

    fn poison_in_every_partition_dies_as_well(lab: &Lab) {
        let phase = Phase::new(lab);
        let many = ["--records", "40", "--poison", "5", "--partitions", "2", "--backoff", "100ms"];
        let run = phase.json(&many);
        assert_eq!(rows(&run, "problems").len(), 0, "{run}");
        assert_eq!((rows(&run, "letters").len(), number(&run["worlds"]["dlq"]["handled_once"])), (5, 35), "{run}");
        assert_eq!(phase.json(&["redrive", "--yes"])["sent_back"], 5);
        assert_eq!(results(&phase.consume(&["--fixed"])), ["handled"; 5]);
    }

    fn more_poison_than_orders_is_refused(lab: &Lab) {
        let run = Phase::new(lab).run(&["--records", "3", "--poison", "4"]);
        assert!(run.code == 2 && run.stderr.contains("do not fit"), "{run:?}");
    }
}

/// The place of an order that was handled or buried.
fn settled(line: &Value) -> Option<(i64, i64)> {
    let done = line["result"] == "handled" || line["result"] == "dead";
    done.then(|| (number(&line["partition"]), number(&line["offset"])))
}
