//! kcat with the librdkafka that the system has, on both engines.

use crate::on_every_broker;
use crate::support::lab::{TOPICS, VISIBLE};
use crate::support::{require, tools, unique};

on_every_broker! {
    fn each_principal_logs_in_and_sees_its_own_topics(lab: &Lab) {
        if !require("kcat") {
            return;
        }
        for (principal, expected) in VISIBLE {
            let output = tools::run_with_input(&mut lab.kcat(principal, &["-L"]), b"");
            assert!(output.success(), "{principal}: {output:?}");
            let names = output.stdout.lines();
            let names = names.filter_map(|line| line.trim().strip_prefix("topic \"")?.split('"').next());
            let mut topics: Vec<_> = names.filter(|topic| TOPICS.contains(topic)).collect();
            topics.sort_unstable();
            assert_eq!(topics, expected, "{principal}");
        }
    }

    fn every_codec_goes_there_and_back(lab: &Lab) {
        if !require("kcat") {
            return;
        }
        let topic = lab.topic("phase4-codecs", 1);
        for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
            let value = format!("{codec} {}\n", "compressible ".repeat(100));
            let mut produce = lab.kcat("laravel", &["-P", "-t", &topic, "-z", codec]);
            let produced = tools::run_with_input(&mut produce, value.as_bytes());
            assert!(produced.success(), "{codec}: {produced:?}");
            let mut consume = lab.kcat("nest", &["-C", "-t", &topic, "-o", "-1", "-c", "1"]);
            let consumed = tools::run_with_input(&mut consume, b"");
            assert_eq!(consumed.stdout, value, "{codec}: {consumed:?}");
        }
    }

    fn a_group_goes_on_where_it_stopped(lab: &Lab) {
        if !require("kcat") {
            return;
        }
        let (topic, group) = (lab.topic("phase4-groups", 3), unique("phase4-kcat"));
        let read = |expected: usize| {
            let count = expected.to_string();
            let arguments = ["-X", "auto.offset.reset=earliest", "-c", &count, "-G", &group, &topic];
            let output = tools::run_with_input(&mut lab.kcat("nest", &arguments), b"");
            assert!(output.success(), "{output:?}");
            let mut values: Vec<_> = output.stdout.lines().map(str::to_owned).collect();
            values.sort();
            values
        };
        lab.produce("laravel", &topic, &[("a", "1"), ("b", "2"), ("c", "3")]);
        assert_eq!(read(3), ["1", "2", "3"]);
        lab.produce("laravel", &topic, &[("a", "4"), ("b", "5")]);
        assert_eq!(read(2), ["4", "5"]);
    }

    fn a_denied_topic_is_refused_at_once(lab: &Lab) {
        if !require("kcat") {
            return;
        }
        for topic in ["laravel-events", "no-such-topic"] {
            let produced = tools::run_with_input(&mut lab.kcat("nest", &["-P", "-t", topic]), b"hi\n");
            assert_eq!(produced.code, 1, "{produced:?}");
            // As a failed delivery, or before it is sent if the metadata came first.
            assert!(produced.stderr.contains("Broker: Topic authorization failed"), "{topic}: {produced:?}");
        }
        let consumed = tools::run_with_input(&mut lab.kcat("laravel", &["-C", "-t", "nest-events", "-e"]), b"");
        assert!(consumed.stderr.contains("Topic nest-events error: Broker: Topic authorization failed"), "{consumed:?}");
    }

    fn a_denied_group_is_refused(lab: &Lab) {
        if !require("kcat") {
            return;
        }
        let mut consume = lab.kcat("nest", &["-G", "laravel-consumers", "nest-events"]);
        let consumed = tools::run_with_input(&mut consume, b"");
        assert!(consumed.stderr.contains("Group authorization failed"), "{consumed:?}");
    }
}
