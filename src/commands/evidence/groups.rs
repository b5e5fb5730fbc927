//! What groups committed, and who is in them.

use std::collections::BTreeMap;

use super::records::absent_is_none;
use crate::client::raw::admin::groups::describe_group;
use crate::client::raw::{Cluster, RawError};
use crate::commands::groups;
use crate::lesson::decide::{Place, SeenGroup};
use crate::lesson::{Baseline, CommittedGoal};

/// How far a group has come in every partition of a topic; `None` if there is no such topic.
pub(super) async fn places(
    cluster: &mut Cluster,
    goal: &CommittedGoal,
    baseline: &Baseline,
) -> Result<Option<Vec<Place>>, RawError> {
    let found = groups::places(cluster, &goal.group, &[&goal.topic], []).await;
    let of_topic = |found: Vec<groups::PartitionPlace>| {
        let places = found.into_iter().filter(|place| place.topic == goal.topic).map(|place| Place {
            partition: place.partition,
            before: baseline.committed_at(&goal.group, &goal.topic, place.partition),
            now: place.committed,
            end: place.log_end.unwrap_or(0),
        });
        Some(places.collect())
    };
    absent_is_none(found.map(of_topic))
}

/// What a group has committed, by topic and partition; nothing if there is no such group.
pub(super) async fn committed(
    cluster: &mut Cluster,
    group: &str,
) -> Result<BTreeMap<String, BTreeMap<i32, i64>>, RawError> {
    let mut committed: BTreeMap<String, BTreeMap<i32, i64>> = BTreeMap::new();
    for place in groups::places(cluster, group, &[], []).await? {
        if let Some(offset) = place.committed {
            committed.entry(place.topic).or_default().insert(place.partition, offset);
        }
    }
    Ok(committed)
}

/// A group as its coordinator describes it; `None` if there is none.
pub(super) async fn describe(cluster: &mut Cluster, group: &str) -> Result<Option<SeenGroup>, RawError> {
    const GROUP_ID_NOT_FOUND: i16 = 69;
    match describe_group(cluster, group).await {
        // Brokers before 4.0 call a group that does not exist dead.
        Ok(found) if found.state == "Dead" => Ok(None),
        Ok(found) => {
            let members = u32::try_from(found.members.len()).unwrap_or(u32::MAX);
            Ok(Some(SeenGroup { state: found.state, members }))
        }
        Err(RawError::Broker(error)) if error.code == GROUP_ID_NOT_FOUND => Ok(None),
        Err(problem) => Err(problem),
    }
}
