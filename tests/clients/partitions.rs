//! `phase4 partitions` against the clients that it speaks of: where 1,000 keys, and keys of all kinds, go on 2, 3, 6 and
//! 12 partitions, as kcat, KafkaJS and Apache's producer put them, and what KafkaJS does without a key.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::on_every_broker;
use crate::support::{Lab, java, packages, require, tools};

const PARTITIONS: [i32; 4] = [2, 3, 6, 12];

/// Which partition each key lies in.
type Places = BTreeMap<String, i32>;

/// Keys, and what `--keys` calls them.
struct Keys {
    all: Vec<String>,
    flag: String,
}

impl Keys {
    /// The keys that `--keys 1000` stands for.
    fn orders() -> Self {
        let all = (1..=1000).map(|number| format!("pedido-{number}")).collect();
        Self { all, flag: "1000".to_owned() }
    }

    /// Keys of one to four bytes a character, and of all lengths: murmur2 takes four bytes at a time, and what is left
    /// over in another way.
    fn mixed() -> Self {
        let letters = ["a", "é", "ção", "Ωμέγα", "日本語", "🦀", " ", "a b", "0", "-1"];
        let lengths = (1..=40).chain([255, 1000, 4000]);
        let long = lengths.flat_map(|length| ["x", "ã", "🦀"].map(|letter| letter.repeat(length)));
        let all: Vec<String> = letters.map(str::to_owned).into_iter().chain(long).collect();
        let all: Vec<String> = all.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        Self { flag: all.join(","), all }
    }

    fn both() -> [Self; 2] {
        [Self::orders(), Self::mixed()]
    }

    /// One a line.
    fn lines(&self) -> String {
        self.all.iter().map(|key| format!("{key}\n")).collect()
    }
}

fn topics(lab: &Lab) -> Vec<String> {
    PARTITIONS.iter().map(|count| lab.topic(&format!("phase4-keys-{count}"), *count)).collect()
}

/// Where the keys of a topic lie; records without one are left out.
fn stored(lab: &Lab, topic: &str, keys: &Keys) -> Places {
    let records = lab.read("admin", topic).into_iter().filter(|record| !record.key.is_empty());
    let places: Vec<_> = records.map(|record| (record.key, record.partition)).collect();
    assert_eq!(places.len(), keys.all.len(), "each key once in {topic}");
    places.into_iter().collect()
}

/// Where `phase4 partitions` saw the keys of its first chapter.
fn kafkalab(lab: &Lab, from: &str, partitions: i32, keys: &Keys) -> Places {
    let (partitions, records) = (partitions.to_string(), keys.all.len().to_string());
    let keyed = ["--keys", &keys.flag, "--records", &records, "--output", "json"];
    let flags = [&["--from", from, "--partitions", &partitions], &keyed[..]].concat();
    let mut command = lab.kafkalab(&[&["phase4", "partitions"], &flags[..]].concat());
    let output = tools::run_with_input(&mut command, b"");
    assert!(output.success(), "{output:?}");
    let report: Value = serde_json::from_str(&output.stdout).expect("an object");
    let lanes = report["chapters"][0]["lanes"].as_array().expect("lanes").iter();
    let records = lanes.flat_map(|lane| {
        let partition = i32::try_from(lane["partition"].as_i64().expect("a number")).expect("small");
        lane["records"]
            .as_array()
            .expect("records")
            .iter()
            .map(move |record| (record["key"].as_str().expect("a key"), partition))
    });
    let places: Places = records.map(|(key, partition)| (key.to_owned(), partition)).collect();
    assert_eq!(places.len(), keys.all.len());
    places
}

fn assert_agrees(lab: &Lab, from: &str, topics: &[String], keys: &Keys) {
    for (partitions, topic) in PARTITIONS.iter().zip(topics) {
        let (ours, theirs) = (kafkalab(lab, from, *partitions, keys), stored(lab, topic, keys));
        assert_eq!(ours, theirs, "{from}, {partitions} partitions");
    }
}

on_every_broker! {
    fn laravel_puts_a_thousand_keys_where_kcat_puts_them(lab: &Lab) {
        if !require("kcat") { return }
        for keys in Keys::both() {
            let topics = topics(lab);
            let lines: String = keys.all.iter().map(|key| format!("{key}:{key}\n")).collect();
            for topic in &topics {
                let mut kcat = lab.kcat("laravel", &["-P", "-K:", "-t", topic]);
                let output = tools::run_with_input(&mut kcat, lines.as_bytes());
                assert!(output.success(), "{output:?}");
            }
            assert_agrees(lab, "laravel", &topics, &keys);
        }
    }

    fn nest_puts_a_thousand_keys_where_apaches_producer_puts_them(lab: &Lab) {
        if !require("jdk") { return }
        for keys in Keys::both() {
            let topics = topics(lab);
            let mut producer = java::command();
            producer.arg(crate::support::root().join("tests/clients/java/Partitions.java"));
            producer.arg(lab.bootstrap_sasl()).arg(lab.properties_file("nest")).args(&topics);
            let output = tools::run_with_input(&mut producer, keys.lines().as_bytes());
            assert!(output.success(), "{output:?}");
            assert_agrees(lab, "nest", &topics, &keys);
        }
    }

    fn nest_puts_a_thousand_keys_where_kafkajs_puts_them_and_goes_round_without(lab: &Lab) {
        if !require("kafkajs") { return }
        for keys in Keys::both() {
            let topics = topics(lab);
            let names: Vec<&str> = topics.iter().map(String::as_str).collect();
            let mut kafkajs = packages::node("partitions.js", &[&[lab.bootstrap_sasl(), "nest"], &names[..]].concat());
            let output = tools::run_with_input(&mut kafkajs, keys.lines().as_bytes());
            assert!(output.success(), "{output:?}");
            assert_agrees(lab, "nest", &topics, &keys);
            for (partitions, topic) in PARTITIONS.iter().zip(&topics) {
                let without = lab.read("admin", topic).into_iter().filter(|record| record.key.is_empty());
                let mut places: Vec<(i32, i32)> =
                    without.map(|record| (record.value.parse().expect("a number"), record.partition)).collect();
                places.sort_unstable();
                let round = places.windows(2).all(|pair| pair[1].1 == (pair[0].1 + 1) % partitions);
                assert!(places.len() == keys.all.len() && round, "{partitions} partitions: {places:?}");
            }
        }
    }
}
