//! `groups list | describe | reset`: what is shown is what Apache's own tool says at that moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Value, json};

use super::program::{Run, command, kafkalab};
use crate::on_every_broker;
use crate::support::process::Process;
use crate::support::{Lab, eventually, require, unique};

/// Far more than anything here takes: a guard, no measurement.
const LIMIT: Duration = Duration::from_secs(60);

fn groups(lab: &Lab, args: &[&str]) -> Run {
    kafkalab(&[&["groups", "-b", lab.bootstrap_sasl()], args].concat())
}

/// What the command prints as JSON.
fn data(lab: &Lab, args: &[&str]) -> Value {
    let run = groups(lab, &[args, &["--output", "json"]].concat());
    assert_eq!(run.code, 0, "{run:?}");
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"))
}

/// The picture of a group.
fn picture(lab: &Lab, group: &str) -> Value {
    data(lab, &["describe", group])["groups"][0].take()
}

/// A topic with so many records in each partition.
fn topic(lab: &Lab, records: &[usize]) -> String {
    let topic = lab.topic("phase4-groups", i32::try_from(records.len()).unwrap());
    let producer: rdkafka::producer::BaseProducer = lab.client("laravel").create().unwrap();
    for (partition, count) in (0..).zip(records) {
        for _ in 0..*count {
            let record =
                rdkafka::producer::BaseRecord::<(), str>::to(&topic).partition(partition).payload("x");
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
    }
    rdkafka::producer::Producer::flush(&producer, LIMIT).unwrap();
    topic
}

/// A group that nobody is in, which committed these offsets of these partitions.
fn committed(lab: &Lab, topic: &str, offsets: &[(i32, i64)]) -> String {
    let group = unique("phase4-groups");
    let consumer: BaseConsumer = lab.client("laravel").set("group.id", &group).create().unwrap();
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        list.add_partition_offset(topic, *partition, Offset::Offset(*offset)).unwrap();
    }
    // A broker that has just started may not have its coordinator ready.
    let commit = || consumer.commit(&list, CommitMode::Sync).ok();
    assert!(eventually(commit).is_some(), "nothing was committed for {group}");
    group
}

/// A member, which reads on until it is dropped.
fn member(lab: &Lab, topic: &str, group: &str, client_id: &str) -> Process {
    let home = crate::support::folder();
    let client_id = format!("client.id={client_id}");
    let args = ["phase1", "consume", "-b", lab.bootstrap_sasl(), "-t", topic, "-g", group, "--follow"];
    Process::start(&command(&home, &[&args[..], &["-X", &client_id]].concat()), Some(&home))
}

/// The picture of a group as soon as it is so.
fn picture_when(lab: &Lab, group: &str, is: impl Fn(&Value) -> bool) -> Value {
    let seen = || {
        let run = groups(lab, &["describe", group, "--output", "json"]);
        let found: Value = serde_json::from_str(&run.stdout).ok()?;
        Some(found.get("groups")?[0].clone()).filter(&is)
    };
    eventually(seen).unwrap_or_else(|| panic!("{:?}", groups(lab, &["describe", group])))
}

/// The picture of a group as soon as it is stable with so many members.
fn stable(lab: &Lab, group: &str, members: usize) -> Value {
    let has = |picture: &Value| picture["members"].as_array().unwrap().len() == members;
    picture_when(lab, group, |picture| picture["state"] == "Stable" && has(picture))
}

/// A row for each partition: topic, partition, committed offset, log end, lag, member id, host, client id.
pub(super) type Rows = BTreeSet<[String; 8]>;

