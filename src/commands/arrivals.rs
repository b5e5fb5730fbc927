//! The records of a topic as they arrive. Each broker is asked for the partitions that it leads, over a connection of
//! its own, and answers as soon as there is something; nothing is asked again while nothing comes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::connect;
use crate::client::raw::RawError;
use crate::client::raw::batches::{Stored, TopicLog};
use crate::profile::Profile;

/// How long a broker may keep a question to which it has nothing to say; never as long as an answer is waited for.
const WAIT: Duration = Duration::from_secs(2);
/// Answers that may wait to be taken; then the brokers are not asked either.
const WAITING: usize = 2;

/// What is read of a topic. The connections end with it.
pub(super) struct Arrivals {
    /// The topic as it was at the beginning.
    pub(super) log: TopicLog,
    found: mpsc::Receiver<Result<Vec<Stored>, RawError>>,
    _readers: JoinSet<()>,
}

impl Arrivals {
    /// Begins with the last `before` records of each partition. Needs READ on the topic, and fails without.
    ///
    /// # Errors
    /// As [`TopicLog::open`] and [`TopicLog::follow`].
    pub(super) async fn open(
        client_id: &str,
        profile: &Profile,
        patience: Duration,
        topic: &str,
        before: i64,
    ) -> Result<Self, RawError> {
        let connect = || connect::raw_as(client_id, profile, patience);
        let mut cluster = connect().await?;
        let log = TopicLog::open(&mut cluster, topic).await?;
        let mut leaders: BTreeMap<i32, BTreeMap<i32, i64>> = BTreeMap::new();
        for bounds in &log.partitions {
            let first = (bounds.end - before).max(bounds.start);
            leaders.entry(bounds.leader).or_default().insert(bounds.partition, first);
        }
        let (sender, found) = mpsc::channel(WAITING);
        let mut readers = JoinSet::new();
        let wait = WAIT.min(patience / 2);
        // The first reader takes the connection that is there.
        let mut spare = Some(cluster);
        for (leader, mut offsets) in leaders {
            let mut cluster = match spare.take() {
                Some(cluster) => cluster,
                None => connect().await?,
            };
            // Asked once here, so that a refusal is the failure of the whole.
            let first = log.follow(&mut cluster, leader, &mut offsets, Duration::ZERO).await?;
            let (log, sender) = (log.clone(), sender.clone());
            readers.spawn(async move {
                let mut next = Ok(first);
                loop {
                    let failed = next.is_err();
                    let is_nothing = next.as_ref().is_ok_and(Vec::is_empty);
                    if !is_nothing && sender.send(next).await.is_err() {
                        return;
                    }
                    if failed {
                        return;
                    }
                    next = log.follow(&mut cluster, leader, &mut offsets, wait).await;
                }
            });
        }
        Ok(Self { log, found, _readers: readers })
    }

    /// The records of the next answer, in order within each partition. May be dropped while it waits.
    ///
    /// # Errors
    /// As [`TopicLog::follow`]; after one, begin anew.
    pub(super) async fn next(&mut self) -> Result<Vec<Stored>, RawError> {
        match self.found.recv().await {
            Some(found) => found,
            // A topic without a partition cannot be; all readers end only after a failure.
            None => std::future::pending().await,
        }
    }
}
