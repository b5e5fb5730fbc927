//! Committed offsets: who may commit, what is kept, and when it is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;

use super::effects::Turn;
use super::membership::{CONSUMER, Group};
use super::record::{CommittedOffset, GroupRecord};
use super::request::{CommitRequest, MemberRef, OffsetToCommit};
use super::state::{Asked, refusal};
use super::{GroupState, Millis, Results};

/// The offsets of one group, by topic and partition.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    by_topic: BTreeMap<String, BTreeMap<i32, CommittedOffset>>,
}

impl Offsets {
    pub(super) fn get(&self, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.by_topic.get(topic)?.get(&partition)
    }

    /// Keeps an offset; the one that it replaces.
    pub(super) fn put(
        &mut self,
        topic: String,
        partition: i32,
        committed: CommittedOffset,
    ) -> Option<CommittedOffset> {
        self.by_topic.entry(topic).or_default().insert(partition, committed)
    }

    pub(super) fn remove(&mut self, topic: &str, partition: i32) {
        if let Some(partitions) = self.by_topic.get_mut(topic) {
            partitions.remove(&partition);
            if partitions.is_empty() {
                self.by_topic.remove(topic);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_topic.is_empty()
    }

    /// Every offset, by topic and partition.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, i32, &CommittedOffset)> {
        self.by_topic.iter().flat_map(|(topic, partitions)| {
            partitions.iter().map(|(partition, committed)| (topic.as_str(), *partition, committed))
        })
    }
}

impl<W> Group<W> {
    /// Commits what may be committed; the results are in the order of the request.
    pub(super) fn commit(&mut self, request: CommitRequest, turn: &mut Turn<'_, W>) -> Results {
        self.check_commit(&request.member)?;
        let renews = matches!(self.state, GroupState::Stable | GroupState::PreparingRebalance);
        if let Some(member) = self.members.get_mut(&request.member.member_id).filter(|_| renews) {
            member.renew_session(turn.now);
        }
        let expires_at = request.retention_ms.map(|retention| turn.now + retention);
        Ok(request.offsets.into_iter().map(|offset| self.commit_one(offset, expires_at, turn)).collect())
    }

    /// A commit without generation is for groups without members; any other needs a member of this generation.
    fn check_commit(&self, member: &MemberRef) -> Result<(), ResponseError> {
        let outsider = member.generation < 0
            && (self.state == GroupState::Empty
                || (member.member_id.is_empty() && member.instance_id.is_none()));
        let asked = if outsider {
            Asked::CommitAsOutsider
        } else {
            self.check_generation(member)?;
            Asked::CommitAsMember
        };
        refusal(asked, self.state).map_or(Ok(()), Err)
    }

    fn commit_one(
        &mut self,
        offset: OffsetToCommit,
        expires_at: Option<Millis>,
        turn: &mut Turn<'_, W>,
    ) -> Result<(), ResponseError> {
        if offset.metadata.encode_utf16().count() > turn.config.offset_metadata_max_size {
            return Err(ResponseError::OffsetMetadataTooLarge);
        }
        let committed = CommittedOffset {
            offset: offset.offset,
            leader_epoch: offset.leader_epoch,
            metadata: offset.metadata,
            committed_at: turn.now,
            expires_at,
        };
        turn.write(GroupRecord::Offset {
            group: self.id.clone(),
            topic: offset.topic.clone(),
            partition: offset.partition,
            committed: committed.clone(),
        });
        let replaced = self.offsets.put(offset.topic, offset.partition, committed);
        turn.effects.replaced.push(replaced);
        Ok(())
    }

    /// Deletes the offsets of some partitions, unless the group's members read their topic (error 86); one result for
    /// each. Which topics those are is known of consumers only, so other groups must be empty (68).
    pub(super) fn delete_offsets_of(
        &mut self,
        partitions: &[(String, i32)],
        turn: &mut Turn<'_, W>,
    ) -> Results {
        let is_consumer = self.protocol_type.as_deref() == Some(CONSUMER);
        if let Some(error) = refusal(Asked::DeleteOffsetsBlindly, self.state).filter(|_| !is_consumer) {
            return Err(error);
        }
        let reads =
            |topic: &str| self.subscribed.as_ref().map_or(is_consumer, |topics| topics.contains(topic));
        let results = partitions
            .iter()
            .map(|(topic, _)| if reads(topic) { Err(ResponseError::GroupSubscribedToTopic) } else { Ok(()) });
        let results: Vec<_> = results.collect();
        let chosen = partitions.iter().zip(&results).filter(|(_, result)| result.is_ok());
        let chosen: BTreeSet<(&str, i32)> =
            chosen.map(|((topic, index), _)| (topic.as_str(), *index)).collect();
        self.delete_offsets(|topic, index, _| chosen.contains(&(topic, index)), turn);
        Ok(results)
    }

    /// Deletes the offsets that `which` picks.
    pub(super) fn delete_offsets(
        &mut self,
        which: impl Fn(&str, i32, &CommittedOffset) -> bool,
        turn: &mut Turn<'_, W>,
    ) {
        let picked: Vec<(String, i32)> = self
            .offsets
            .iter()
            .filter(|(topic, partition, committed)| which(topic, *partition, committed))
            .map(|(topic, partition, _)| (topic.to_owned(), partition))
            .collect();
        for (topic, partition) in picked {
            self.offsets.remove(&topic, partition);
            turn.write(GroupRecord::OffsetDeleted { group: self.id.clone(), topic, partition });
        }
    }

    /// Deletes offsets whose time is over: of a group without members counted from when it became empty, of topics
    /// that a stable consumer group no longer reads and of simple groups counted from the commit.
    pub(super) fn delete_expired_offsets(&mut self, turn: &mut Turn<'_, W>) {
        let now = turn.now;
        let retention = turn.config.offsets_retention_ms;
        let Some(counts_from) = self.expiry_base() else { return };
        let subscribed = self.subscribed.clone();
        let is_read = |topic: &str| subscribed.as_ref().is_some_and(|topics| topics.contains(topic));
        let is_over = |committed: &CommittedOffset| match committed.expires_at {
            Some(at) => now >= at,
            None => now - counts_from.unwrap_or(committed.committed_at) >= retention,
        };
        self.delete_offsets(|topic, _, committed| !is_read(topic) && is_over(committed), turn);
    }

    /// From when retention counts: `None` if nothing may expire now, `Some(None)` for each offset's commit.
    fn expiry_base(&self) -> Option<Option<Millis>> {
        let is_consumer = self.protocol_type.as_deref() == Some(CONSUMER);
        match self.state {
            _ if self.protocol_type.is_none() => Some(None),
            GroupState::Empty => Some(Some(self.state_since)),
            GroupState::Stable if is_consumer && self.subscribed.is_some() => Some(None),
            _ => None,
        }
    }
}
