//! `phase4 partitions` on both brokers: what it says it saw is what the broker has, and the next run finds nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::program::{Run, command, kafkalab};
use crate::on_every_broker;
use crate::support::Lab;

fn run(lab: &Lab, flags: &[&str]) -> Run {
    let servers = ["-b", lab.bootstrap_sasl(), "--plaintext-server", lab.bootstrap_plaintext()];
    kafkalab(&[&["phase4", "partitions"], flags, &servers[..]].concat())
}

fn report(lab: &Lab, flags: &[&str]) -> Value {
    let run = run(lab, &[flags, &["--output", "json"]].concat());
    assert_eq!(run.code, 0, "{run:?}");
    let report = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    assert_eq!(broken_rules(&report), Vec::<String>::new());
    report
}

/// What of the report breaks its schema.
fn broken_rules(report: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(include_str!("phase4_partitions.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn chapter<'a>(report: &'a Value, id: &str) -> &'a Value {
    let chapters = report["chapters"].as_array().unwrap();
    chapters.iter().find(|chapter| chapter["id"] == id).unwrap_or_else(|| panic!("{id}: {report}"))
}

/// The records of a picture: partition, offset, key.
fn drawn(lanes: &Value) -> Vec<(i64, i64, String)> {
    let lanes = lanes.as_array().unwrap_or_else(|| panic!("{lanes}"));
    let records = lanes.iter().flat_map(|lane| {
        let partition = lane["partition"].as_i64().unwrap();
        lane["records"].as_array().unwrap().iter().map(move |record| (partition, record))
    });
    records
        .map(|(partition, record)| {
            (partition, record["offset"].as_i64().unwrap(), record["key"].as_str().unwrap_or("").to_owned())
        })
        .collect()
}

/// A record as the broker has it: its place, key and value.
struct Stored {
    place: (i64, i64),
    key: String,
    number: u64,
    from: String,
}

/// The records of a topic, in the order of their places.
fn stored(lab: &Lab, topic: &str) -> Vec<Stored> {
    let stored = lab.read("admin", topic).into_iter().map(|record| {
        let value: Value = serde_json::from_str(&record.value).unwrap_or_else(|_| panic!("{record:?}"));
        Stored {
            place: (i64::from(record.partition), record.offset),
            key: record.key,
            number: value["number"].as_u64().unwrap(),
            from: value["source"].as_str().unwrap().to_owned(),
        }
    });
    let mut stored: Vec<Stored> = stored.collect();
    stored.sort_by_key(|record| record.place);
    stored
}

/// What became of each key of a picture, from the broker's records at its places.
fn order(stored: &[Stored], lanes: &Value) -> Value {
    let places: BTreeSet<(i64, i64)> =
        drawn(lanes).into_iter().map(|(partition, offset, _)| (partition, offset)).collect();
    let mut numbers: BTreeMap<&str, BTreeMap<i64, Vec<u64>>> = BTreeMap::new();
    for record in stored.iter().filter(|record| places.contains(&record.place)) {
        numbers.entry(&record.key).or_default().entry(record.place.0).or_default().push(record.number);
    }
    let order = numbers.into_iter().map(|(key, lanes)| {
        let ascending = lanes.values().all(|numbers| numbers.windows(2).all(|pair| pair[0] < pair[1]));
        json!({
            "key": key,
            "partitions": lanes.keys().collect::<Vec<_>>(),
            "records": lanes.values().map(Vec::len).sum::<usize>(),
            "ascending": ascending,
            "kept": ascending && lanes.len() == 1,
        })
    });
    order.collect()
}

on_every_broker! {
    fn every_picture_is_what_the_broker_has(lab: &Lab) {
        let report = report(lab, &["--keep"]);
        let topic = report["topic"].as_str().unwrap();
        let stored: BTreeSet<(i64, i64, String)> = lab
            .read("admin", topic)
            .into_iter()
            .map(|record| (i64::from(record.partition), record.offset, record.key))
            .collect();
        let mut pictures: Vec<&Value> =
            ["keys", "two-partitioners", "one-partitioner", "growth"].map(|id| &chapter(&report, id)["lanes"]).into();
        pictures.extend(chapter(&report, "no-key")["senders"].as_array().unwrap().iter().map(|one| &one["lanes"]));
        for picture in pictures {
            let records = drawn(picture);
            assert!(!records.is_empty() && records.iter().all(|record| stored.contains(record)), "{picture}");
        }
        assert_eq!(drawn(&chapter(&report, "keys")["lanes"]).len(), 24);
        assert!(chapter(&report, "keys")["order"].as_array().unwrap().iter().all(|key| key["kept"] == true));

        let partitions: BTreeSet<i64> = stored.iter().map(|(partition, ..)| *partition).collect();
        assert_eq!(partitions, (0..6).collect(), "three partitions became six, and each got records");
        let growth = chapter(&report, "growth");
        assert_eq!((&growth["before"], &growth["after"]), (&json!(3), &json!(6)));
        let mut places: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
        for (partition, _, key) in &stored {
            places.entry(key).or_default().insert(*partition);
        }
        let moved = (1..=1000).filter(|n| places[&*format!("pedido-{n}")].iter().any(|partition| *partition >= 3));
        assert_eq!(growth["moved"], moved.count(), "keys of which a record lies in a partition that is new");
    }

    fn the_two_agree_by_chance_and_with_one_setting_always(lab: &Lab) {
        let report = report(lab, &["--partitions", "6", "--keys", "pedido-1,pedido-2,pedido-3,pedido-4"]);
        let trap = chapter(&report, "two-partitioners");
        let agreed = trap["agreed"].as_u64().unwrap();
        assert!((130..=200).contains(&agreed), "one key of six: {trap}");
        let torn: Vec<bool> =
            trap["order"].as_array().unwrap().iter().map(|key| key["partitions"].as_array().unwrap().len() > 1).collect();
        assert_eq!(torn, [true, true, false, false], "lessons' fixed vectors: {trap}");
        assert_ne!(trap["read"]["numbers"], json!([1, 2, 3, 4]), "{trap}");
        let fix = chapter(&report, "one-partitioner");
        assert_eq!((&fix["agreed"], &fix["compared"], &fix["read"]), (&json!(1000), &json!(1000), &Value::Null));
    }

    fn order_and_agreement_are_those_of_the_brokers_records(lab: &Lab) {
        // The measurements are of pedido-1 to pedido-1000, so these keys are in the pictures only.
        let report = report(lab, &["--keep", "--keys", "alice,bob,customer-7,user-42"]);
        let stored = stored(lab, report["topic"].as_str().unwrap());
        for id in ["keys", "two-partitioners", "one-partitioner", "growth"] {
            let chapter = chapter(&report, id);
            assert_eq!(chapter["order"], order(&stored, &chapter["lanes"]), "{id}");
        }
        let torn = chapter(&report, "two-partitioners")["order"].as_array().unwrap().iter();
        assert!(torn.clone().any(|key| key["kept"] == false), "an order that is broken was compared as well");

        // Nest always hashes in the same way. Laravel hashes as Nest does in the fix alone; before it and after it as
        // is its own: a second record of Laravel's in Nest's partition is there only where both hashes lead there.
        let mut of: BTreeMap<&str, (BTreeSet<i64>, Vec<i64>)> = BTreeMap::new();
        for record in stored.iter().filter(|record| record.key.starts_with("pedido-")) {
            let (nest, laravel) = of.entry(&record.key).or_default();
            match &*record.from {
                "nest" => drop(nest.insert(record.place.0)),
                _ => laravel.push(record.place.0),
            }
        }
        let with_nest = |(nest, laravel): &(BTreeSet<i64>, Vec<i64>)| {
            assert_eq!(nest.len(), 1, "one hash, one partition");
            laravel.iter().filter(|partition| nest.contains(partition)).count()
        };
        let agreed: Vec<usize> = of.values().map(with_nest).collect();
        let count = |least: usize| agreed.iter().filter(|records| **records >= least).count();
        assert_eq!(chapter(&report, "two-partitioners")["agreed"], count(2));
        assert_eq!(chapter(&report, "one-partitioner")["agreed"], count(1));
        assert!(count(2) < count(1), "{} and {}", count(2), count(1));
    }

    fn a_principal_without_rights_is_refused(lab: &Lab) {
        let run = run(lab, &["-X", "sasl.username=analytics"]);
        assert_eq!(run.code, 5, "{run:?}");
        assert!(run.complains("TOPIC_AUTHORIZATION_FAILED, 29") && run.complains("User:analytics"), "{run:?}");
        assert_eq!(run.stdout, "", "{run:?}");
    }

    fn pictures_fit_80_columns_and_hold_no_escape(lab: &Lab) {
        // Lanes have bars, legends and tables have columns; a sentence, which any terminal may break, has neither.
        let drawn = |line: &&str| line.contains('|') || line.contains("  ");
        for (lang, lane) in [("en", "partition 0 |"), ("pt-BR", "partição 0 |")] {
            let run = run(lab, &["--lang", lang, "--keys", "30", "--records", "200", "--partitions", "4"]);
            assert_eq!(run.code, 0, "{run:?}");
            assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'), "{run:?}");
            assert!(run.stdout.contains(lane), "{run:?}");
            let wide: Vec<&str> =
                run.stdout.lines().filter(drawn).filter(|line| line.chars().count() > 80).collect();
            assert_eq!(wide, Vec::<&str>::new());
            let lines = run.stdout.lines().filter(drawn).count();
            assert!(lines > 40, "{lines} lines are drawn: {run:?}");
        }
    }

    fn a_hot_key_fills_one_partition(lab: &Lab) {
        let report = report(lab, &["--from", "nest", "--keys", "alice,bob,user-42"]);
        let hot = chapter(&report, "hot-key");
        assert_eq!((&hot["key"], &hot["records"], &hot["all"]), (&json!("alice"), &json!(160), &json!(200)));
        assert_eq!(hot["counts"], json!([180, 20, 0]), "alice and bob are 0 by murmur2, user-42 is 1");
        assert_eq!(chapter(&report, "no-key")["senders"][0]["counts"], json!([8, 8, 8]), "KafkaJS goes round");
        let ids: Vec<_> = report["chapters"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
        assert_eq!(ids, ["keys", "no-key", "hot-key", "growth"], "the trap needs both");
    }

    fn runs_leave_nothing_and_do_not_meet(lab: &Lab) {
        let reports = std::thread::scope(|scope| {
            let runs = [(); 2].map(|()| scope.spawn(|| report(lab, &[])));
            runs.map(|run| run.join().unwrap())
        });
        let again = report(lab, &[]);
        let keys = |report: &Value| drawn(&chapter(report, "keys")["lanes"]);
        assert!(reports.iter().all(|report| keys(report) == keys(&again)), "the same records at the same places");
        let servers = ["-b", lab.bootstrap_sasl(), "--output", "json"];
        let topics = kafkalab(&[&["topics", "list"], &servers[..]].concat()).stdout;
        for report in reports.iter().chain([&again]) {
            assert!(!topics.contains(report["topic"].as_str().unwrap()), "{topics}");
        }
    }

    fn the_lesson_is_told_in_portuguese(lab: &Lab) {
        let run = run(lab, &["--lang", "pt-BR"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.contains("partição 0 |") && run.stdout.contains("1. Chaves: mesma chave"), "{run:?}");
        assert!(run.complains("Quem escolheu foi o cliente; o broker só guardou."), "{run:?}");
        assert!(run.stdout.lines().all(|line| !line.starts_with("partição") || line.chars().count() <= 80), "{run:?}");
    }

    fn a_prediction_is_held_against_what_happened(lab: &Lab) {
        let home = tempfile::tempdir().unwrap();
        let servers = ["-b", lab.bootstrap_sasl(), "--no-start", "--color", "never", "--explain", "off"];
        let program = command(home.path(), &[&["phase4", "partitions"], &servers[..]].concat());
        let mut terminal = rexpect::session::spawn_command(program, Some(60_000)).unwrap();
        terminal.exp_string("Enter to skip):").unwrap();
        terminal.send_line("all").unwrap();
        terminal.exp_string("A number from 1 to 3").unwrap();
        terminal.send_line("1").unwrap();
        terminal.exp_string("Your prediction, 1, is what happened.").unwrap();
        terminal.exp_string("Enter to skip):").unwrap();
        terminal.send_line("").unwrap();
        terminal.exp_string("Enter to skip):").unwrap();
        terminal.send_line("1").unwrap();
        terminal.exp_string("You predicted 1; what happened is 2.").unwrap();
        terminal.exp_string("Enter to skip):").unwrap();
        terminal.send_line("2").unwrap();
        terminal.exp_string("Your prediction, 2, is what happened.").unwrap();
        let rest = terminal.exp_eof().unwrap();
        assert!(rest.contains("is deleted again"), "{rest}");
    }

    fn ctrl_c_at_a_question_leaves_no_topic(lab: &Lab) {
        let home = tempfile::tempdir().unwrap();
        let servers = ["-b", lab.bootstrap_sasl(), "--no-start", "--color", "never"];
        let program = command(home.path(), &[&["phase4", "partitions"], &servers[..]].concat());
        let mut terminal = rexpect::session::spawn_command(program, Some(60_000)).unwrap();
        terminal.exp_string("Enter to skip):").unwrap();
        let owned = || std::fs::read_to_string(home.path().join("owned.json")).unwrap();
        let during = owned();
        let topic = during.split('"').find(|text| text.starts_with("phase4-partitions-")).unwrap();
        terminal.send_control('c').unwrap();
        assert!(terminal.exp_eof().unwrap().contains("interrupted"));
        let status = format!("{:?}", terminal.process().wait().unwrap());
        assert!(status.ends_with(", 130)"), "{status}");
        assert!(!owned().contains(topic), "{}", owned());
        let topics = kafkalab(&["topics", "list", "-b", lab.bootstrap_sasl()]).stdout;
        assert!(!topics.contains(topic), "{topics}");
    }
}

#[test]
fn flags_that_make_no_picture_are_refused() {
    for flags in [
        ["--keys", "a,,b"],
        ["--keys", "0"],
        ["--partitions", "0"],
        ["--records", "0"],
        ["--from", "analytics"],
    ] {
        let run = kafkalab(&[&["phase4", "partitions"], &flags[..]].concat());
        assert_eq!(run.code, 2, "{run:?}");
    }
}
