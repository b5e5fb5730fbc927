//! Nest's default (NestJS 12 on KafkaJS 2.2.4): a handler that throws is tried again, then the consumer crashes and
//! starts anew at the same offset, for ever.
//!
//! Seen with KafkaJS itself: during each pause nothing at all is fetched; before the next attempt the other partitions
//! get through in a burst; the poisoned one never does. It restarts after the pause that would have come next.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Play, Reader};
use crate::client::{Failure, GroupEvent, GroupReader, Record};
use crate::commands::phase4::dlq::orders::Handler;

/// KafkaJS's `retries`, which are 5 by default: 9.3 s until the first restart. With so many one sees restarts earlier.
pub(in super::super) const RETRIES: u32 = 2;
/// KafkaJS's `initialRetryTime`.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
/// How long one burst of fetches lasts here.
const BURST: Duration = Duration::from_millis(50);
/// KafkaJS commits after each batch.
const COMMIT_EVERY: Duration = Duration::from_millis(100);

/// What the second world came to.
#[derive(Debug, Default)]
pub(in super::super) struct Nest {
    /// Orders that were handled.
    pub handled: u64,
    /// How often the handler was given a message and threw.
    pub failures: u64,
    /// How often the consumer crashed and started anew.
    pub restarts: u32,
}

/// The pause after so many failures in a row; KafkaJS varies it by 20 % at random, and stops at 30 s.
fn pause(failures: u32) -> Duration {
    FIRST_PAUSE * 2_u32.saturating_pow(failures.saturating_sub(1)).min(100)
}

/// Lives until it is over.
pub(super) async fn live(play: &Play<'_>) -> Result<Nest, Failure> {
    let mut world = Nest::default();
    let mut member = play.member(Reader::Nest).await?;
    let mut goes_on = play.owns(Reader::Nest, &mut member).await?;
    while goes_on {
        let crashed = life(play, &mut member, &mut world).await?;
        let Some(wait) = crashed else { break };
        member.leave().await?;
        goes_on = sleep(play, wait).await;
        world.restarts += 1;
        member = play.member(Reader::Nest).await?;
    }
    member.leave().await?;
    Ok(world)
}

/// From a start to the next crash: how long the consumer waits then. `None`: it is over.
async fn life(
    play: &Play<'_>,
    member: &mut GroupReader,
    world: &mut Nest,
) -> Result<Option<Duration>, Failure> {
    let mut failures = 0;
    // The message that each blocked partition stands at.
    let mut blocked: BTreeMap<i32, Record> = BTreeMap::new();
    let mut burst_ends = Instant::now();
    let mut committed_at = Instant::now();
    loop {
        let record = tokio::select! {
            biased;
            () = play.over.cancelled() => return Ok(None),
            () = sleep_until(burst_ends), if !blocked.is_empty() => None,
            () = sleep_until(committed_at + COMMIT_EVERY), if !member.uncommitted().is_empty() => {
                member.commit().await?;
                committed_at = Instant::now();
                continue;
            }
            event = member.next() => match event? {
                GroupEvent::Record(record) => Some(record.view().to_record()),
                _ => continue,
            },
        };
        let threw = match record {
            Some(record) if blocked.contains_key(&record.partition) => false,
            Some(record) => {
                let threw = Handler::AsWritten.handle(record.value.as_deref()).is_err();
                if threw {
                    blocked.insert(record.partition, record);
                } else {
                    member.handled(record.partition, record.offset);
                    world.handled += 1;
                }
                threw
            }
            None => {
                blocked.values().any(|record| Handler::AsWritten.handle(record.value.as_deref()).is_err())
            }
        };
        if threw {
            failures += 1;
            world.failures += 1;
            if world.restarts > 0 {
                play.restarted.cancel();
            }
            member.commit().await?;
            if failures > RETRIES {
                return Ok(Some(pause(failures)));
            }
            sleep(play, pause(failures)).await;
            burst_ends = Instant::now() + BURST;
        }
    }
}

/// `false`: it was over before.
async fn sleep(play: &Play<'_>, pause: Duration) -> bool {
    tokio::select! {
        () = play.over.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_of_kafkajs_restarts_after_9_3_seconds() {
        let until_restart: Duration = (1..=5).map(pause).sum();
        assert_eq!(until_restart, Duration::from_millis(9300));
        assert_eq!(pause(RETRIES + 1), Duration::from_millis(1200), "when the consumer starts anew");
    }
}
