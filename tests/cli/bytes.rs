//! What goes in comes out: every byte value, nothing at all, and more than fits.

use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::program::{Run, command, kafkalab_fed};
use crate::on_every_broker;
use crate::support::Lab;

fn produce(lab: &Lab, topic: &str, more: &[&str], input: impl AsRef<[u8]>) -> Run {
    let arguments = ["phase1", "produce", "-b", lab.bootstrap_sasl(), "-t", topic];
    kafkalab_fed(&[&arguments[..], more].concat(), input)
}

fn consume(lab: &Lab, topic: &str, more: &[&str]) -> Vec<u8> {
    let home = tempfile::tempdir().unwrap();
    let arguments = ["phase1", "consume", "-b", lab.bootstrap_sasl(), "-t", topic];
    let mut program = command(home.path(), &[&arguments[..], more].concat());
    program.stdin(Stdio::null()).output().unwrap().stdout
}

/// The records of a topic, with the fields that a producer gives.
fn records(lab: &Lab, topic: &str) -> Vec<Value> {
    const GIVEN: [&str; 5] = ["key", "key_encoding", "value", "value_encoding", "headers"];
    let lines = String::from_utf8(consume(lab, topic, &["--output", "json"])).unwrap();
    let given = |line: &str| {
        let mut record: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        record.retain(|field, _| GIVEN.contains(&field.as_str()));
        Value::Object(record)
    };
    lines.lines().map(given).collect()
}

on_every_broker! {
    fn every_byte_passes_through_json(lab: &Lab) {
        let topic = lab.topic("phase4-bytes", 1);
        let mut given = Vec::new();
        for byte in 0..=255_u8 {
            // The continuation makes it invalid UTF-8, so that it has to travel encoded.
            let text = STANDARD.encode([byte, 0xff]);
            given.push(json!({"key": text, "key_encoding": "base64", "value": text, "value_encoding": "base64", "headers": []}));
        }
        let all = STANDARD.encode((0..=255).collect::<Vec<u8>>());
        let header = json!({"name": "h", "value": all, "value_encoding": "base64"});
        given.push(json!({"key": null, "value": null, "headers": [header]}));
        given.push(json!({"key": "", "value": "", "headers": [{"name": "", "value": null}]}));
        given.push(json!({"key": "\u{0}\r\n\t\u{1b}[31m\u{7f}\u{2028}", "value": "ação \u{1f980}", "headers": []}));
        let input: String = given.iter().map(|record| format!("{record}\n")).collect();
        let run = produce(lab, &topic, &["--input", "json"], input);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(records(lab, &topic), given);
    }

    fn every_byte_of_a_line_passes_but_its_end(lab: &Lab) {
        let topic = lab.topic("phase4-bytes", 1);
        let mut input: Vec<u8> = (0..=255).filter(|byte| *byte != b'\n').collect();
        input.extend_from_slice(b"\n\nwindows\r\n");
        input.extend(vec![b'x'; 300_000]);
        input.extend_from_slice(b"\nno end");
        let run = produce(lab, &topic, &[], &input);
        assert_eq!(run.code, 0, "{}", run.stderr);
        input.push(b'\n');
        assert!(consume(lab, &topic, &[]) == input, "the values are not what was given");
    }

    fn a_record_over_the_limit_is_refused_with_both_sizes(lab: &Lab) {
        let topic = lab.topic("phase4-large", 1);
        let run = produce(lab, &topic, &[], vec![b'x'; 900_000]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        // Laravel's snappy would make it small.
        let run = produce(lab, &topic, &["-z", "none"], vec![b'y'; 2_000_000]);
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.complains("MESSAGE_TOO_LARGE, 10"), "{}", run.stderr);
        assert!(run.complains("2000000") && run.complains("1048588"), "{}", run.stderr);
        assert_eq!(lab.read("laravel", &topic).len(), 1, "nothing of it is there");
    }
}
