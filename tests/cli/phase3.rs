//! Phase 3 on both brokers: the two applications at work, each order exactly once, and what is shown of it.

use std::fs;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use serde_json::Value;

use super::program::{Run, kafkalab};
use crate::on_every_broker;
use crate::support::{Lab, eventually, root, unique};

/// A phase 3 of a test's own: another topic and other groups, under prefixes that the lab's ACLs allow.
struct Phase {
    profile: tempfile::NamedTempFile,
    topic: String,
    name: String,
    servers: [String; 4],
}

impl Phase {
    fn new(lab: &Lab) -> Self {
        let (topic, name) = (lab.topic("phase4-contrato", 3), unique("pedidos"));
        let text = fs::read_to_string(root().join("phases/phase3/profile.toml")).unwrap();
        let text = text
            .replace("\"integracao-pedidos\"", &format!("{topic:?}"))
            .replace("\"laravel-pedidos\"", &format!("\"laravel-{name}\""))
            .replace("\"nest-pedidos\"", &format!("\"nest-{name}\""));
        let profile = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        fs::write(profile.path(), text).unwrap();
        let servers =
            ["-b", lab.bootstrap_sasl(), "--plaintext-server", lab.bootstrap_plaintext()].map(str::to_owned);
        Self { profile, topic, name, servers }
    }

    /// Another topic than its own.
    fn use_topic(&mut self, topic: &str) {
        let text = fs::read_to_string(self.profile.path()).unwrap();
        fs::write(self.profile.path(), text.replace(&self.topic, topic)).unwrap();
        topic.clone_into(&mut self.topic);
    }

    fn run(&self, command: &[&str]) -> Run {
        let profile = ["--profile", self.profile.path().to_str().unwrap()];
        let servers: Vec<&str> = self.servers.iter().map(String::as_str).collect();
        kafkalab(&[&["phase3"], command, &profile[..], &servers[..]].concat())
    }

    fn json(&self, command: &[&str]) -> (Run, Value) {
        let run = self.run(&[command, &["--output", "json"]].concat());
        let report = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
        (run, report)
    }
}

/// The built-in phases with one text in the profile of one of them replaced.
fn phases_with(phase: &str, from: &str, to: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["phase0", "phase1", "phase2", "phase3"] {
        let below = format!("{name}/profile.toml");
        let text = fs::read_to_string(root().join("phases").join(&below)).unwrap();
        let text = if name == phase { text.replace(from, to) } else { text };
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(&below), text).unwrap();
    }
    folder
}

fn rows<'a>(report: &'a Value, part: &str) -> &'a Vec<Value> {
    report[part].as_array().unwrap_or_else(|| panic!("{report}"))
}

