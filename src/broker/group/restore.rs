//! From records to groups and back: what a restart and a snapshot of the journal need.

use super::effects::{Effects, Turn};
use super::event::Reason;
use super::membership::Group;
use super::record::GroupRecord;
use super::{GroupConfig, Groups, Millis, rearm};

impl<W> Groups<W> {
    /// The groups that `records`, in the order they were written, leave behind. Members' sessions begin anew, so that
    /// those that outlived the broker go on without a rebalance.
    pub fn restore(
        config: GroupConfig,
        records: impl IntoIterator<Item = GroupRecord>,
        now: Millis,
    ) -> (Groups<W>, Effects<W>) {
        let mut groups = Groups::new(config);
        for record in records {
            groups.replay(record, now);
        }
        let mut turn = Turn::new(&groups.config, now);
        for group in groups.groups.values_mut() {
            if group.members.len() > turn.config.max_size {
                group.prepare_rebalance(Reason::GroupTooLarge, None, &mut turn);
            }
            rearm(group, &mut groups.alarms);
        }
        let effects = turn.effects;
        (groups, effects)
    }

    fn replay(&mut self, record: GroupRecord, now: Millis) {
        match record {
            GroupRecord::Group(metadata) => {
                self.create_if_absent(&metadata.group, now);
                if let Some(group) = self.groups.get_mut(&metadata.group) {
                    let offsets = std::mem::take(&mut group.offsets);
                    *group = Group { offsets, ..Group::restored(metadata, now) };
                }
            }
            GroupRecord::GroupDeleted { group } => {
                self.groups.remove(&group);
            }
            GroupRecord::Offset { group, topic, partition, committed } => {
                self.create_if_absent(&group, now);
                if let Some(group) = self.groups.get_mut(&group) {
                    let _ = group.offsets.put(topic, partition, committed);
                }
            }
            GroupRecord::OffsetDeleted { group, topic, partition } => {
                if let Some(group) = self.groups.get_mut(&group) {
                    group.offsets.remove(&topic, partition);
                }
            }
        }
    }

    /// The fewest records that say what all records written so far say.
    pub fn snapshot(&self) -> Vec<GroupRecord> {
        let mut records = Vec::new();
        for group in self.groups.values() {
            records.extend(group.recorded.clone().map(GroupRecord::Group));
            records.extend(group.offsets.iter().map(|(topic, partition, committed)| GroupRecord::Offset {
                group: group.id.clone(),
                topic: topic.to_owned(),
                partition,
                committed: committed.clone(),
            }));
        }
        records
    }
}
