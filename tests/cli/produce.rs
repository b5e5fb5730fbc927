//! `phase1 produce`: what is acknowledged, what is refused, and what is bad input.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::program::{Run, command, kafkalab, kafkalab_fed};
use crate::on_every_broker;
use crate::support::process::Process;
use crate::support::tools::run_with_input;
use crate::support::{Lab, require, unique};

fn produce(lab: &Lab, topic: &str, more: &[&str], input: impl AsRef<[u8]>) -> Run {
    let args = ["phase1", "produce", "-b", lab.bootstrap_sasl(), "-t", topic, "--explain", "off"];
    kafkalab_fed(&[&args[..], more].concat(), input)
}

/// Every record of a topic as `consume --output json` prints it.
fn consumed(lab: &Lab, topic: &str) -> Vec<Value> {
    let args = ["phase1", "consume", "-b", lab.bootstrap_sasl(), "-t", topic, "--output", "json"];
    let run = kafkalab(&args);
    assert_eq!(run.code, 0, "{run:?}");
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

/// Text that no codec makes smaller than the 1 MB that a broker takes.
fn noise(length: usize) -> String {
    let mut state = 0x2545_f491_u32;
    let next = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + (state >> 25) as u8 % 90)
    });
    next.take(length).collect()
}

on_every_broker! {
    /// Apache Kafka answers CreateTopics before its metadata has the topic. Many at once make it late.
    fn a_topic_can_be_written_to_as_soon_as_it_was_created(lab: &Lab) {
        let at = ["-b", lab.bootstrap_sasl()];
        std::thread::scope(|all| {
            for _ in 0..4 {
                all.spawn(|| {
                    let topic = unique("phase4-at-once");
                    let create = ["topics", "create", &topic, "--partitions", "24"];
                    let created = kafkalab(&[&create[..], &at].concat());
                    assert_eq!(created.code, 0, "{created:?}");
                    let produced = kafkalab(&[&["phase1", "produce", "-t", &topic, "--msg", "x"], &at[..]].concat());
                    assert_eq!(produced.code, 0, "{produced:?}");
                });
            }
        });
    }
}

