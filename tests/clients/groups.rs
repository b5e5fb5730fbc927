//! Consumer groups as real clients live them, on both engines: who gets which partitions, when, and who is refused.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::on_every_broker;
use crate::support::embedded::Embedded;
use crate::support::process::Process;
use crate::support::{Lab, folder, packages, require, tools, unique};

/// How long anything may take. A guard, no measurement.
const LIMIT: Duration = Duration::from_secs(60);
/// The shortest session Kafka allows, which kcat's members here ask for.
const SESSION: Duration = Duration::from_secs(6);

/// A running kcat that is a member of a group, and says which partitions it has.
struct Member(Process);

impl Member {
    fn join(lab: &Lab, group: &str, topic: &str, settings: &[&str]) -> Member {
        let quick = ["session.timeout.ms=6000", "heartbeat.interval.ms=500", "auto.offset.reset=earliest"];
        let settings = quick.iter().chain(settings).flat_map(|setting| ["-X", setting]);
        let arguments: Vec<&str> = settings.chain(["-u", "-G", group, topic]).collect();
        Member(Process::start(&lab.kcat("admin", &arguments), None))
    }

    /// Waits until it is given exactly `count` partitions, in what it says from line `from` on.
    fn wait_for(&self, count: usize, from: usize) -> Vec<i32> {
        let assigned = |line: &str| assignment(line).filter(|partitions| partitions.len() == count);
        let found = self.0.log().wait_from(from, LIMIT, assigned);
        found.unwrap_or_else(|| panic!("never {count} partitions:\n{}", self.0.log().problems()))
    }

    fn lines(&self) -> usize {
        self.0.log().len()
    }

    /// How often its partitions have changed; it also says when it reaches the end of one.
    fn rebalances(&self) -> usize {
        self.0.log().count(|line| line.contains(" rebalanced"))
    }
}

/// The partitions in `% Group g rebalanced (memberid m): assigned: t [0], t [1]`, and in
/// `% Group g rebalanced: incremental assignment of 2 partition(s) (memberid m, COOPERATIVE …): t [0], t [1]`.
fn assignment(line: &str) -> Option<Vec<i32>> {
    let incremental = line.contains(": incremental assignment of ");
    let separator = if incremental { "): " } else { ": assigned: " };
    let (_, list) = line.rsplit_once(separator)?;
    let number = |entry: &str| entry.rsplit_once('[')?.1.strip_suffix(']')?.parse().ok();
    Some(list.split(", ").filter_map(number).collect())
}

/// Records with values `0`, `1`, … over three partitions.
fn topic_with_records(lab: &Lab, count: usize) -> String {
    let topic = lab.topic("groups", 3);
    let values: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    let records: Vec<(&str, &str)> = values.iter().map(|value| (value.as_str(), value.as_str())).collect();
    lab.produce("admin", &topic, &records);
    topic
}

/// The values of lines `record PARTITION OFFSET VALUE`, sorted as numbers.
fn values(output: &str) -> Vec<usize> {
    let records = output.lines().filter_map(|line| line.strip_prefix("record "));
    let mut values: Vec<usize> = records.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    values.sort_unstable();
    values
}

