//! Apache Kafka's own command-line tools, unchanged, on both engines.

use crate::on_every_broker;
use crate::support::{eventually, require, tools, unique};

on_every_broker! {
    fn topics_are_created_described_grown_and_deleted(lab: &Lab) {
        if !require("jdk") {
            return;
        }
        let topic = unique("phase4-tools");
        let run = |arguments: &[&str]| lab.tool("admin", "TopicCommand", &[arguments, &["--topic", &topic]].concat());
        let change = |arguments: &[&str]| {
            let output = run(arguments);
            assert!(output.success(), "{arguments:?}: {output:?}");
        };
        let described_as = |text: &str| {
            let seen = |output: tools::Output| (output.stdout + &output.stderr).contains(text).then_some(());
            assert!(eventually(|| seen(run(&["--describe"]))).is_some(), "{text}: {:?}", run(&["--describe"]));
        };
        change(&["--create", "--partitions", "2", "--config", "retention.ms=60000"]);
        described_as("PartitionCount: 2\tReplicationFactor: 1");
        described_as("retention.ms=60000");
        change(&["--alter", "--partitions", "5"]);
        described_as("PartitionCount: 5");
        change(&["--delete"]);
        described_as("does not exist as expected");
    }

    fn settings_of_a_topic_are_changed_while_it_is_used(lab: &Lab) {
        if !require("jdk") {
            return;
        }
        let topic = lab.topic("phase4-configs", 1);
        let entity = ["--entity-type", "topics", "--entity-name", &topic];
        let configs = |arguments: &[&str]| {
            let output = lab.tool("admin", "ConfigCommand", &[arguments, &entity].concat());
            assert!(output.success(), "{arguments:?}: {output:?}");
            output.stdout
        };
        let shown = |text: &str, there: bool| {
            let seen = || (configs(&["--describe"]).contains(text) == there).then_some(());
            assert!(eventually(seen).is_some(), "{text}: {}", configs(&["--describe"]));
        };
        configs(&["--alter", "--add-config", "retention.ms=60000,cleanup.policy=[compact,delete]"]);
        shown("retention.ms=60000", true);
        shown("cleanup.policy=compact,delete", true);
        configs(&["--alter", "--delete-config", "retention.ms"]);
        shown("retention.ms=60000", false);
        let wrong = [&["--alter", "--add-config", "no.such.setting=1"], &entity[..]].concat();
        let refused = lab.tool("admin", "ConfigCommand", &wrong);
        let said = refused.stdout + &refused.stderr;
        assert!(said.contains("Unknown topic config name: no.such.setting"), "{said}");
    }

    fn scram_users_are_made_shown_and_removed(lab: &Lab) {
        if !require("jdk") {
            return;
        }
        let user = unique("phase4-user");
        let entity = ["--entity-type", "users", "--entity-name", &user];
        let users = |arguments: &[&str]| {
            let output = lab.tool("admin", "ConfigCommand", &[arguments, &entity].concat());
            assert!(output.success(), "{arguments:?}: {output:?}");
            output.stdout
        };
        let has = || users(&["--describe"]).contains("SCRAM-SHA-256=iterations=8192");
        users(&["--alter", "--add-config", "SCRAM-SHA-256=[iterations=8192,password=x]"]);
        assert!(eventually(|| has().then_some(())).is_some(), "made and not shown");
        users(&["--alter", "--delete-config", "SCRAM-SHA-256"]);
        assert!(eventually(|| (!has()).then_some(())).is_some(), "removed and still shown");
    }

    fn the_size_of_a_log_is_told_and_nothing_moves(lab: &Lab) {
        if !require("jdk") {
            return;
        }
        let topic = lab.topic("phase4-sizes", 1);
        lab.produce("laravel", &topic, &[("key", "value")]);
        let sizes = lab.tool("admin", "LogDirsCommand", &["--describe", "--topic-list", &topic]);
        assert!(sizes.success(), "{sizes:?}");
        let line = sizes.stdout.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{sizes:?}"));
        let told: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let partition = &told["brokers"][0]["logDirs"][0]["partitions"][0];
        assert_eq!(partition["partition"], format!("{topic}-0"), "{told}");
        assert!(partition["size"].as_u64().is_some_and(|size| size > 61), "{told}");
        let moves = lab.tool("admin", "ReassignPartitionsCommand", &["--list"]);
        assert!(moves.stdout.contains("No partition reassignments found."), "{moves:?}");
    }

    fn acls_are_added_listed_and_removed(lab: &Lab) {
        if !require("jdk") {
            return;
        }
        let topic = unique("phase4-acls");
        let acls = |arguments: &[&str]| {
            let output = lab.tool("admin", "AclCommand", &[arguments, &["--topic", &topic]].concat());
            assert!(output.success(), "{arguments:?}: {output:?}");
            output.stdout
        };
        let entry = ["--allow-principal", "User:analytics", "--operation", "Read"];
        let listed = || {
            let line = "(principal=User:analytics, host=*, operation=READ, permissionType=ALLOW)";
            acls(&["--list"]).contains(line)
        };
        acls(&[&["--add"], &entry[..]].concat());
        assert!(eventually(|| listed().then_some(())).is_some(), "added and not listed");
        acls(&[&["--remove", "--force"], &entry[..]].concat());
        assert!(eventually(|| (!listed()).then_some(())).is_some(), "removed and still listed");
    }

    fn the_console_tools_produce_and_consume(lab: &Lab) {
        if !require("jdk") {
            return;
        }
        let (topic, group) = (lab.topic("phase4-console", 1), unique("phase4-console"));
        let mut producer = lab.tool_command("laravel", "ConsoleProducer", &["--topic", &topic]);
        let produced = tools::run_with_input(&mut producer, b"one\ntwo\n");
        assert!(produced.success(), "{produced:?}");
        let arguments = ["--topic", &topic, "--from-beginning", "--max-messages", "2", "--group", &group];
        let consumed = tools::run_with_input(&mut lab.tool_command("nest", "ConsoleConsumer", &arguments), b"");
        assert_eq!(consumed.stdout, "one\ntwo\n", "{consumed:?}");

        let described = lab.tool("nest", "ConsumerGroupCommand", &["--describe", "--group", &group]);
        let row = described.stdout.lines().find(|line| line.contains(&topic)).expect("a row for the topic");
        let columns: Vec<_> = row.split_whitespace().take(6).collect();
        assert_eq!(columns, [&group, &topic, "0", "2", "2", "0"], "{described:?}");
    }

    fn a_group_is_listed_reset_and_deleted(lab: &Lab) {
        if !require("jdk") {
            return;
        }
        let (topic, group) = (lab.topic("phase4-reset", 1), unique("phase4-reset"));
        lab.produce("laravel", &topic, &[("", "one"), ("", "two")]);
        let groups = |arguments: &[&str]| {
            let output = lab.tool("admin", "ConsumerGroupCommand", arguments);
            assert!(output.success(), "{arguments:?}: {output:?}");
            output.stdout
        };
        let to_end = ["--reset-offsets", "--to-latest", "--execute", "--group", &group, "--topic", &topic];
        let reset = groups(&to_end);
        let row = reset.lines().find(|line| line.contains(&topic)).expect("a row for the topic");
        assert_eq!(row.split_whitespace().collect::<Vec<_>>(), [&group, &topic, "0", "2"], "{reset}");
        assert!(groups(&["--list"]).lines().any(|line| line == group));
        groups(&["--delete", "--group", &group]);
        assert!(!groups(&["--list"]).lines().any(|line| line == group));
    }

    fn the_perf_tools_run(lab: &Lab) {
        if !require("jdk") {
            return;
        }
        let topic = lab.topic("phase4-perf", 3);
        let produce = ["--topic", &topic, "--num-records", "5000", "--record-size", "100", "--throughput", "-1"];
        let produced = tools::run_with_input(&mut lab.tool_command("laravel", "ProducerPerformance", &produce), b"");
        assert!(produced.success() && produced.stdout.contains("5000 records sent"), "{produced:?}");
        let group = unique("phase4-perf");
        let consume = ["--topic", &topic, "--num-records", "5000", "--group", &group, "--timeout", "60000"];
        let consumed = tools::run_with_input(&mut lab.tool_command("nest", "ConsumerPerformance", &consume), b"");
        let figures = consumed.stdout.lines().last().unwrap_or_default();
        assert_eq!(figures.split(", ").nth(4), Some("5000"), "{consumed:?}");
    }

    fn broker_api_versions_and_offsets_are_told(lab: &Lab) {
        if !require("jdk") {
            return;
        }
        let versions = lab.tool("admin", "BrokerApiVersionsCommand", &[]);
        assert!(versions.success() && versions.stdout.contains("Produce(0): "), "{versions:?}");
        let topic = lab.topic("phase4-offsets", 1);
        lab.produce("admin", &topic, &[("", "one")]);
        let offsets = lab.tool("admin", "GetOffsetShell", &["--topic", &topic]);
        assert_eq!(offsets.stdout, format!("{topic}:0:1\n"), "{offsets:?}");
    }

    fn dump_log_segments_accepts_the_files(lab: &Lab) {
        if !require("jdk") {
            return;
        }
        let topic = lab.topic("phase4-segments", 1);
        lab.produce("admin", &topic, &[("k", "one"), ("k", "two"), ("k", "three")]);
        let segment = lab.data().join(format!("{topic}-0/00000000000000000000.log"));
        let arguments = ["--deep-iteration", "--print-data-log", "--files", segment.to_str().expect("UTF-8")];
        let dumped = tools::run("DumpLogSegments", &arguments);
        assert!(dumped.success(), "{dumped:?}");
        let values: Vec<_> = dumped.stdout.lines().filter_map(|line| line.split("payload: ").nth(1)).collect();
        assert_eq!(values, ["one", "two", "three"], "{dumped:?}");
        assert!(!dumped.stdout.contains("isvalid: false"), "{dumped:?}");
    }
}
