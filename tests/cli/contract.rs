//! `phase3 contract` on both brokers: each way to break the contract is found, with its producer and its place.

use std::collections::BTreeSet;

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::Value;

use super::program::{Run, kafkalab};
use crate::on_every_broker;
use crate::support::Lab;

const GOOD: &str = r#"{"event":"PedidoCriado","data":{"pedido_id":"p-1"},"timestamp":"2026-01-01T12:00:00.000Z","id":"0b0e6a2e-5d3b-4a55-9a55-0d2f1f9d0b11","version":1,"source":"nest"}"#;

fn contract(lab: &Lab, topic: &str, more: &[&str]) -> Run {
    let base = ["phase3", "contract", "-b", lab.bootstrap_sasl(), "--topic", topic];
    kafkalab(&[&base[..], more].concat())
}

/// Writes one record and returns its partition and offset.
fn write(lab: &Lab, codec: &str, record: FutureRecord<'_, str, [u8]>) -> (i64, i64) {
    let mut config = lab.client("laravel");
    // librdkafka keeps a batch uncompressed if compression does not make it smaller.
    let producer: FutureProducer = config.set("compression.type", codec).create().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let placed = runtime.block_on(producer.send(record, std::time::Duration::from_secs(60)));
    let placed = placed.unwrap_or_else(|(problem, _)| panic!("{problem}"));
    (i64::from(placed.partition), placed.offset)
}

on_every_broker! {
    fn each_broken_rule_is_found(lab: &Lab) {
        let topic = lab.topic("phase4-contrato", 3);
        let long = GOOD.replace("\"pedido_id\"", &format!("\"obs\":\"{}\",\"pedido_id\"", "x".repeat(5000)));
        let change = |from: &str, to: &str| {
            assert!(GOOD.contains(from), "{from}");
            GOOD.replace(from, to).into_bytes()
        };
        let values: [(&str, &str, Vec<u8>); 9] = [
            ("missing-field", "none", change(r#""version":1,"#, "")),
            ("wrong-type", "none", change(r#""version":1"#, r#""version":"1""#)),
            ("reserved-field", "none", change(r#""version":1"#, r#""version":1,"value":2"#)),
            ("integer-over-2^53", "none", change("\"p-1\"", "\"p-1\",\"n\":9007199254740993")),
            ("invalid-json", "none", b"hello".to_vec()),
            ("invalid-utf8", "none", vec![b'"', 0xff, b'"']),
            ("codec", "snappy", long.clone().into_bytes()),
            ("codec", "lz4", long.clone().into_bytes()),
            ("codec", "zstd", long.clone().into_bytes()),
        ];
        let mut wanted = BTreeSet::new();
        let mut add = |rule: &str, (partition, offset): (i64, i64)| {
            wanted.insert((rule.to_owned(), partition, offset));
        };
        for (rule, codec, value) in &values {
            add(rule, write(lab, codec, FutureRecord::to(&topic).key("p-1").payload(&value[..]).partition(0)));
        }
        let record = || FutureRecord::<str, [u8]>::to(&topic).partition(0);
        add("empty-key", write(lab, "none", record().key("").payload(GOOD.as_bytes())));
        add("tombstone", write(lab, "none", record().key("p-1")));
        let header = OwnedHeaders::new().insert(Header { key: "n", value: Some(&[0xff][..]) });
        add("header-not-a-string", write(lab, "none", record().key("p-1").payload(GOOD.as_bytes()).headers(header)));
        let elsewhere = record().key("p-1").payload(GOOD.as_bytes()).partition(2);
        add("key-in-two-partitions", write(lab, "none", elsewhere));
        write(lab, "gzip", record().key("p-1").payload(long.as_bytes()));

        let run = contract(lab, &topic, &["--strict", "--output", "json"]);
        assert_eq!(run.code, 6, "{run:?}");
        let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
        let findings = report["findings"].as_array().unwrap();
        let place = |one: &Value| {
            let number = |name: &str| one[name].as_i64().unwrap();
            (one["rule"].as_str().unwrap().to_owned(), number("partition"), number("offset"))
        };
        assert_eq!(findings.iter().map(place).collect::<BTreeSet<_>>(), wanted, "{report}");
        let by = |rule: &str| &findings.iter().find(|one| one["rule"] == rule).unwrap()["producer"];
        assert_eq!((by("codec"), by("tombstone")), (&"nest".into(), &"?".into()), "{report}");

        assert_eq!(contract(lab, &topic, &[]).code, 0, "without --strict it is a report");
    }

    fn what_the_applications_write_keeps_the_contract(lab: &Lab) {
        let topic = lab.topic("phase4-contrato", 3);
        assert!(contract(lab, &topic, &["--strict"]).stdout.contains("is empty"));
        write(lab, "gzip", FutureRecord::to(&topic).key("p-1").payload(GOOD.as_bytes()));
        // CloudEvents in its binary mode: headers, and the value stays what it is.
        let cloud_event = [
            ("ce_specversion", "1.0"),
            ("ce_type", "PedidoCriado"),
            ("ce_source", "/nest"),
            ("ce_id", "0b0e6a2e-5d3b-4a55-9a55-0d2f1f9d0b11"),
            ("ce_time", "2026-01-01T12:00:00.000Z"),
            ("content-type", "application/json"),
        ];
        let headers = cloud_event.into_iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        });
        write(lab, "gzip", FutureRecord::to(&topic).key("p-1").payload(GOOD.as_bytes()).headers(headers));
        let run = contract(lab, &topic, &["--strict", "--lang", "pt-BR"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.contains("todas as mensagens cumprem o contrato"), "{run:?}");
        assert_eq!(contract(lab, &topic, &["--as", "analytics"]).code, 5, "refused");
    }
}
