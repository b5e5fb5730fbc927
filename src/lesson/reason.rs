//! Why a goal is not met yet: a closed list, so that a lesson can name the reason that a wrong action must give.

use serde::{Deserialize, Serialize};

/// Why a goal is not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The topic does not exist.
    NoTopic,
    /// The topic has fewer partitions.
    TooFewPartitions,
    /// Nothing was added to the topic.
    NoNewRecord,
    /// Records were added, but none as wanted.
    NoSuchRecord,
    /// Some records as wanted were added, but not enough.
    TooFewRecords,
    /// The group's offsets did not move.
    NotCommitted,
    /// The group committed, but did not read everything.
    NotCaughtUp,
    /// The ACL is not there.
    NoAcl,
    /// The ACL is there and must not be.
    AclStillThere,
    /// The group does not exist.
    NoGroup,
    /// The group has fewer members.
    TooFewMembers,
    /// kafkalab did not run such a command.
    NotRun,
    /// The command asked another broker.
    OtherCluster,
    /// The command asked as another principal.
    OtherPrincipal,
    /// The command ended otherwise.
    OtherOutcome,
    /// The command found something else.
    OtherFact,
    /// The broker did not answer.
    Unreachable,
}

impl Reason {
    /// The id by which lessons and JSON call it, such as `no-new-record`.
    pub fn id(self) -> &'static str {
        match self {
            Self::NoTopic => "no-topic",
            Self::TooFewPartitions => "too-few-partitions",
            Self::NoNewRecord => "no-new-record",
            Self::NoSuchRecord => "no-such-record",
            Self::TooFewRecords => "too-few-records",
            Self::NotCommitted => "not-committed",
            Self::NotCaughtUp => "not-caught-up",
            Self::NoAcl => "no-acl",
            Self::AclStillThere => "acl-still-there",
            Self::NoGroup => "no-group",
            Self::TooFewMembers => "too-few-members",
            Self::NotRun => "not-run",
            Self::OtherCluster => "other-cluster",
            Self::OtherPrincipal => "other-principal",
            Self::OtherOutcome => "other-outcome",
            Self::OtherFact => "other-fact",
            Self::Unreachable => "unreachable",
        }
    }
}
