//! How far the three groups are behind the log, over time.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Play, Reader, Stage};
use crate::client::Failure;
use crate::client::raw::{Cluster, RawError};
use crate::commands::groups::{self, PartitionPlace};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(250);

/// The lags at one moment.
#[derive(Debug, Clone)]
pub(in super::super) struct Sample {
    /// Since the beginning.
    pub at: Duration,
    /// Records behind the end, by partition, for each group in the order of [`Reader::ALL`].
    pub lags: [BTreeMap<i32, i64>; 3],
}

/// Looks again and again until it is over.
pub(super) async fn sample(play: &Play<'_>) -> Result<Vec<Sample>, Failure> {
    let mut samples = Vec::new();
    let mut cluster = play.stage.cluster().await?;
    let mut look = tokio::time::interval(EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = play.over.cancelled() => return Ok(samples),
            _ = look.tick() => {}
        }
        if play.ready.iter().any(|ready| !ready.is_cancelled()) {
            continue;
        }
        let mut lags = [(); 3].map(|()| BTreeMap::new());
        for reader in Reader::ALL {
            let places = of(&mut cluster, play.stage, reader).await?;
            lags[reader as usize] = places.iter().map(|place| (place.partition, behind(place))).collect();
        }
        samples.push(Sample { at: play.began.elapsed(), lags });
    }
}

/// Where the groups stand now, in the order of [`Reader::ALL`].
pub(super) async fn places(stage: &Stage) -> Result<[Vec<PartitionPlace>; 3], Failure> {
    let mut cluster = stage.cluster().await?;
    let mut places = [(); 3].map(|()| Vec::new());
    for reader in Reader::ALL {
        places[reader as usize] = of(&mut cluster, stage, reader).await?;
    }
    Ok(places)
}

/// Records that a group has still to read; it began at the start of the log.
pub(in super::super) fn behind(place: &PartitionPlace) -> i64 {
    place.log_end.map_or(0, |end| (end - place.next()).max(0))
}

async fn of(cluster: &mut Cluster, stage: &Stage, reader: Reader) -> Result<Vec<PartitionPlace>, RawError> {
    groups::places(cluster, &stage.group(reader), &[&stage.topic], []).await
}