fn rows(picture: &Value) -> Rows {
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let members: BTreeMap<&str, &Value> = picture["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (member["id"].as_str().unwrap(), member))
        .collect();
    let row = |place: &Value| {
        let owner = place["owner"].as_str().and_then(|id| members.get(id));
        let of_owner = |field: &str| owner.map_or("-".to_owned(), |owner| text(&owner[field]));
        let host = Some(of_owner("host"))
            .filter(|host| host != "-")
            .map_or("-".to_owned(), |host| format!("/{host}"));
        let [topic, partition, committed, end, lag] =
            ["topic", "partition", "committed", "log_end", "lag"].map(|field| text(&place[field]));
        [topic, partition, committed, end, lag, of_owner("id"), host, of_owner("client_id")]
    };
    picture["partitions"].as_array().unwrap().iter().map(row).collect()
}

/// The same from `kafka-consumer-groups.sh --describe`.
pub(super) fn apaches_tool(lab: &Lab, group: &str) -> Rows {
    let output = lab.tool("admin", "ConsumerGroupCommand", &["--describe", "--group", group]);
    let lines = output.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let rows = lines.filter(|cells| cells.first() == Some(&group));
    let row = |cells: Vec<&str>| -> [String; 8] {
        let cells: Vec<String> = cells[1..].iter().map(|cell| (*cell).to_owned()).collect();
        cells.try_into().unwrap_or_else(|_| panic!("{output:?}"))
    };
    let rows: Rows = rows.map(row).collect();
    assert!(!rows.is_empty(), "{output:?}");
    rows
}

on_every_broker! {
    fn a_group_at_work_is_shown_as_apaches_tool_shows_it(lab: &Lab) {
        if !require("jdk") { return }
        let (topic, group) = (topic(lab, &[4, 2, 1]), unique("phase4-groups"));
        let _first = member(lab, &topic, &group, "one");
        stable(lab, &group, 1);
        let _second = member(lab, &topic, &group, "two");
        let ours = stable(lab, &group, 2);
        let clients: Vec<&str> = ours["members"].as_array().unwrap().iter().map(|member| member["client_id"].as_str().unwrap()).collect();
        assert_eq!(clients, ["one", "two"]);
        // The members commit meanwhile: what both tools say between two equal answers is about one moment.
        let both = eventually(|| {
            let (before, theirs, after) = (picture(lab, &group), apaches_tool(lab, &group), picture(lab, &group));
            (before == after).then_some((rows(&before), theirs))
        });
        let (ours, theirs) = both.expect("the group comes to rest");
        assert_eq!(ours, theirs);
        assert_eq!(ours.len(), 3, "{ours:?}");
        let state = lab.tool("admin", "ConsumerGroupCommand", &["--describe", "--group", &group, "--state"]).stdout;
        let picture = picture(lab, &group);
        let coordinator = format!("{}  ({})", picture["coordinator"]["address"].as_str().unwrap(), picture["coordinator"]["id"]);
        for told in [&coordinator, picture["protocol"].as_str().unwrap(), "Stable"] {
            assert!(state.contains(told), "{told}: {state}");
        }
    }

    fn a_group_at_rest_is_shown_as_apaches_tool_shows_it(lab: &Lab) {
        if !require("jdk") { return }
        let topic = topic(lab, &[4, 2, 1]);
        let group = committed(lab, &topic, &[(0, 1), (2, 1)]);
        let picture = picture(lab, &group);
        assert_eq!(rows(&picture), apaches_tool(lab, &group));
        assert_eq!((&picture["state"], &picture["lag"]), (&json!("Empty"), &json!(3)));
        let listed = data(lab, &["list"]);
        let listed = listed["groups"].as_array().unwrap().iter().find(|found| found["group"] == *group).unwrap();
        assert_eq!((&listed["state"], &listed["members"], &listed["lag"]), (&json!("Empty"), &json!(0), &json!(3)));
    }

    fn a_group_with_members_is_not_reset(lab: &Lab) {
        let (topic, group) = (topic(lab, &[3]), unique("phase4-groups"));
        let mut reader = member(lab, &topic, &group, "busy");
        stable(lab, &group, 1);
        picture_when(lab, &group, |picture| picture["lag"] == 0);
        let run = groups(lab, &["reset", &group, "--to", "start", "--yes"]);
        assert_eq!(run.code, 1, "{run:?}");
        for told in [&*format!("busy from 127.0.0.1 (reads {topic} 0)"), "error 25", "Stop these consumers first"] {
            assert!(run.complains(told), "{told}: {run:?}");
        }
        assert_eq!(picture(lab, &group)["partitions"][0]["committed"], 3, "it was not moved");
        reader.stop();
        let run = groups(lab, &["reset", &group, "--to", "start", "--yes"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(picture(lab, &group)["partitions"][0]["committed"], 0);
    }

    fn every_form_of_a_place(lab: &Lab) {
        let topic = topic(lab, &[5, 2]);
        let group = committed(lab, &topic, &[(0, 1), (1, 1)]);
        let clamped = |plan: &Value| -> Vec<bool> {
            plan["partitions"].as_array().unwrap().iter().map(|one| one["clamped"] == true).collect()
        };
        for (to, first, second, outside) in [
            ("start", 0, 0, [false, false]),
            ("end", 5, 2, [false, false]),
            ("1", 1, 1, [false, false]),
            ("3", 3, 2, [false, true]),
            ("+2", 2, 2, [false, false]),
            ("-1", 4, 1, [false, false]),
            ("@2001-01-01", 0, 0, [false, false]),
            ("@2999-01-01", 5, 2, [false, false]),
            ("999999", 5, 2, [true, true]),
        ] {
            let plan = data(lab, &["reset", &group, "--to", to, "--yes"]);
            assert_eq!(clamped(&plan), outside, "{to}: {plan}");
            let places = picture(lab, &group);
            let at: Vec<&Value> = [0, 1].map(|number| &places["partitions"][number]["committed"]).into();
            assert_eq!(at, [&json!(first), &json!(second)], "{to}");
        }
        if require("jdk") {
            assert_eq!(rows(&picture(lab, &group)), apaches_tool(lab, &group));
        }
    }

    fn a_reset_within_one_topic_leaves_the_others(lab: &Lab) {
        let (one, other) = (topic(lab, &[3]), topic(lab, &[3, 3]));
        let group = committed(lab, &one, &[(0, 2)]);
        let plan = data(lab, &["reset", &group, "--to", "end", "--topic", &other, "--yes"]);
        let moved = |number: usize| (plan["partitions"][number]["before"].clone(), plan["partitions"][number]["after"].clone());
        assert_eq!([moved(0), moved(1)], [(Value::Null, json!(3)), (Value::Null, json!(3))], "{plan}");
        assert_eq!(plan["partitions"].as_array().unwrap().len(), 2, "{plan}");
        let found = picture(lab, &group);
        let places: Vec<Value> = found["partitions"].as_array().unwrap().iter().map(|place| place["committed"].clone()).collect();
        assert_eq!(places, [2, 3, 3]);
    }

    fn a_dry_run_changes_nothing(lab: &Lab) {
        let topic = topic(lab, &[3]);
        let group = committed(lab, &topic, &[(0, 2)]);
        let before = picture(lab, &group);
        let run = groups(lab, &["reset", &group, "--to", "start", "--dry-run"]);
        assert_eq!(run.code, 0, "{run:?}");
        let shown = format!(
            "TOPIC{:1$}PARTITION  BEFORE  AFTER  START  END  LAG\n\
             {topic}  0          2       0      0      3    3\n\
             With --dry-run nothing was changed; the group {group} stands where it stood.\n",
            "",
            topic.len() - 3,
        );
        assert_eq!(run.stdout, shown);
        assert!(run.complains("2 records come again"), "{run:?}");
        assert!(run.complains("--all-topics --to-earliest --dry-run"), "{run:?}");
        assert_eq!(picture(lab, &group), before);
        let run = groups(lab, &["reset", &group, "--to", "start"]);
        assert_eq!(run.code, 2, "nobody is there to say yes: {run:?}");
        assert_eq!(picture(lab, &group), before);
    }

    fn the_options_for_apaches_tool_do_the_same(lab: &Lab) {
        if !require("jdk") { return }
        let topic = topic(lab, &[5, 2]);
        let group = committed(lab, &topic, &[(0, 1), (1, 1)]);
        for to in ["start", "end", "1", "-1", "@2001-01-01"] {
            let run = groups(lab, &["reset", &group, "--to", to, "--yes"]);
            let ours = rows(&picture(lab, &group));
            data(lab, &["reset", &group, "--to", "1", "--yes"]);
            let told = run.stderr.replace(" \\\n", " ");
            let commands: Vec<&str> = told.lines().filter(|line| line.contains("--reset-offsets")).collect();
            assert!(!commands.is_empty(), "{run:?}");
            for command in commands {
                let options = command.split_once(".properties ").unwrap_or_else(|| panic!("{run:?}")).1;
                let output = lab.tool("admin", "ConsumerGroupCommand", &options.split_whitespace().collect::<Vec<_>>());
                assert!(output.success() && !output.stdout.contains("Error"), "{to}: {output:?}");
            }
            assert_eq!(rows(&picture(lab, &group)), ours, "{to}: {told}");
        }
    }

    fn an_unknown_name_gets_the_nearest(lab: &Lab) {
        let topic = topic(lab, &[1]);
        let group = committed(lab, &topic, &[(0, 1)]);
        let wrong = format!("{group}x");
        for args in [&["describe", &wrong][..], &["reset", &wrong, "--to", "start", "--yes"]] {
            let run = groups(lab, args);
            assert_eq!(run.code, 1, "{run:?}");
            assert!(run.complains("GROUP_ID_NOT_FOUND, 69"), "{run:?}");
            assert!(run.complains(&format!("There is no group {wrong}")) && run.complains("Did you mean `phase4-groups-"), "{run:?}");
        }
        let run = groups(lab, &["reset", &group, "--to", "start", "--yes", "-t", &format!("{topic}x")]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.complains(&format!("There is no topic {topic}x")) && run.complains("UNKNOWN_TOPIC_OR_PARTITION, 3"), "{run:?}");
    }

    fn a_missing_right_is_named(lab: &Lab) {
        let topic = topic(lab, &[1]);
        let group = committed(lab, &topic, &[(0, 1)]);
        let run = groups(lab, &["describe", &group, "--as", "analytics"]);
        assert_eq!(run.code, 5, "{run:?}");
        assert!(run.complains(&format!("needs DESCRIBE on Group:{group}; decided by DefaultDeny")), "{run:?}");
        let run = groups(lab, &["reset", &group, "--to", "start", "--yes", "-t", "laravel-events", "--as", "nest"]);
        assert_eq!(run.code, 5, "{run:?}");
        assert!(run.complains("needs DESCRIBE on Topic:laravel-events"), "{run:?}");
        let run = groups(lab, &["reset", &group, "--to", "start", "--yes", "--as", "nest"]);
        assert_eq!(run.code, 0, "both sides may use groups of phase 4: {run:?}");
        let listed = data(lab, &["list", "--as", "analytics"]);
        assert_eq!(listed["groups"], json!([]), "what one may not see is left out");
    }

    fn both_languages_say_the_same(lab: &Lab) {
        let topic = topic(lab, &[4, 1]);
        let group = committed(lab, &topic, &[(0, 3), (1, 1)]);
        let wide = " ".repeat(topic.len() - 5);
        let table = format!(
            "TOPIC{wide}  PARTITION  COMMITTED  END  LAG  MEMBER\n\
             {topic}  0          3          4    1    -\n\
             {topic}  1          1          1    0    -\n"
        );
        let address = picture(lab, &group)["coordinator"]["address"].as_str().unwrap().to_owned();
        let run = groups(lab, &["describe", &group]);
        let head = format!("{group}: Empty, no members\ncoordinator: broker 1 at {address}\nlag: 1 record in 2 partitions\n\n");
        assert_eq!(run.stdout, format!("{head}{table}"));
        assert!(run.complains("Nobody is in the group, so its lag grows with every record."), "{run:?}");
        let run = groups(lab, &["describe", &group, "--lang", "pt-BR"]);
        let head = format!("{group}: Empty, sem membros\ncoordenador: broker 1 em {address}\nlag: 1 mensagem em 2 partições\n\n");
        assert_eq!(run.stdout, format!("{head}{table}"));
        assert!(run.complains("Não há ninguém no grupo, então o lag cresce a cada mensagem."), "{run:?}");
    }
}

/// The consumer protocol (KIP-848), which the embedded broker does not have: the broker tells the epoch to everybody.
#[test]
fn a_group_of_the_consumer_protocol_is_shown_as_well() {
    let Some(lab) = Lab::apache() else { return };
    let (topic, group) = (topic(lab, &[2, 1]), unique("phase4-groups"));
    let arguments = ["--topic", &topic, "--group", &group, "--command-property", "group.protocol=consumer"];
    let _member = Process::start(&lab.tool_command("laravel", "ConsoleConsumer", &arguments), None);
    let owns = |picture: &Value| picture["members"][0]["partitions"].as_array().map(Vec::len);
    let picture =
        picture_when(lab, &group, |picture| picture["state"] == "Stable" && owns(picture) == Some(2));
    assert!(picture["generation"].as_i64().is_some_and(|epoch| epoch > 0), "{picture}");
    let both = eventually(|| {
        let (before, theirs, after) =
            (rows(&self::picture(lab, &group)), apaches_tool(lab, &group), rows(&self::picture(lab, &group)));
        (before == after).then_some((before, theirs))
    });
    let (ours, theirs) = both.expect("the group comes to rest");
    assert_eq!(ours, theirs);
    let run = groups(lab, &["reset", &group, "--to", "start", "--yes"]);
    assert!(run.code == 1 && run.complains("Stop these consumers first"), "{run:?}");
}
