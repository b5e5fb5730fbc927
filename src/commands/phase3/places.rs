//! Where a side's group stands in each partition of the topic.

use std::collections::BTreeMap;

use super::side::Side;
use crate::client::raw::admin::offsets::commit_offsets;
use crate::client::raw::admin::topics::TopicPartition;
use crate::client::raw::{Cluster, RawError};
use crate::commands::connect;
use crate::commands::groups::{PartitionPlace, places};

/// The places of a side's own group, by partition, asked with its own credentials.
pub(super) async fn of(side: &Side, topic: &str) -> Result<Vec<PartitionPlace>, RawError> {
    let mut places = places(&mut cluster(side).await?, &side.group, &[topic], []).await?;
    places.retain(|place| place.topic == topic);
    Ok(places)
}

/// Lets a side's group begin at the end of the log as it is now, so that a long one costs nothing.
pub(super) async fn begin_at_the_end(side: &Side, topic: &str) -> Result<(), RawError> {
    let places = of(side, topic).await?;
    let ends: BTreeMap<TopicPartition, i64> =
        places.iter().filter_map(|place| Some((place.at(), place.log_end?))).collect();
    let results = commit_offsets(&mut cluster(side).await?, &side.group, &ends).await?;
    results.into_values().try_for_each(|result| result.map_err(RawError::from))
}

async fn cluster(side: &Side) -> Result<Cluster, RawError> {
    connect::raw(&side.profile, side.settings.timeout).await
}
