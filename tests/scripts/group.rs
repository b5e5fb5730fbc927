//! The language of the group scripts. A command begins with the time in milliseconds; before it runs, everything
//! that is due by then happens, at its own moment.
//!
//! ```text
//! TIME config NAME=VALUE …                               before the first request
//! TIME join GROUP CLIENT [member=ID] [instance=ID] [session=MS] [rebalance=MS] [type=NAME]
//!                        [offers=ASSIGNOR:METADATA,…] [v=VERSION]
//! TIME sync GROUP MEMBER gen=N [instance=ID] [protocol=NAME] [assign=MEMBER:TEXT,…]
//! TIME heartbeat GROUP MEMBER gen=N [instance=ID]
//! TIME leave GROUP [MEMBER …] [instance=ID]
//! TIME commit GROUP MEMBER gen=N [v=VERSION] [retention=MS] [metadata=TEXT] TOPIC:PARTITION=OFFSET …
//! TIME delete-offsets GROUP TOPIC:PARTITION …
//! TIME offsets GROUP | list | describe GROUP | delete GROUP | delete-topic TOPIC
//! TIME wait                                              only lets time pass
//! TIME restart                                           a new machine from the records, through JSON
//! ```
//! Members are named `CLIENT-N`: the scripts' UUIDs are numbers. A `-` stands for an empty id.

#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::collections::BTreeMap;

use bytes::Bytes;
use kafkalab::broker::group::{
    CommitRequest, Effects, GroupConfig, GroupRecord, Groups, JoinRequest, Leaver, MemberRef, OffsetToCommit,
    Protocol, SyncRequest,
};

use super::golden::Interpreter;
use super::group_trace::{answer_line, each, event_line, outcome, record_line, text};

/// The machine under test, with the journal it writes.
pub(crate) struct Machine {
    groups: Groups<String>,
    config: GroupConfig,
    journal: Vec<GroupRecord>,
    next_uuid: u32,
}

impl Default for Machine {
    fn default() -> Machine {
        let config = GroupConfig::default();
        Machine { groups: Groups::new(config.clone()), config, journal: Vec::new(), next_uuid: 1 }
    }
}

impl Interpreter for Machine {
    fn run(&mut self, command: &str) -> Vec<String> {
        let words = Words::parse(command);
        let mut trace = Vec::new();
        while let Some(due) = self.groups.next_deadline().filter(|due| *due <= words.now) {
            let effects = self.groups.tick(due);
            self.take(due, effects, &mut trace);
        }
        self.execute(&words, &mut trace);
        trace
    }
}

impl Machine {
    fn execute(&mut self, words: &Words<'_>, trace: &mut Vec<String>) {
        let now = words.now;
        match words.command {
            "config" => self.configure(words),
            "join" => {
                let effects = self.join(words);
                self.take(now, effects, trace);
            }
            "sync" => {
                let request = sync_request(words);
                let effects = self.groups.sync(request, format!("{} sync", words.arg(1)), now);
                self.take(now, effects, trace);
            }
            "heartbeat" => {
                let result = self.groups.heartbeat(&words.id(0), &words.member(), now);
                trace.push(format!("{now} {} heartbeat: {}", words.arg(1), outcome(result)));
            }
            "leave" => {
                let leavers = leavers(words);
                let (results, effects) = self.groups.leave(&words.id(0), &leavers, now);
                self.take(now, effects, trace);
                let results = each(results.map(|results| results.into_iter().map(outcome).collect()));
                trace.push(format!("{now} leave: {results}"));
            }
            "commit" => {
                let (results, effects) = self.groups.commit(commit_request(words), now);
                self.take(now, effects, trace);
                let results = each(results.map(|results| results.into_iter().map(outcome).collect()));
                trace.push(format!("{now} {} commit: {results}", words.arg(1)));
            }
            "offsets" => {
                trace.extend(self.groups.offsets(words.arg(0)).map(|(topic, partition, committed)| {
                    let text = &committed.metadata;
                    format!("{now} offset {topic}:{partition}={} {text}", committed.offset)
                        .trim_end()
                        .to_owned()
                }))
            }
            "list" => trace.extend(self.groups.list().into_iter().map(|group| {
                format!("{now} group {} [{}] {}", group.group, group.protocol_type, group.state.name())
            })),
            "describe" => self.describe(words, trace),
            "delete" => {
                let (result, effects) = self.groups.delete(words.arg(0), now);
                self.take(now, effects, trace);
                trace.push(format!("{now} delete: {}", outcome(result)));
            }
            "delete-topic" => {
                let effects = self.groups.delete_topic(words.arg(0), now);
                self.take(now, effects, trace);
            }
            "delete-offsets" => {
                let partitions = words.args[1..].iter().filter_map(|word| word.split_once(':'));
                let partitions: Vec<(String, i32)> =
                    partitions.map(|(topic, index)| (topic.to_owned(), index.parse().unwrap())).collect();
                let (results, effects) = self.groups.delete_offsets(&words.id(0), &partitions, now);
                self.take(now, effects, trace);
                let results = each(results.map(|results| results.into_iter().map(outcome).collect()));
                trace.push(format!("{now} delete-offsets: {results}"));
            }
            "wait" => (),
            "restart" => self.restart(now, trace),
            other => panic!("unknown command {other}"),
        }
    }