on_every_broker! {
    fn the_brokers_acknowledgement_and_who_chose_the_partition(lab: &Lab) {
        let topic = lab.topic("phase4-produce", 3);
        for (principal, name, hash, partition) in
            [("laravel", "CRC-32", "663665735", 2), ("nest", "murmur2", "", 0)]
        {
            let run = produce(lab, &topic, &["--msg", "hi", "-k", "alice", "--as", principal], "");
            assert_eq!(run.code, 0, "{run:?}");
            let place = format!("acknowledged by the broker, {topic} partition {partition} offset 0");
            assert!(run.stdout.contains(&place), "{run:?}");
            assert!(run.stdout.contains(&format!("({name} of alice = {hash}")), "{run:?}");
            let found = lab.read(principal, &topic);
            assert!(found.iter().any(|r| (r.partition, r.offset, &*r.value) == (partition, 0, "hi")), "{found:?}");
        }
    }

    fn a_denied_topic_names_the_right_that_is_missing(lab: &Lab) {
        let run = kafkalab(&["phase1", "produce", "--msg", "hi", "--as", "nest", "-b", lab.bootstrap_sasl()]);
        assert_eq!(run.code, 5, "{run:?}");
        assert!(run.complains("Topic authorization failed (TOPIC_AUTHORIZATION_FAILED, 29)"), "{run:?}");
        assert!(run.complains("needs WRITE on Topic:laravel-events, refused already at DESCRIBE"), "{run:?}");
        assert!(run.complains("User:nest"), "{run:?}");
        assert_eq!(run.stdout, "");
    }

    fn laravels_settings_are_those_in_force(lab: &Lab) {
        let topic = lab.topic("phase4-produce", 3);
        let said = |phase: &str, more: &[&str]| {
            let args = [phase, "produce", "-b", lab.bootstrap_sasl(), "-t", &topic, "-k", "k", "--msg", "it's"];
            kafkalab(&[&args[..], more].concat())
        };
        let contract = said("phase3", &["--as", "laravel"]);
        assert!(contract.complains("// KAFKA_COMPRESSION_TYPE=gzip"), "{contract:?}");
        assert!(contract.complains("->withConfigOption('partitioner', 'murmur2_random')"), "{contract:?}");
        let own = said("phase1", &[]);
        assert!(own.complains("// KAFKA_COMPRESSION_TYPE=snappy"), "{own:?}");
        assert!(!own.complains("withConfigOption"), "{own:?}");
        assert!(own.complains("echo 'k:it'\\''s' | kafka-console-producer.sh"), "{own:?}");
        let chosen = said("phase1", &["-z", "lz4"]);
        assert!(chosen.complains("// KAFKA_COMPRESSION_TYPE=lz4"), "{chosen:?}");
    }

    fn three_of_ten_too_large_and_it_says_which(lab: &Lab) {
        let topic = lab.topic("phase4-produce", 1);
        let large = noise(1_500_000);
        let lines: Vec<&str> = (0..10).map(|i| if [2, 5, 6].contains(&i) { &*large } else { "small" }).collect();
        let run = produce(lab, &topic, &["--as", "nest"], lines.join("\n"));
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.complains("not written: record 3, 6-7"), "{:?}", run.stderr);
        assert!(run.complains("Message size too large (MESSAGE_TOO_LARGE, 10)"), "{:?}", run.stderr);
        assert!(run.complains("7 of 10 records acknowledged"), "{:?}", run.stderr);
        assert_eq!(run.stdout.matches("acknowledged").count(), 7, "{:?}", run.stdout);
        assert_eq!(lab.read("nest", &topic).len(), 7);
    }

    fn a_refusal_is_told_before_the_input_ends(lab: &Lab) {
        let (home, topic) = (tempfile::tempdir().unwrap(), unique("phase4-produce"));
        let create = ["topics", "create", &topic, "-b", lab.bootstrap_sasl(), "--partitions", "1"];
        let create = kafkalab(&[&create[..], &["--config", "max.message.bytes=500"]].concat());
        assert_eq!(create.code, 0, "{create:?}");
        let arguments = ["phase1", "produce", "-b", lab.bootstrap_sasl(), "-t", &topic, "--no-start"];
        let mut program = command(home.path(), &arguments);
        program.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = program.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        writeln!(input, "{}\n{}", noise(1000), noise(1000)).unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let told = said.find(|line| line.contains("was not written")).expect("it is told while the input is open");
        assert!(told.starts_with("warning: record 1 was not written: Broker: "), "{told}");
        drop(input);
        let rest: Vec<String> = said.collect();
        assert!(!child.wait().unwrap().success());
        assert!(rest.iter().any(|line| line.contains("not written: record 1-2")), "{rest:?}");
    }

    fn names_that_are_unknown_or_not_legal(lab: &Lab) {
        let run = produce(lab, "phase4-no-such-topic", &["--msg", "x"], "");
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.complains("UNKNOWN_TOPIC_OR_PARTITION, 3"), "{run:?}");
        let run = produce(lab, "not/a name", &["--msg", "x"], "");
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.complains("INVALID_TOPIC_EXCEPTION, 17"), "{run:?}");
        let run = produce(lab, "laravel-events", &["--msg", "x", "-p", "3"], "");
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.complains("laravel-events has the partitions 0 to 2; 3 is none of them."), "{run:?}");
    }

    fn laravel_adds_its_id_and_the_given_headers_stay(lab: &Lab) {
        let topic = lab.topic("phase4-produce", 1);
        let headers = ["--msg", "x", "-H", "a=1", "-H", "a=2=3"];
        assert_eq!(produce(lab, &topic, &headers, "").code, 0);
        assert_eq!(produce(lab, &topic, &["--msg", "x", "--as", "nest"], "").code, 0);
        let records = consumed(lab, &topic);
        let names = |record: &Value| -> Vec<String> {
            let headers = record["headers"].as_array().unwrap().iter();
            headers.map(|h| format!("{}={}", h["name"].as_str().unwrap(), h["value"].as_str().unwrap().len())).collect()
        };
        assert_eq!(names(&records[0]), ["laravel-kafka::message-id=36", "a=1", "a=3"]);
        assert_eq!(names(&records[1]), [""; 0]);
    }

    fn lines_keys_and_tombstones(lab: &Lab) {
        let topic = lab.topic("phase4-produce", 1);
        assert_eq!(produce(lab, &topic, &["--key-separator", ":"], "k:v:w\nno key\n\nlast").code, 0);
        assert_eq!(produce(lab, &topic, &["--tombstone", "-k", "k"], "").code, 0);
        assert_eq!(produce(lab, &topic, &["--msg", "again", "-n", "2"], "").code, 0);
        let pairs: Vec<_> = consumed(lab, &topic).iter().map(|r| (r["key"].clone(), r["value"].clone())).collect();
        let text = |text: &str| Value::from(text);
        assert_eq!(pairs, [
            (text("k"), text("v:w")),
            (Value::Null, text("no key")),
            (Value::Null, text("")),
            (Value::Null, text("last")),
            (text("k"), Value::Null),
            (Value::Null, text("again")),
            (Value::Null, text("again")),
        ]);
    }

    fn bytes_that_are_not_utf8_arrive_unchanged(lab: &Lab) {
        let topic = lab.topic("phase4-produce", 1);
        let run = produce(lab, &topic, &[], b"ok\n\xff\xfe\n");
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.complains("not UTF-8"), "{run:?}");
        let record = &consumed(lab, &topic)[1];
        assert_eq!((&record["value"], &record["value_encoding"]), (&"//4=".into(), &"base64".into()));
    }

    fn json_goes_round_trip_without_loss(lab: &Lab) {
        let (from, to) = (lab.topic("phase4-produce", 1), lab.topic("phase4-produce", 1));
        let lines = concat!(
            r#"{"value":"João \" \\ \n","key":"k","timestamp_ms":1700000000123,"headers":[{"name":"a","value":"1"},{"name":"a","value":null}]}"#, "\n",
            r#"{"value":null,"key":"","timestamp_ms":1700000000124}"#, "\n\n",
            r#"{"value":"AP8=","value_encoding":"base64","key":"//8=","key_encoding":"base64"}"#, "\n",
        );
        let run = produce(lab, &from, &["--input", "json"], lines);
        assert_eq!(run.code, 0, "{run:?}");
        let first = consumed(lab, &from);
        let piped: String = first.iter().map(|record| format!("{record}\n")).collect();
        assert_eq!(produce(lab, &to, &["--input", "json"], piped).code, 0);
        let mut second = consumed(lab, &to);
        second.iter_mut().for_each(|record| record["topic"] = from.clone().into());
        assert_eq!(first, second);
        assert_eq!(first[0]["headers"].as_array().unwrap().len(), 2, "no header was added");
        assert_eq!(first[0]["timestamp_ms"], 1_700_000_000_123_i64);
    }

    fn a_line_that_is_no_record_is_named(lab: &Lab) {
        let topic = lab.topic("phase4-produce", 1);
        let run = produce(lab, &topic, &["--input", "json"], "{\"value\":\"a\"}\n{\"key\":\"b\"}\n");
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.complains("stdin:2 is not a record in JSON: missing field `value`"), "{run:?}");
        assert!(run.complains("1 of 1 records acknowledged"), "{run:?}");
    }

    fn acknowledgements_in_json_are_one_object_a_line(lab: &Lab) {
        let topic = lab.topic("phase4-produce", 1);
        let run = produce(lab, &topic, &["--output", "json"], "a\nb\n");
        let acks: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let places: Vec<_> = acks.iter().map(|ack| (ack["record"].as_u64(), ack["offset"].as_i64())).collect();
        assert_eq!(places, [(Some(1), Some(0)), (Some(2), Some(1))]);
    }

    fn a_dry_run_writes_nothing(lab: &Lab) {
        let topic = lab.topic("phase4-produce", 3);
        let run = produce(lab, &topic, &["--msg", "hi", "-k", "alice", "--dry-run"], "");
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.contains(&format!("would go to {topic} partition 2; nothing is written")), "{run:?}");
        assert_eq!(lab.read("laravel", &topic), []);
    }

    fn a_closed_output_ends_it_quietly(lab: &Lab) {
        let home = tempfile::tempdir().unwrap();
        let topic = lab.topic("phase4-produce", 1);
        let args = ["phase1", "produce", "-b", lab.bootstrap_sasl(), "-t", &topic, "--msg", "x", "-n", "200000"];
        let mut child =
            command(home.path(), &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(0), ""));
    }

    fn ctrl_c_says_what_became_of_the_records(lab: &Lab) {
        let home = tempfile::tempdir().unwrap();
        let topic = lab.topic("phase4-produce", 1);
        let args = ["phase1", "produce", "-b", lab.bootstrap_sasl(), "-t", &topic, "--msg", "x", "-n", "100000", "--rate", "50"];
        let mut process = Process::start(&command(home.path(), &args), None);
        let seen = |text: &'static str| {
            let found = |line: &str| line.contains(text).then_some(());
            process.log().wait_from(0, Duration::from_secs(30), found)
        };
        seen("record 3: acknowledged").expect("three records are acknowledged");
        assert_eq!(process.interrupt(), 130);
        let summary = |line: &str| line.contains("records acknowledged").then(|| line.to_owned());
        let summary = process.log().wait_from(0, Duration::from_secs(5), summary).expect("a summary");
        assert!(summary.contains("0 not written"), "{summary}");
        let count: usize = summary.split_whitespace().find_map(|word| word.parse().ok()).expect("a number");
        assert_eq!(lab.read("laravel", &topic).len(), count, "{summary}");
    }

    fn ctrl_c_in_a_flood_counts_every_record_that_was_written(lab: &Lab) {
        let home = tempfile::tempdir().unwrap();
        let topic = lab.topic("phase4-produce", 1);
        let args = ["phase1", "produce", "-b", lab.bootstrap_sasl(), "-t", &topic, "--msg", "x", "-n", "100000000"];
        let mut child = command(home.path(), &args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let mut seen = String::new();
        while !seen.contains("record 5000:") {
            seen.clear();
            assert_ne!(answers.read_line(&mut seen).unwrap(), 0, "it ended by itself");
        }
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
        let shown = 5000 + answers.lines().map_while(Result::ok).count() as u64;
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains(&format!("{shown} records acknowledged")), "{shown} lines, {said}");
        let args = ["phase1", "consume", "-b", lab.bootstrap_sasl(), "-t", &topic, "-o=-1", "--format", "%o"];
        let last = kafkalab(&[&args[..], &["-n", "1"]].concat());
        assert_eq!(last.stdout.trim(), (shown - 1).to_string(), "{last:?}");
    }

    fn a_queue_that_is_always_full_holds_nothing_up(lab: &Lab) {
        let topic = lab.topic("phase4-produce", 1);
        let lines: String = (0..300).map(|number| format!("{number}\n")).collect();
        for most in ["1", "7"] {
            let most = format!("queue.buffering.max.messages={most}");
            let run = produce(lab, &topic, &["-X", &most, "-X", "linger.ms=0"], &lines);
            assert_eq!(run.code, 0, "{run:?}");
            assert_eq!(run.stdout.lines().count(), 300, "{run:?}");
        }
        let values = lab.read("laravel", &topic).into_iter().map(|record| record.value.to_string());
        assert_eq!(values.collect::<Vec<_>>(), (0..300).chain(0..300).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    fn a_record_larger_than_the_queue_is_refused_and_the_others_are_written(lab: &Lab) {
        let topic = lab.topic("phase4-produce", 1);
        let input = format!("one\n{:02000}\ntwo\n", 0);
        let run = produce(lab, &topic, &["-X", "queue.buffering.max.kbytes=1"], input);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.complains("not written: record 2 librdkafka said Local: Queue full"), "{run:?}");
        let values: Vec<_> = lab.read("laravel", &topic).into_iter().map(|record| record.value.to_string()).collect();
        assert_eq!(values, ["one", "two"]);
    }

    fn kcat_reads_it_and_chooses_the_same_partition(lab: &Lab) {
        if !require("kcat") {
            return;
        }
        let topic = lab.topic("phase4-produce", 6);
        for key in ["pedido-1", "pedido-2", "pedido-3", "pedido-4"] {
            assert_eq!(produce(lab, &topic, &["--msg", "ours", "-k", key], "").code, 0);
            let sent = run_with_input(&mut lab.kcat("laravel", &["-P", "-t", &topic, "-k", key]), b"kcat's\n");
            assert!(sent.success(), "{sent:?}");
        }
        let read = ["-C", "-t", &topic, "-e", "-q", "-f", "%k %p %s\n"];
        let read = run_with_input(&mut lab.kcat("laravel", &read), b"");
        for (key, partition) in [("pedido-1", 3), ("pedido-2", 3), ("pedido-3", 5), ("pedido-4", 4)] {
            for who in ["ours", "kcat's"] {
                assert!(read.stdout.contains(&format!("{key} {partition} {who}\n")), "{key}: {read:?}");
            }
        }
    }
}

#[test]
fn a_closed_input_is_no_input() {
    let run = kafkalab(&["phase1", "produce", "-b", Lab::embedded().bootstrap_sasl()]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.complains("standard input is closed"), "{run:?}");
}

#[test]
fn input_that_cannot_be_read_is_named() {
    let run = kafkalab(&["phase1", "produce", "--file", "no/such/file"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.complains("The input no/such/file cannot be read"), "{run:?}");
    let run = kafkalab(&["phase1", "produce", "--file", "/"]);
    assert_eq!(run.code, 2, "{run:?}");
    let run = kafkalab(&["phase1", "produce", "--msg", "x", "-H", "no-value"]);
    assert_eq!(run.code, 2, "{run:?}");
}

#[test]
fn librdkafkas_log_is_shown_only_when_asked_for() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let run = |more: &[&str]| kafkalab(&[&["phase1", "produce", "--msg", "x", "-b", &nobody], more].concat());
    assert!(!run(&[]).stderr.contains("librdkafka"));
    let told = run(&["-vv", "-X", "debug=broker"]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(!told.stderr.contains("librdkafka debug"), "{told:?}");
    assert!(run(&["-vvv", "-X", "debug=broker"]).stderr.contains("librdkafka debug"));
}
