//! A group after a rebalance: members × partitions, with the generation and the reason, and where the knowledge of each
//! comes from. One structure, drawn as text that can be copied and written as JSON. Pure.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::broker::group::Reason;
use crate::commands::groups::{GroupPicture, MemberPicture};
use crate::words::{Lang, Text, phase4_groups as words};

/// A group at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    /// What the broker answers about the group.
    pub group: GroupPicture,
    /// The topic that the columns belong to.
    pub topic: String,
    /// Which assignment this is.
    pub generation: i32,
    /// The rebalances since the picture before, oldest first; none if the group never moved.
    pub rebalances: Vec<Turn>,
    /// Whether the broker told generations and reasons with its own events. Apache Kafka tells a client neither: there
    /// the first are counted by what the members say, and the second inferred from what this program did.
    pub by_broker: bool,
}

/// A rebalance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    /// The generation that it made.
    pub generation: i32,
    /// What began it.
    pub cause: Cause,
}

/// What began a rebalance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    /// The kind of event.
    pub reason: Reason,
    /// The name of the member, if it was one.
    pub member: Option<String>,
}

impl Cause {
    /// A cause that is a member's doing.
    pub(super) fn of(reason: Reason, member: &str) -> Self {
        Self { reason, member: Some(member.to_owned()) }
    }
}

impl Picture {
    /// The members in the order of their numbers: `member-2` stands before `member-10`.
    pub(super) fn members(&self) -> Vec<&MemberPicture> {
        let mut members: Vec<_> = self.group.members.iter().collect();
        members.sort_by_key(|member| (member.client_id.len(), &member.client_id));
        members
    }

    /// The member of this name.
    pub(super) fn member(&self, name: &str) -> Option<&MemberPicture> {
        self.group.members.iter().find(|member| member.client_id == name)
    }

    /// The partitions of the topic that a member owns.
    pub(super) fn owned(&self, member: &MemberPicture) -> Vec<i32> {
        let own = member.partitions.iter().filter(|at| at.topic == self.topic);
        own.map(|at| at.partition).collect()
    }

    /// The names of the members that own nothing.
    pub(super) fn idle(&self) -> Vec<&str> {
        let idle = self.members().into_iter().filter(|member| self.owned(member).is_empty());
        idle.map(|member| member.client_id.as_str()).collect()
    }

    /// Whether each partition has exactly one reader, which is what a group promises.
    pub(super) fn once(&self) -> bool {
        self.readers().iter().all(|readers| *readers == 1)
    }

    /// Whether each partition has one reader, and exactly so many members have nothing to read.
    pub(super) fn shared(&self, idle: usize) -> bool {
        self.once() && self.idle().len() == idle
    }

    /// How many members own each partition.
    fn readers(&self) -> Vec<usize> {
        let readers = |partition: &i32| {
            self.group.members.iter().filter(|member| self.owned(member).contains(partition)).count()
        };
        self.partitions().iter().map(readers).collect()
    }

    fn partitions(&self) -> Vec<i32> {
        let own = self.group.partitions.iter().filter(|place| place.topic == self.topic);
        own.map(|place| place.partition).collect()
    }

    /// The picture as lines: a row for each member, a column for each partition.
    pub(super) fn lines(&self, lang: Lang) -> Vec<String> {
        let members = self.members();
        let label = words::PARTITION.get(lang);
        let names = members.iter().map(|member| member.client_id.chars().count());
        let width = names.chain([label.chars().count()]).max().unwrap_or(0);
        let partitions = self.partitions();
        let row = |name: &str, cells: Vec<String>| {
            let mut line = format!("{name:width$}");
            for cell in cells {
                // Writing to a String cannot fail.
                let _ = write!(line, " {cell:>4}");
            }
            line.trim_end().to_owned()
        };
        let mut lines = self.headlines(lang);
        lines.push(row(label, partitions.iter().map(ToString::to_string).collect()));
        for member in members {
            let owned = self.owned(member);
            let cell = |partition: &i32| if owned.contains(partition) { "#" } else { "." }.to_owned();
            let mut line = row(&member.client_id, partitions.iter().map(cell).collect());
            if owned.is_empty() {
                let _ = write!(line, "   {}", words::IDLE.get(lang));
            }
            lines.push(line);
        }
        lines
    }

    /// `group g`, and below it a line for each rebalance: `generation 2 (broker): member-2 joined (broker)`.
    fn headlines(&self, lang: Lang) -> Vec<String> {
        let (counted, inferred) = if self.by_broker {
            (words::BY_BROKER, words::BY_BROKER)
        } else {
            (words::COUNTED, words::INFERRED)
        };
        let counted = counted.get(lang);
        let mut lines = vec![words::HEADLINE.fill(lang, &[("group", &self.group.group)])];
        for turn in &self.rebalances {
            let member = turn.cause.member.as_deref().unwrap_or_default();
            let reason = reason_text(turn.cause.reason).fill(lang, &[("member", &member)]);
            lines.push(words::TURN.fill(
                lang,
                &[
                    ("generation", &turn.generation),
                    ("counted", &counted),
                    ("reason", &reason),
                    ("inferred", &inferred.get(lang)),
                ],
            ));
        }
        if self.rebalances.is_empty() {
            let values: [(_, &dyn std::fmt::Display); 2] =
                [("generation", &self.generation), ("counted", &counted)];
            lines.push(words::NO_TURN.fill(lang, &values));
        }
        lines
    }

