//! Asks the brokers for what a [`GroupPicture`] shows.

use std::collections::{BTreeMap, BTreeSet};

use super::picture::{GroupPicture, MemberPicture, PartitionPlace};
use crate::client::raw::admin::groups::{self, GroupListing, Member};
use crate::client::raw::admin::offsets::committed_offsets;
use crate::client::raw::admin::records::Logs;
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
    let described = described(cluster, group).await?;
    let owned = described.members.iter().flat_map(|member| member.partitions.clone());
    let places = places(cluster, group, topics, owned.collect::<Vec<_>>()).await?;
    Ok(GroupPicture { coordinator: Some(coordinator), ..described }.standing_at(places))
}

/// Every group that this principal may see, with its picture, which names no coordinator. There is no picture of a
/// group of another kind (a share group), or of one that went away since it was listed.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send).
pub async fn fetch_all(cluster: &mut Cluster) -> Result<Vec<(GroupListing, Option<GroupPicture>)>, RawError> {
    let mut found = Vec::new();
    for listing in groups::list_groups(cluster).await? {
        let described = match described(cluster, &listing.group_id).await {
            Ok(described) => Some((described, committed(cluster, &listing.group_id).await?)),
            Err(RawError::Broker(_)) => None,
            Err(failure) => return Err(failure),
        };
        found.push((listing, described));
    }
    let wanted = |(picture, committed): &(GroupPicture, BTreeMap<TopicPartition, i64>)| {
        let owned = picture.members.iter().flat_map(|member| member.partitions.clone());
        committed.keys().cloned().chain(owned).collect::<BTreeSet<_>>()
    };
    let all: BTreeSet<_> =
        found.iter().filter_map(|(_, described)| described.as_ref()).flat_map(wanted).collect();
    // One question for the partitions of all groups together.
    let logs = Logs::of(cluster, &all).await?;
    let with_places = |described: (GroupPicture, BTreeMap<_, _>)| {
        let places = wanted(&described).iter().map(|at| place(&logs, at, &described.1)).collect();
        described.0.standing_at(places)
    };
    Ok(found.into_iter().map(|(listing, described)| (listing, described.map(with_places))).collect())
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
    let committed = committed(cluster, group).await?;
    let mut wanted: BTreeSet<TopicPartition> = committed.keys().cloned().chain(also).collect();
    if !topics.is_empty() {
        for (name, described) in describe_topics(cluster, topics).await? {
            let numbers = described?.partitions.into_iter().map(|one| one.partition);
            wanted.extend(numbers.map(|number| TopicPartition::new(&name, number)));
        }
    }
    let logs = Logs::of(cluster, &wanted).await?;
    Ok(wanted.iter().map(|at| place(&logs, at, &committed)).collect())
}

/// A group with its members and without its places.
async fn described(cluster: &mut Cluster, group: &str) -> Result<GroupPicture, RawError> {
    let described = groups::describe_group(cluster, group).await?;
    let mut members: Vec<MemberPicture> = described.members.into_iter().map(member).collect();
    members.sort_by(|left, right| (&left.client_id, &left.id).cmp(&(&right.client_id, &right.id)));
    Ok(GroupPicture {
        group: described.group_id,
        state: described.state,
        protocol_type: described.protocol_type,
        protocol: described.protocol,
        generation: described.generation,
        coordinator: None,
        members,
        partitions: Vec::new(),
    })
}

async fn committed(cluster: &mut Cluster, group: &str) -> Result<BTreeMap<TopicPartition, i64>, RawError> {
    let found = committed_offsets(cluster, group).await?;
    let offsets = found.into_iter().filter_map(|(at, found)| Some((at, found.ok()?.offset)));
    Ok(offsets.filter(|(_, offset)| *offset >= 0).collect())
}

/// Where a group stands in a partition; nobody owns it yet.
fn place(logs: &Logs, at: &TopicPartition, committed: &BTreeMap<TopicPartition, i64>) -> PartitionPlace {
    PartitionPlace {
        topic: at.topic.clone(),
        partition: at.partition,
        committed: committed.get(at).copied(),
        log_start: logs.start(at),
        log_end: logs.end(at),
        owner: None,
    }
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