on_every_broker! {
    fn a_second_member_takes_its_share_and_gives_it_back_when_it_leaves(lab: &Lab) {
        if !require("kcat") { return }
        let (topic, group) = (lab.topic("groups", 4), unique("shared"));
        let first = Member::join(lab, &group, &topic, &[]);
        assert_eq!(first.wait_for(4, 0), [0, 1, 2, 3]);

        let before = first.lines();
        let mut second = Member::join(lab, &group, &topic, &[]);
        let (mine, theirs) = (second.wait_for(2, 0), first.wait_for(2, before));
        assert!(mine.iter().all(|partition| !theirs.contains(partition)), "{mine:?} {theirs:?}");

        // It says goodbye (SIGTERM), so nobody waits for its session to end.
        let (before, left_at) = (first.lines(), Instant::now());
        second.0.stop();
        assert_eq!(first.wait_for(4, before), [0, 1, 2, 3]);
        assert!(left_at.elapsed() < SESSION, "{:?}", left_at.elapsed());
    }

    fn the_partitions_of_a_killed_member_wait_until_its_session_ends(lab: &Lab) {
        if !require("kcat") { return }
        let (topic, group) = (lab.topic("groups", 2), unique("killed"));
        let first = Member::join(lab, &group, &topic, &[]);
        first.wait_for(2, 0);
        let before = first.lines();
        let mut second = Member::join(lab, &group, &topic, &[]);
        second.wait_for(1, 0);
        first.wait_for(1, before);

        let (before, killed_at) = (first.lines(), Instant::now());
        second.0.kill();
        first.wait_for(2, before);
        // Its last heartbeat was at most half a second, and a slow machine's delay, before it died.
        assert!(killed_at.elapsed() > SESSION / 2, "{:?}", killed_at.elapsed());
    }

    fn cooperative_members_keep_what_they_have(lab: &Lab) {
        if !require("kcat") { return }
        let (topic, group) = (lab.topic("groups", 3), unique("cooperative"));
        let cooperative = ["partition.assignment.strategy=cooperative-sticky"];
        let first = Member::join(lab, &group, &topic, &cooperative);
        first.wait_for(3, 0);
        let second = Member::join(lab, &group, &topic, &cooperative);
        let taken = second.wait_for(1, 0);
        let revoked = |line: &str| line.contains(": incremental revoke of ").then(|| line.matches('[').count());
        assert_eq!(first.0.log().wait_from(0, LIMIT, revoked), Some(taken.len()), "only what is given away");
    }

    fn a_static_member_comes_back_without_a_rebalance(lab: &Lab) {
        if !require("kcat") { return }
        let (topic, group) = (lab.topic("groups", 2), unique("static"));
        let instance = |name: &str| format!("group.instance.id={name}");
        let first = Member::join(lab, &group, &topic, &[&instance("one")]);
        first.wait_for(2, 0);
        let before = first.lines();
        let mut second = Member::join(lab, &group, &topic, &[&instance("two")]);
        let had = second.wait_for(1, 0);
        first.wait_for(1, before);

        let before = first.rebalances();
        second.0.stop();
        let again = Member::join(lab, &group, &topic, &[&instance("two")]);
        assert_eq!(again.wait_for(1, 0), had);
        assert_eq!(first.rebalances(), before, "the other member noticed nothing");
    }

    fn laravel_and_nest_cannot_share_a_group(lab: &Lab) {
        if !require("kcat") || !require("kafkajs") { return }
        let (topic, group) = (lab.topic("groups", 3), unique("mixed"));
        let laravel = Member::join(lab, &group, &topic, &[]);
        laravel.wait_for(3, 0);
        let before = laravel.rebalances();
        let arguments = [lab.bootstrap_sasl(), "admin", &group, &topic, "1"];
        let nest = tools::run_with_input(&mut packages::node("consumer.js", &arguments), b"");
        assert_eq!(nest.stdout.trim(), "crash INCONSISTENT_GROUP_PROTOCOL", "{nest:?}");
        assert_eq!(laravel.rebalances(), before, "the first member noticed nothing");
    }

    fn kafkajs_goes_on_where_it_stopped(lab: &Lab) {
        if !require("kafkajs") { return }
        let (topic, group) = (topic_with_records(lab, 6), unique("kafkajs"));
        let read = |count: &str| {
            let arguments = [lab.bootstrap_sasl(), "admin", &group, &topic, count];
            tools::run_with_input(&mut packages::node("consumer.js", &arguments), b"")
        };
        let first = read("6");
        assert!(first.stdout.starts_with("joined true RoundRobinAssigner 0,1,2\n"), "{first:?}");
        assert_eq!(values(&first.stdout), [0, 1, 2, 3, 4, 5], "{first:?}");
        assert!(first.stdout.ends_with("left\n"), "{first:?}");

        lab.produce("admin", &topic, &[("6", "6")]);
        assert_eq!(values(&read("1").stdout), [6]);
    }

    fn aiokafka_goes_on_where_it_stopped(lab: &Lab) {
        if !require("aiokafka") { return }
        let (topic, group) = (topic_with_records(lab, 6), unique("aiokafka"));
        let read = |count: &str, more: &[&str]| {
            let arguments = [&[lab.bootstrap_sasl(), "admin", &group, &topic, count], more].concat();
            tools::run_with_input(&mut packages::python("consumer.py", &arguments), b"")
        };
        let first = read("6", &[]);
        assert!(first.stdout.starts_with("joined 0,1,2\n"), "{first:?}");
        assert_eq!(values(&first.stdout), [0, 1, 2, 3, 4, 5], "{first:?}");

        lab.produce("admin", &topic, &[("6", "6")]);
        let second = read("1", &["static-1"]);
        assert_eq!(values(&second.stdout), [6], "{second:?}");
    }

    fn the_console_consumer_and_the_group_tool_see_the_same_group(lab: &Lab) {
        if !require("jdk") { return }
        let (topic, group) = (topic_with_records(lab, 6), unique("console"));
        let consumer = ["--topic", &topic, "--group", &group, "--from-beginning", "--max-messages", "6"];
        let read = tools::run_with_input(&mut lab.tool_command("admin", "ConsoleConsumer", &consumer), b"");
        let mut lines: Vec<&str> = read.stdout.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["0", "1", "2", "3", "4", "5"], "{read:?}");

        let tool = |arguments: &[&str]| lab.tool("admin", "ConsumerGroupCommand", arguments);
        let listed = tool(&["--list"]);
        assert!(listed.stdout.lines().any(|line| line == group), "{listed:?}");
        let state = tool(&["--describe", "--state", "--group", &group]);
        assert!(state.stdout.contains("Empty"), "{state:?}");

        lab.produce("admin", &topic, &[("6", "6")]);
        assert_eq!(offsets_and_lag(&tool(&["--describe", "--group", &group]).stdout, &group), (6, 1));

        let reset = ["--reset-offsets", "--to-earliest", "--execute", "--group", &group, "--topic", &topic];
        assert!(tool(&reset).success());
        assert_eq!(offsets_and_lag(&tool(&["--describe", "--group", &group]).stdout, &group), (0, 7));

        let forgotten = tool(&["--delete-offsets", "--group", &group, "--topic", &topic]);
        assert!(forgotten.stdout.contains("Successful"), "{forgotten:?}");
        let deleted = tool(&["--delete", "--group", &group]);
        assert!(deleted.stdout.contains("was successful"), "{deleted:?}");
        let gone = tool(&["--describe", "--group", &group]);
        assert!(format!("{gone:?}").contains("not found"), "{gone:?}");
    }

    fn a_group_with_members_is_described_and_cannot_be_deleted(lab: &Lab) {
        if !require("jdk") || !require("kcat") { return }
        let (topic, group) = (lab.topic("groups", 3), unique("busy"));
        let member = Member::join(lab, &group, &topic, &["client.id=busy-client"]);
        member.wait_for(3, 0);
        let tool = |arguments: &[&str]| lab.tool("admin", "ConsumerGroupCommand", arguments);
        let members = tool(&["--describe", "--members", "--group", &group]).stdout;
        let line = members.lines().find(|line| line.contains("busy-client")).unwrap_or(&members);
        assert!(line.contains("/127.0.0.1"), "{members}");
        let state = tool(&["--describe", "--state", "--group", &group]).stdout;
        assert!(state.contains("Stable") && state.contains("range"), "{state}");
        let refused = tool(&["--delete", "--group", &group]);
        assert!(format!("{refused:?}").contains("GroupNotEmptyException"), "{refused:?}");
    }
}