/// The keys of the time line's rows of one kind, in order.
fn keys(report: &Value, does: &str) -> Vec<String> {
    let rows = rows(report, "timeline").iter().filter(|row| row["does"] == does);
    let mut keys: Vec<String> = rows.map(|row| row["key"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    keys
}

fn lag(report: &Value, group: &str) -> Vec<i64> {
    let places = rows(report, "groups").iter().filter(|place| place["group"] == group);
    places.filter_map(|place| place["lag"].as_i64()).collect()
}

on_every_broker! {
    fn nest_reacts_to_each_order_of_laravel_exactly_once(lab: &Lab) {
        let phase = Phase::new(lab);
        let (run, report) = phase.json(&["run-scenario-a", "--orders", "5"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(keys(&report, "sent").len(), 5, "{report}");
        assert_eq!(keys(&report, "sent"), keys(&report, "received"), "{report}");

        let stored = lab.read("admin", &phase.topic);
        assert_eq!(stored.len(), 10, "five orders and five reactions: {stored:?}");
        for row in rows(&report, "timeline").iter().filter(|row| row["does"] == "received") {
            let at = |place: &Value| {
                let (partition, offset) = (place["partition"].as_i64(), place["offset"].as_i64());
                let found = stored.iter().find(|record| {
                    (Some(i64::from(record.partition)), Some(record.offset)) == (partition, offset)
                });
                found.unwrap_or_else(|| panic!("{place} is not in {stored:?}"))
            };
            let (order, reaction) = (at(row), at(&row["reaction"]));
            assert!(order.value.contains("PedidoCriado") && order.value.contains("Jo\\u00e3o"), "{order:?}");
            assert!(reaction.value.contains("PedidoNotificado"), "{reaction:?}");
            assert_eq!((&order.key, order.partition), (&reaction.key, reaction.partition), "the same partition");
        }

        let contract = phase.run(&["contract", "--strict"]);
        assert!(contract.code == 0 && contract.stdout.contains("every record keeps"), "{contract:?}");
        assert!(lag(&report, &format!("nest-{}-server", phase.name)).iter().all(|lag| *lag == 0), "{report}");
        let principals: Vec<_> = rows(&report, "connections").iter().map(|one| &one["principal"]).collect();
        assert_eq!(principals, ["User:laravel", "User:nest"], "{report}");
        assert_eq!(report["connections"][1]["client_id"], "nest-server", "as the broker describes it: {report}");
        let refused = rows(&report, "matrix").iter().filter(|cell| cell["allowed"] == false).count();
        assert_eq!(refused, 2 + 4 + 4, "each other's group, and analytics and ANONYMOUS everywhere: {report}");
    }

    fn laravel_receives_what_nest_says_and_a_second_run_reads_only_its_own(lab: &Lab) {
        let phase = Phase::new(lab);
        let (first, _) = phase.json(&["run-scenario-a"]);
        let (run, report) = phase.json(&["run-scenario-b", "--orders", "4", "--rate", "50"]);
        assert_eq!((first.code, run.code), (0, 0), "{run:?}");
        assert_eq!(keys(&report, "sent").len(), 4, "{report}");
        assert_eq!(keys(&report, "sent"), keys(&report, "received"), "{report}");
        assert_eq!(report["passed_over"], 6, "Laravel's own three orders and Nest's answers: {report}");
        assert!(lag(&report, &format!("laravel-{}", phase.name)).iter().all(|lag| *lag == 0), "{report}");
    }

    fn an_order_that_another_member_took_is_missed(lab: &Lab) {
        let phase = Phase::new(lab);
        let mut rival = lab.client("nest");
        rival.set("group.id", format!("nest-{}-server", phase.name)).set("session.timeout.ms", "30000");
        let rival: BaseConsumer = rival.create().unwrap();
        rival.subscribe(&[&phase.topic]).unwrap();
        eventually(|| {
            rival.poll(Duration::from_millis(100));
            rival.assignment().ok().filter(|owned| owned.count() == 3)
        })
        .expect("alone in the group it is given everything");
        let scenario = std::thread::scope(|scope| {
            // Keys are new in every run: with so many, some surely lie in the rival's partition.
            let run = scope.spawn(|| phase.json(&["run-scenario-a", "--orders", "60", "--timeout", "2s"]));
            while !run.is_finished() {
                rival.poll(Duration::from_millis(100));
            }
            run.join().unwrap()
        });
        let (run, report) = scenario;
        assert_eq!(run.code, 6, "{run:?}");
        assert!(keys(&report, "received").len() < 60, "{report}");
        let problems: Vec<_> = rows(&report, "problems").iter().map(|one| one.as_str().unwrap()).collect();
        assert!(problems[0].contains("did not receive"), "{report}");
        assert!(problems.last().unwrap().contains("another member of the group"), "{report}");
    }

    fn the_scenario_is_told_in_portuguese(lab: &Lab) {
        let phase = Phase::new(lab);
        let run = phase.run(&["run-scenario-a", "--orders", "1", "--lang", "pt-BR"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.contains("PedidoCriado recebido"), "{run:?}");
        assert!(run.stdout.contains("nest recebeu 1 pedido, exatamente uma vez"), "{run:?}");
        assert!(run.complains("Nada de HTTP entre elas"), "{run:?}");
    }

    fn each_side_produces_and_consumes_with_its_own_manners(lab: &Lab) {
        let phase = Phase::new(lab);
        let sent = phase.run(&["produce", "--as", "nest", "--key", "pedido-1", "--msg", "{}"]);
        let read = phase.run(&["consume", "--as", "laravel", "--output", "json"]);
        assert_eq!((sent.code, read.code), (0, 0), "{sent:?} {read:?}");
        let record: Value = serde_json::from_str(&read.stdout).unwrap_or_else(|_| panic!("{read:?}"));
        assert_eq!((&record["key"], record["headers"].as_array().map(Vec::len)), (&"pedido-1".into(), Some(0)));
        assert_eq!(phase.run(&["produce", "--as", "analytics", "--msg", "{}"]).code, 5, "refused");
    }

    fn phase_3_is_done(lab: &Lab) {
        let phase = Phase::new(lab);
        let (run, report) = phase.json(&["verify"]);
        let verdicts: Vec<_> = rows(&report, "checks").iter().map(|one| (&one["id"], &one["verdict"])).collect();
        let ids =
            ["scenario-a", "scenario-b", "committed", "contract", "one-group", "matrix", "phase1", "phase2"];
        let ids = ids.map(Value::from);
        let done = Value::from("done");
        assert_eq!(verdicts, ids.iter().map(|id| (id, &done)).collect::<Vec<_>>(), "{report}");
        assert_eq!(run.code, 0, "{run:?}");
        let refused = &report["checks"][4]["evidence"][0];
        assert!(refused.as_str().unwrap().contains("INCONSISTENT_GROUP_PROTOCOL (23)"), "{report}");
    }

    fn phase_3_is_not_done_where_laravel_alone_no_longer_works(lab: &Lab) {
        let phase = Phase::new(lab);
        let phases = phases_with("phase1", "\"laravel-events\"", "\"nest-events\"");
        let (run, report) = phase.json(&["verify", "--phases", phases.path().to_str().unwrap()]);
        assert_eq!(run.code, 6, "{run:?}");
        let not_done: Vec<_> = rows(&report, "checks").iter().filter(|one| one["verdict"] != "done").collect();
        assert_eq!(not_done.len(), 1, "{report}");
        assert_eq!((&not_done[0]["id"], &not_done[0]["verdict"]), (&"phase1".into(), &"not_yet".into()), "{report}");
        assert!(not_done[0].to_string().contains("TOPIC_AUTHORIZATION_FAILED"), "{report}");
    }

    fn phase_3_on_a_topic_that_nest_may_not_use_is_not_done(lab: &Lab) {
        let mut phase = Phase::new(lab);
        phase.use_topic("laravel-events");
        let (run, report) = phase.json(&["verify"]);
        assert_eq!(run.code, 6, "{run:?}");
        let not_yet = |index: usize| report["checks"][index]["verdict"] == "not_yet";
        assert!(not_yet(0) && not_yet(1) && not_yet(5), "{report}");
        let said = report["checks"][0]["evidence"][0].as_str().unwrap();
        assert!(said.contains("TOPIC_AUTHORIZATION_FAILED"), "the broker's own answer: {report}");
    }
}