    fn configure(&mut self, words: &Words<'_>) {
        for (name, value) in &words.options {
            let value: i64 = value.parse().unwrap();
            match *name {
                "initial_rebalance_delay" => self.config.initial_rebalance_delay_ms = value,
                "max_size" => self.config.max_size = usize::try_from(value).unwrap(),
                "offsets_retention" => self.config.offsets_retention_ms = value,
                "retention_check" => self.config.offsets_retention_check_interval_ms = value,
                "metadata_max_size" => self.config.offset_metadata_max_size = usize::try_from(value).unwrap(),
                other => panic!("unknown setting {other}"),
            }
        }
        self.groups = Groups::new(self.config.clone());
    }

    fn join(&mut self, words: &Words<'_>) -> Effects<String> {
        let version = words.number("v", 5);
        let session = words.number("session", 10_000);
        let request = JoinRequest {
            group: words.id(0),
            member_id: words.option("member").unwrap_or_default().to_owned(),
            instance_id: words.option("instance").map(str::to_owned),
            client_id: words.arg(1).to_owned(),
            client_host: "/127.0.0.1".to_owned(),
            session_timeout_ms: session,
            rebalance_timeout_ms: words.number("rebalance", 60_000),
            protocol_type: words.option("type").unwrap_or("consumer").replace('-', ""),
            protocols: offers(words.option("offers").unwrap_or("range:t")),
            requires_known_member_id: version >= 4,
            supports_skipping_assignment: version >= 9,
        };
        let uuid = self.next_uuid.to_string();
        let is_newcomer = request.member_id.is_empty();
        let effects = self.groups.join(request, &uuid, format!("{} join", words.arg(1)), words.now);
        if is_newcomer {
            self.next_uuid += 1;
        }
        effects
    }

    fn describe(&self, words: &Words<'_>, trace: &mut Vec<String>) {
        let now = words.now;
        let Some(group) = self.groups.describe(words.arg(0)) else {
            return trace.push(format!("{now} no such group"));
        };
        trace.push(format!(
            "{now} {} [{}] {} generation {}",
            group.state.name(),
            group.protocol_type,
            group.protocol,
            group.generation
        ));
        trace.extend(group.members.iter().map(|member| {
            let instance = member.instance_id.as_deref().unwrap_or("-");
            format!(
                "{now}   member {} instance {instance} client {} at {} metadata [{}] assignment [{}]",
                member.member_id,
                member.client_id,
                member.client_host,
                text(&member.metadata),
                text(&member.assignment)
            )
        }));
    }

    /// Starts again from the journal, once by replaying all of it and once from a snapshot: both must agree.
    fn restart(&mut self, now: i64, trace: &mut Vec<String>) {
        let json = serde_json::to_string(&self.journal).unwrap();
        let records: Vec<GroupRecord> = serde_json::from_str(&json).unwrap();
        let snapshot = self.groups.snapshot();
        let (again, _) = Groups::<String>::restore(self.config.clone(), snapshot.clone(), now);
        let (groups, effects) = Groups::restore(self.config.clone(), records, now);
        assert_eq!(groups.snapshot(), again.snapshot(), "the snapshot says what the journal says");
        self.groups = groups;
        self.take(now, effects, trace);
    }

