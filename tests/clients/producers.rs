//! Producers in five languages, on both engines: every codec, idempotence, and which key goes to which partition.

use crate::on_every_broker;
use crate::support::{Lab, packages, require, tools};

/// Keys with their partition of three, by CRC-32 (librdkafka, so Laravel) and by murmur2 (KafkaJS, so Nest, and Java).
const KEYS: [(&str, i32, i32); 4] =
    [("order-1001", 0, 0), ("order-1002", 1, 0), ("order-1003", 0, 1), ("order-1006", 2, 1)];

fn keys() -> Vec<&'static str> {
    KEYS.iter().map(|(key, ..)| *key).collect()
}

/// Checks that each key is in the topic once, in the partition that `choose` picks from its entry.
fn assert_partitions(lab: &Lab, topic: &str, choose: impl Fn(&(&str, i32, i32)) -> i32) {
    let mut found: Vec<_> = lab.read("admin", topic).into_iter().map(|r| (r.key, r.partition)).collect();
    found.sort();
    let expected: Vec<_> = KEYS.iter().map(|entry| (entry.0.to_owned(), choose(entry))).collect();
    assert_eq!(found, expected);
}

on_every_broker! {
    fn kcat_produces_with_every_codec_and_reads_it_back(lab: &Lab) {
        if !require("kcat") { return }
        for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
            let topic = lab.topic("codecs", 1);
            let sent: String = (0..500).map(|number| format!("{codec} {number}\n")).collect();
            let mut kcat = lab.kcat("admin", &["-P", "-t", &topic, "-z", codec]);
            let output = tools::run_with_input(&mut kcat, sent.as_bytes());
            assert!(output.success(), "{codec}: {output:?}");
            let read = tools::run_with_input(&mut lab.kcat("admin", &["-C", "-q", "-e", "-t", &topic]), b"");
            assert_eq!(read.stdout, sent, "{codec}");
        }
    }

    fn kcat_spreads_keys_as_laravel_does(lab: &Lab) {
        if !require("kcat") { return }
        let topic = lab.topic("laravel-keys", 3);
        let lines: String = keys().iter().map(|key| format!("{key}:{key}\n")).collect();
        let mut kcat = lab.kcat("admin", &["-P", "-K:", "-t", &topic]);
        assert!(tools::run_with_input(&mut kcat, lines.as_bytes()).success());
        assert_partitions(lab, &topic, |(_, crc32, _)| *crc32);
    }

    fn kafkajs_produces_idempotently_and_spreads_keys_as_nest_does(lab: &Lab) {
        if !require("kafkajs") { return }
        let topic = lab.topic("nest-keys", 3);
        let arguments = [&[lab.bootstrap_sasl(), "admin", &topic], keys().as_slice()].concat();
        let output = tools::run_with_input(&mut packages::node("producer.js", &arguments), b"");
        assert!(output.success(), "{output:?}");
        assert_partitions(lab, &topic, |(_, _, murmur2)| *murmur2);
    }

    fn aiokafka_produces_idempotently_and_spreads_keys_as_java_does(lab: &Lab) {
        if !require("aiokafka") { return }
        let topic = lab.topic("python-keys", 3);
        let arguments = [&[lab.bootstrap_sasl(), "admin", &topic], keys().as_slice()].concat();
        let output = tools::run_with_input(&mut packages::python("producer.py", &arguments), b"");
        assert!(output.success(), "{output:?}");
        assert_partitions(lab, &topic, |(_, _, murmur2)| *murmur2);
    }

    fn the_console_producer_spreads_keys_as_nest_does(lab: &Lab) {
        if !require("jdk") { return }
        let topic = lab.topic("java-keys", 3);
        let lines: String = keys().iter().map(|key| format!("{key}:{key}\n")).collect();
        let properties = ["--reader-property", "parse.key=true", "--reader-property", "key.separator=:"];
        let arguments = [&["--topic", &topic], properties.as_slice()].concat();
        let mut producer = lab.tool_command("admin", "ConsoleProducer", &arguments);
        let output = tools::run_with_input(&mut producer, lines.as_bytes());
        assert!(output.success(), "{output:?}");
        assert_partitions(lab, &topic, |(_, _, murmur2)| *murmur2);
    }

    fn the_perf_tools_write_and_read_a_thousand_records(lab: &Lab) {
        if !require("jdk") { return }
        let topic = lab.topic("perf", 3);
        let size = ["--num-records", "1000", "--record-size", "100", "--throughput", "-1"];
        let arguments = [&["--topic", &topic], size.as_slice()].concat();
        let mut producer = lab.tool_command("admin", "ProducerPerformance", &arguments);
        let output = tools::run_with_input(&mut producer, b"");
        assert!(output.stdout.contains("1000 records sent"), "{output:?}");
        let arguments = ["--topic", &topic, "--num-records", "1000", "--timeout", "30000"];
        let mut consumer = lab.tool_command("admin", "ConsumerPerformance", &arguments);
        let output = tools::run_with_input(&mut consumer, b"");
        assert!(output.success() && output.stdout.contains(", 1000,"), "{output:?}");
    }
}