/// librdkafka's settings for admin on a broker that the test started itself.
fn admin(broker: &Embedded, group: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &broker.sasl).set("security.protocol", "SASL_PLAINTEXT");
    config.set("sasl.mechanism", "PLAIN").set("sasl.username", "admin").set("sasl.password", "admin-secret");
    config.set("group.id", group);
    config
}

fn partition_0(topic: &str, offset: i64) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(offset)).unwrap();
    list
}

#[test]
fn committed_offsets_outlive_kill_9_of_the_embedded_broker() {
    let (data, topic, group) = (folder(), unique("groups"), unique("killed-broker"));
    let mut broker = Embedded::start_in(&data, None, &["-c", "auto.create.topics.enable=true"]).unwrap();
    let producer: BaseProducer = admin(&broker, &group).create().unwrap();
    producer.send(BaseRecord::<(), str>::to(&topic).payload("creates the topic")).unwrap();
    producer.flush(LIMIT).unwrap();
    let consumer: BaseConsumer = admin(&broker, &group).create().unwrap();
    for offset in 1..=100 {
        consumer.commit(&partition_0(&topic, offset), CommitMode::Sync).unwrap();
    }
    broker.process.kill();

    let broker = Embedded::start_in(&data, Some(&data), &[]).unwrap();
    let consumer: BaseConsumer = admin(&broker, &group).create().unwrap();
    let committed = consumer.committed_offsets(partition_0(&topic, 0), LIMIT).unwrap();
    assert_eq!(committed.elements()[0].offset(), Offset::Offset(100));
}

/// Sums of CURRENT-OFFSET and LAG over the lines of a group.
fn offsets_and_lag(description: &str, group: &str) -> (i64, i64) {
    let number = |word: Option<&&str>| word.and_then(|word| word.parse::<i64>().ok()).unwrap_or(0);
    let lines = description.lines().filter(|line| line.starts_with(group));
    lines.fold((0, 0), |(offsets, lag), line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        (offsets + number(words.get(3)), lag + number(words.get(5)))
    })
}