    fn take(&mut self, now: i64, effects: Effects<String>, trace: &mut Vec<String>) {
        trace.extend(effects.events.iter().map(|event| format!("{now} {}", event_line(event))));
        trace.extend(effects.records.iter().map(|record| format!("{now} record: {}", record_line(record))));
        trace.extend(
            effects.answers.iter().map(|(waiter, answer)| format!("{now} {waiter}: {}", answer_line(answer))),
        );
        self.journal.extend(effects.records);
    }
}

/// A command line taken apart: time, command, plain words and `name=value` options.
struct Words<'a> {
    now: i64,
    command: &'a str,
    args: Vec<&'a str>,
    options: BTreeMap<&'a str, &'a str>,
}

impl<'a> Words<'a> {
    fn parse(line: &'a str) -> Words<'a> {
        let mut words = line.split_whitespace();
        let now = words.next().and_then(|word| word.parse().ok());
        let now = now.unwrap_or_else(|| panic!("a command begins with its time: {line}"));
        let command = words.next().unwrap_or_else(|| panic!("no command: {line}"));
        let (options, args): (Vec<_>, Vec<_>) = words.partition(|word| word.contains('='));
        let options = options.iter().filter_map(|word| word.split_once('=')).collect();
        Words { now, command, args, options }
    }

    fn arg(&self, index: usize) -> &'a str {
        self.args.get(index).copied().unwrap_or_else(|| panic!("{} needs more words", self.command))
    }

    fn id(&self, index: usize) -> String {
        self.arg(index).trim_matches('-').to_owned()
    }

    fn option(&self, name: &str) -> Option<&'a str> {
        self.options.get(name).copied()
    }

    fn number(&self, name: &str, default: i32) -> i32 {
        self.option(name).map_or(default, |value| value.parse().unwrap())
    }

    fn member(&self) -> MemberRef {
        MemberRef {
            member_id: self.id(1),
            instance_id: self.option("instance").map(str::to_owned),
            generation: self.number("gen", -1),
        }
    }
}

fn sync_request(words: &Words<'_>) -> SyncRequest {
    let pairs = words.option("assign").unwrap_or_default().split(',').filter_map(|pair| pair.split_once(':'));
    SyncRequest {
        group: words.id(0),
        member: words.member(),
        protocol_type: words.option("type").map(str::to_owned),
        protocol: words.option("protocol").map(str::to_owned),
        assignments: pairs.map(|(member, text)| (member.to_owned(), Bytes::from(text.to_owned()))).collect(),
    }
}

fn leavers(words: &Words<'_>) -> Vec<Leaver> {
    let instance_id = words.option("instance").map(str::to_owned);
    let ids = words.args.iter().skip(1).map(|id| id.trim_matches('-').to_owned());
    ids.map(|member_id| Leaver { member_id, instance_id: instance_id.clone() }).collect()
}

fn commit_request(words: &Words<'_>) -> CommitRequest {
    let metadata = words.option("metadata").unwrap_or_default().to_owned();
    let offsets = words.options.iter().filter_map(|(name, value)| {
        let (topic, partition) = name.split_once(':')?;
        Some(OffsetToCommit {
            topic: topic.to_owned(),
            partition: partition.parse().unwrap(),
            offset: value.parse().unwrap(),
            leader_epoch: -1,
            metadata: metadata.clone(),
        })
    });
    CommitRequest {
        group: words.id(0),
        member: words.member(),
        retention_ms: words.option("retention").map(|value| value.parse().unwrap()),
        knows_group_id_not_found: words.number("v", 7) >= 9,
        offsets: offsets.collect(),
    }
}

/// `range:a,roundrobin:b`. Metadata `@orders+payments` is a real subscription to those topics.
fn offers(list: &str) -> Vec<Protocol> {
    list.split(',')
        .filter_map(|offer| offer.split_once(':'))
        .map(|(name, metadata)| Protocol { name: name.to_owned(), metadata: metadata_bytes(metadata) })
        .collect()
}

fn metadata_bytes(metadata: &str) -> Bytes {
    let Some(topics) = metadata.strip_prefix('@') else { return Bytes::from(metadata.to_owned()) };
    let topics: Vec<&str> = topics.split('+').collect();
    let mut bytes = vec![0, 0];
    bytes.extend(i32::try_from(topics.len()).unwrap().to_be_bytes());
    for topic in topics {
        bytes.extend(i16::try_from(topic.len()).unwrap().to_be_bytes());
        bytes.extend(topic.as_bytes());
    }
    bytes.into()
}
