//! What a step demands of the broker. The goal that a learner reads is made from the check itself, so that the two
//! cannot differ.

use serde::Deserialize;

use super::matcher::Matcher;
use crate::words::{Message, lesson as words};

/// Who can have brought a goal about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The broker's state: any client may have done it.
    Broker,
    /// What kafkalab itself saw in a run of its own, such as a refused login.
    Observed,
}

/// One thing that must hold for a step to be done. Every kind but [`Ran`](Self::Ran) is the broker's state.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Goal {
    /// A topic exists.
    Topic(TopicGoal),
    /// A record was added to a topic since the step began.
    Record(RecordGoal),
    /// A group committed an offset since the step began.
    Committed(CommittedGoal),
    /// An ACL is there, or is not there.
    Acl(AclGoal),
    /// A group has so many members.
    Group(GroupGoal),
    /// A run of kafkalab since the step began was like this.
    Ran(RanGoal),
}

/// A topic exists with at least so many partitions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicGoal {
    /// The topic.
    pub topic: String,
    /// At least so many.
    #[serde(default = "one")]
    pub partitions: u32,
}

/// A record was added since the step began.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordGoal {
    /// The topic.
    pub topic: String,
    /// How many records, at least.
    #[serde(default = "one")]
    pub at_least: u32,
    /// Text that the value contains.
    pub contains: Option<String>,
    /// The whole value.
    pub value: Option<String>,
    /// The key.
    pub key: Option<String>,
    /// A header: its name, or `name=value`.
    pub header: Option<String>,
    /// The codec of its batch: `none`, `gzip`, `snappy`, `lz4`, `zstd`.
    pub codec: Option<String>,
}

/// A group committed since the step began.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommittedGoal {
    /// The group, as it is called on the wire.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// Whether it must have read everything: the offsets are at the end of the log.
    #[serde(default)]
    pub caught_up: bool,
}

/// An ACL is on the cluster, or is not.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AclGoal {
    /// `User:laravel`.
    pub principal: String,
    /// `READ`, ….
    pub operation: String,
    /// `topic`, `group`, `cluster`, `transactional_id`.
    pub resource: String,
    /// The name of the resource.
    pub name: String,
    /// `literal` or `prefixed`.
    #[serde(default = "literal")]
    pub pattern: String,
    /// `allow` or `deny`.
    #[serde(default = "allow")]
    pub permission: String,
    /// Whether it must be there.
    #[serde(default = "yes")]
    pub present: bool,
}

/// A group has so many members, or exists.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupGoal {
    /// The group, as it is called on the wire.
    pub group: String,
    /// At least so many members.
    #[serde(default = "one")]
    pub members: u32,
}

/// A run of kafkalab since the step began.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RanGoal {
    /// What it must have been like; `command` is always given.
    pub run: Matcher,
}

impl Goal {
    /// Who can have brought it about.
    pub fn evidence(&self) -> Evidence {
        match self {
            Self::Ran(_) => Evidence::Observed,
            _ => Evidence::Broker,
        }
    }

    /// The goal as a sentence, made from the check.
    pub fn message(&self) -> Message {
        match self {
            Self::Topic(goal) => {
                words::GOAL_TOPIC.with(&[("topic", &goal.topic), ("partitions", &goal.partitions)])
            }
            Self::Record(goal) => record_message(goal),
            Self::Committed(goal) => {
                let text = if goal.caught_up { words::GOAL_CAUGHT_UP } else { words::GOAL_COMMITTED };
                text.with(&[("group", &goal.group), ("topic", &goal.topic)])
            }
            Self::Acl(goal) => {
                let text = if goal.present { words::GOAL_ACL } else { words::GOAL_NO_ACL };
                text.with(&[
                    ("principal", &goal.principal),
                    ("permission", &goal.permission.to_uppercase()),
                    ("operation", &goal.operation),
                    ("resource", &goal.resource),
                    ("name", &goal.name),
                    ("pattern", &goal.pattern.to_uppercase()),
                ])
            }
            Self::Group(goal) => {
                words::GOAL_GROUP.with(&[("group", &goal.group), ("members", &goal.members)])
            }
            Self::Ran(goal) => ran_message(&goal.run),
        }
    }
}

fn record_message(goal: &RecordGoal) -> Message {
    let head = words::GOAL_RECORD.with(&[("topic", &goal.topic), ("count", &goal.at_least)]);
    let conditions = [
        goal.key.as_ref().map(|key| words::WITH_KEY.with(&[("key", key)])),
        goal.contains.as_ref().map(|text| words::WITH_TEXT.with(&[("text", text)])),
        goal.value.as_ref().map(|value| words::WITH_VALUE.with(&[("value", value)])),
        goal.header.as_ref().map(|header| words::WITH_HEADER.with(&[("header", header)])),
        goal.codec.as_ref().map(|codec| words::WITH_CODEC.with(&[("codec", codec)])),
    ];
    Message::Listed(std::iter::once(head).chain(conditions.into_iter().flatten()).collect())
}

fn ran_message(run: &Matcher) -> Message {
    let command = run.command.clone().unwrap_or_default();
    let principal = run.principal.clone();
    match (run.exit.unwrap_or(0), run.code, principal) {
        (0, _, None) => words::GOAL_RAN.with(&[("command", &command)]),
        (0, _, Some(principal)) => {
            words::GOAL_RAN_AS.with(&[("command", &command), ("principal", &principal)])
        }
        (exit, None, _) => words::GOAL_RAN_EXIT.with(&[("command", &command), ("exit", &exit)]),
        (_, Some(code), principal) => {
            let name =
                crate::catalog::error(code).map_or_else(|| code.to_string(), |entry| entry.name.clone());
            let who = principal.unwrap_or_default();
            let text = if who.is_empty() { words::GOAL_REFUSED } else { words::GOAL_REFUSED_AS };
            match who.is_empty() {
                true => text.with(&[("command", &command), ("name", &name), ("code", &code)]),
                false => {
                    text.with(&[("command", &command), ("name", &name), ("code", &code), ("principal", &who)])
                }
            }
        }
    }
}

fn one() -> u32 {
    1
}

fn literal() -> String {
    "literal".to_owned()
}

fn allow() -> String {
    "allow".to_owned()
}

fn yes() -> bool {
    true
}
