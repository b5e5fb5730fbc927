//! Asks the brokers for what a [`GroupPicture`] shows.

use std::collections::{BTreeMap, BTreeSet};

use super::picture::{GroupPicture, MemberPicture, PartitionPlace};
use crate::client::raw::admin::groups::{self, Member};
use crate::client::raw::admin::offsets::committed_offsets;
use crate::client::raw::admin::records::{OffsetAt, list_offsets};
use crate::client::raw::admin::topics::{TopicPartition, describe_topics};
use crate::client::raw::{Cluster, RawError};

/// A group as it is now. Needs DESCRIBE on the group; what a missing DESCRIBE on a topic hides is not there, or has no
/// log end.
///
/// # Errors
/// [`RawError::Broker`] with 30 without the right, 69 if there is no such group.
pub async fn fetch(cluster: &mut Cluster, group: &str) -> Result<GroupPicture, RawError> {
    fetch_over(cluster, group, &[]).await
}

/// As [`fetch`], with every partition of these topics, also where the group has no place in it.
///
/// # Errors
/// As [`fetch`], and what the broker says of the topics: 29 without DESCRIBE, 3 if absent.
pub async fn fetch_over(
    cluster: &mut Cluster,
    group: &str,
    topics: &[&str],
) -> Result<GroupPicture, RawError> {
    let coordinator = groups::find_coordinator(cluster, group).await?;
    let described = groups::describe_group(cluster, group).await?;
    let mut members: Vec<MemberPicture> = described.members.into_iter().map(member).collect();
    members.sort_by(|left, right| (&left.client_id, &left.id).cmp(&(&right.client_id, &right.id)));
    let owners = members.iter().flat_map(|member| member.partitions.iter().map(|at| (at, &member.id)));
    let owners: BTreeMap<TopicPartition, String> = owners.map(|(at, id)| (at.clone(), id.clone())).collect();
    let mut partitions = places(cluster, group, topics, owners.keys().cloned()).await?;
    for place in &mut partitions {
        place.owner = owners.get(&place.at()).cloned();
    }
    Ok(GroupPicture {
        group: described.group_id,
        state: described.state,
        protocol_type: described.protocol_type,
        protocol: described.protocol,
        generation: None,
        coordinator: Some(coordinator),
        members,
        partitions,
    })
}

/// How far a group has come: in what it committed, in the partitions `also`, and in every partition of these topics.
/// Says nothing of owners. Needs DESCRIBE on the group.
///
/// # Errors
/// As [`fetch_over`], but a group that does not exist has no places instead.
pub async fn places(
    cluster: &mut Cluster,
    group: &str,
    topics: &[&str],
    also: impl IntoIterator<Item = TopicPartition>,
) -> Result<Vec<PartitionPlace>, RawError> {
    let committed = committed_offsets(cluster, group).await?;
    let committed = committed.into_iter().filter_map(|(at, found)| Some((at, found.ok()?.offset)));
    let committed: BTreeMap<TopicPartition, i64> = committed.filter(|(_, offset)| *offset >= 0).collect();
    let mut wanted: BTreeSet<TopicPartition> = committed.keys().cloned().chain(also).collect();
    for topic in topics {
        let described = describe_topics(cluster, &[topic]).await?.into_values().next();
        let numbers = described.transpose()?.map(|topic| topic.partitions).unwrap_or_default();
        wanted.extend(numbers.iter().map(|one| TopicPartition::new(topic, one.partition)));
    }
    let all = |at| wanted.iter().map(|partition| (partition.clone(), at)).collect();
    let starts = list_offsets(cluster, &all(OffsetAt::Earliest)).await?;
    let ends = list_offsets(cluster, &all(OffsetAt::Latest)).await?;
    let known = |offsets: &BTreeMap<TopicPartition, Result<i64, _>>, at: &TopicPartition| {
        offsets.get(at)?.as_ref().ok().copied()
    };
    let place = |at: &TopicPartition| PartitionPlace {
        topic: at.topic.clone(),
        partition: at.partition,
        committed: committed.get(at).copied(),
        log_start: known(&starts, at),
        log_end: known(&ends, at),
        owner: None,
    };
    Ok(wanted.iter().map(place).collect())
}

fn member(member: Member) -> MemberPicture {
    let partitions = member.assignment.into_iter().flat_map(|(topic, numbers)| {
        numbers.into_iter().map(move |number| TopicPartition::new(&topic, number))
    });
    MemberPicture {
        id: member.member_id,
        instance_id: member.group_instance_id,
        client_id: member.client_id,
        host: member.client_host.trim_start_matches('/').to_owned(),
        partitions: partitions.collect(),
    }
}
