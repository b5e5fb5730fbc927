//! Looking without touching: lists, descriptions, committed offsets.

use super::membership::Group;
use super::record::CommittedOffset;
use super::request::{GroupDescription, GroupListing};
use super::{GroupState, Groups};

impl<W> Groups<W> {
    /// ListGroups: every group, by id.
    pub fn list(&self) -> Vec<GroupListing> {
        self.groups
            .values()
            .map(|group| GroupListing {
                group: group.id.clone(),
                protocol_type: group.protocol_type.clone().unwrap_or_default(),
                state: group.state,
            })
            .collect()
    }

    /// DescribeGroups, for one group; none if it does not exist.
    pub fn describe(&self, group: &str) -> Option<GroupDescription> {
        self.groups.get(group).map(describe)
    }

    /// The offset a group has committed for a partition.
    pub fn offset(&self, group: &str, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.groups.get(group)?.offsets.get(topic, partition)
    }

    /// All offsets a group has committed, by topic and partition; none for an absent group.
    pub fn offsets(&self, group: &str) -> impl Iterator<Item = (&str, i32, &CommittedOffset)> {
        self.groups.get(group).into_iter().flat_map(|group| group.offsets.iter())
    }
}

/// As Kafka does, the protocol and what members sent for it are shown only while the group is stable.
fn describe<W>(group: &Group<W>) -> GroupDescription {
    let protocol = group.protocol.as_deref().filter(|_| group.state == GroupState::Stable);
    GroupDescription {
        state: group.state,
        protocol_type: group.protocol_type.clone().unwrap_or_default(),
        protocol: protocol.unwrap_or_default().to_owned(),
        generation: group.generation,
        members: group.members.iter().map(|(id, member)| member.describe(id, protocol)).collect(),
    }
}