    /// The picture for programs: the group as every command shows it, with its generation, the rebalances since the
    /// picture before, and who says so.
    pub(super) fn to_json(&self) -> Value {
        let mut data = self.group.to_json();
        let source = |otherwise: &'static str| if self.by_broker { "broker" } else { otherwise };
        let turn = |turn: &Turn| {
            json!({
                "generation": turn.generation,
                "reason": turn.cause.reason.name(),
                "member": turn.cause.member,
            })
        };
        data["generation"] = json!(self.generation);
        data["generation_source"] = json!(source("counted"));
        data["rebalances"] = json!(self.rebalances.iter().map(turn).collect::<Vec<_>>());
        data["reason_source"] = json!(source("inferred"));
        data
    }
}

/// A reason as a person says it; all of them may name the member.
fn reason_text(reason: Reason) -> Text {
    match reason {
        Reason::MemberJoined => words::MEMBER_JOINED,
        Reason::MemberLeft => words::MEMBER_LEFT,
        Reason::SessionExpired => words::SESSION_EXPIRED,
        Reason::LeaderRejoined => words::LEADER_REJOINED,
        Reason::MetadataChanged => words::METADATA_CHANGED,
        Reason::StaticMemberReturned => words::STATIC_MEMBER_RETURNED,
        Reason::RebalanceTimedOut => words::REBALANCE_TIMED_OUT,
        Reason::SyncTimedOut => words::SYNC_TIMED_OUT,
        // No rebalance begins with these.
        Reason::AllMembersJoined
        | Reason::InitialDelayOver
        | Reason::AssignmentReceived
        | Reason::NoMembersLeft
        | Reason::GroupTooLarge
        | Reason::Deleted
        | Reason::Expired => words::ANOTHER_REASON,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::raw::admin::topics::TopicPartition;
    use crate::commands::groups::PartitionPlace;

    fn member(name: &str, partitions: &[i32]) -> MemberPicture {
        MemberPicture {
            id: format!("{name}-id"),
            instance_id: None,
            client_id: name.to_owned(),
            host: "127.0.0.1".to_owned(),
            partitions: partitions.iter().map(|number| TopicPartition::new("orders", *number)).collect(),
        }
    }

    fn place(partition: i32) -> PartitionPlace {
        PartitionPlace {
            topic: "orders".to_owned(),
            partition,
            committed: None,
            log_start: Some(0),
            log_end: Some(0),
            owner: None,
        }
    }

    fn picture(by_broker: bool) -> Picture {
        Picture {
            group: GroupPicture {
                group: "phase4-a".to_owned(),
                state: "Stable".to_owned(),
                protocol_type: "consumer".to_owned(),
                protocol: "range".to_owned(),
                generation: None,
                coordinator: None,
                members: vec![
                    member("member-1", &[0, 1]),
                    member("member-10", &[]),
                    member("member-2", &[2]),
                ],
                partitions: (0..3).map(place).collect(),
            },
            topic: "orders".to_owned(),
            generation: 4,
            rebalances: vec![Turn { generation: 4, cause: Cause::of(Reason::MemberJoined, "member-10") }],
            by_broker,
        }
    }

    #[test]
    fn a_row_for_each_member_and_a_column_for_each_partition() {
        let golden = [
            "group phase4-a",
            "generation 4 (broker): member-10 joined (broker)",
            "partition    0    1    2",
            "member-1     #    #    .",
            "member-2     .    .    #",
            "member-10    .    .    .   idle",
        ];
        assert_eq!(picture(true).lines(Lang::En), golden);
    }

    #[test]
    fn what_the_broker_does_not_tell_is_labelled() {
        let lines = picture(false).lines(Lang::En);
        assert_eq!(lines[1], "generation 4 (counted): member-10 joined (inferred)");
        let data = picture(false).to_json();
        assert_eq!((&data["generation"], &data["generation_source"]), (&json!(4), &json!("counted")));
        let turn = json!({ "generation": 4, "reason": "member joined", "member": "member-10" });
        assert_eq!((&data["rebalances"], &data["reason_source"]), (&json!([turn]), &json!("inferred")));
        assert_eq!(picture(true).to_json()["reason_source"], "broker");
    }

    #[test]
    fn a_group_that_never_moved_says_so() {
        let still = Picture { rebalances: Vec::new(), ..picture(true) };
        assert_eq!(still.lines(Lang::En)[1], "generation 4 (broker), as before: no rebalance");
    }

    #[test]
    fn each_partition_has_one_reader_and_some_members_have_nothing_to_do() {
        assert!(picture(true).once());
        assert_eq!(picture(true).idle(), ["member-10"]);
        assert!(picture(true).shared(1) && !picture(true).shared(0) && !picture(true).shared(2));
        let mut twice = picture(true);
        twice.group.members.push(member("member-3", &[2]));
        assert_eq!((twice.readers(), twice.once(), twice.shared(1)), (vec![1, 1, 2], false, false));
    }
}
