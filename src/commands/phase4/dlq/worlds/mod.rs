//! One log with a poison message in it, read by three groups at the same time: as Laravel does it by default, as Nest
//! does it by default, and with retries and a dead-letter topic.

mod claims;
#[cfg(test)]
mod example;
mod lag;
mod laravel;
mod nest;
mod retries;

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(super) use self::lag::{Sample, behind};
pub(super) use self::laravel::Laravel;
pub(super) use self::nest::Nest;
pub(super) use self::retries::Retries;
use super::machine::Policy;
use super::orders::Order;
use super::stage::{Reader, Stage};
use crate::client::{Failure, GroupReader, GroupRequest, Placed, Producer, Reset};
use crate::commands::groups::PartitionPlace;

/// How much longer Nest's world may go on so that it is seen failing after a restart, too.
const LAST_ACT: Duration = Duration::from_secs(5);

/// What is played.
#[derive(Debug)]
pub(super) struct Plan {
    /// The orders, in the order in which they are sent.
    pub orders: Vec<Order>,
    /// How long the sending takes.
    pub span: Duration,
    /// How the third world retries.
    pub policy: Policy,
    /// When it is over at the latest.
    pub limit: Duration,
}

/// Where an order went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// When it was handed to the producer.
    pub at: Instant,
    /// Its partition and offset.
    pub place: Place,
    /// Whether it is poison.
    pub is_poison: bool,
}

/// A record's partition and offset.
pub(super) type Place = (i32, i64);

/// What was seen.
pub(super) struct Seen {
    /// Where each order is.
    pub sent: Vec<Sent>,
    /// The first world.
    pub laravel: Laravel,
    /// The second.
    pub nest: Nest,
    /// The third.
    pub retries: Retries,
    /// Lags over time.
    pub samples: Vec<Sample>,
    /// Where the groups stand at the end, in the order of [`Reader::ALL`].
    pub places: [Vec<PartitionPlace>; 3],
    /// Whether the worlds came to their ends by themselves before the plan's limit.
    pub in_time: bool,
}

/// What the parts of a play share.
struct Play<'a> {
    stage: &'a Stage,
    plan: &'a Plan,
    began: Instant,
    /// A reader has its partitions, in the order of [`Reader::ALL`].
    ready: [CancellationToken; 3],
    /// Nest failed again after a restart.
    restarted: CancellationToken,
    /// Ends what would go on for ever.
    over: CancellationToken,
}

/// Plays all three worlds; `stop` ends them early. A failure is that of the first who had one.
pub(super) async fn play(
    stage: &Stage,
    plan: &Plan,
    stop: &CancellationToken,
) -> Result<Seen, (Reader, Failure)> {
    let play = Play {
        stage,
        plan,
        began: Instant::now(),
        ready: Default::default(),
        restarted: CancellationToken::new(),
        over: stop.child_token(),
    };
    let finite = async {
        let all = tokio::join!(
            play.guarded(Reader::Retries, send(&play)),
            play.guarded(Reader::Laravel, laravel::live(&play)),
            play.guarded(Reader::Retries, retries::live(&play)),
        );
        if plan.orders.iter().any(|order| order.is_poison) {
            tokio::select! {
                () = play.restarted.cancelled() => {}
                () = play.over.cancelled() => {}
                () = tokio::time::sleep(LAST_ACT) => {}
            }
        }
        play.over.cancel();
        all
    };
    let late = async {
        tokio::select! {
            () = play.over.cancelled() => true,
            () = tokio::time::sleep(plan.limit) => {
                play.over.cancel();
                false
            }
        }
    };
    let ((sent, laravel, retries), nest, samples, in_time) = tokio::join!(
        finite,
        play.guarded(Reader::Nest, nest::live(&play)),
        play.guarded(Reader::Retries, lag::sample(&play)),
        late,
    );
    let (sent, laravel, retries, nest, samples) = (sent?, laravel?, retries?, nest?, samples?);
    let places = lag::places(stage).await.map_err(|failure| (Reader::Retries, failure))?;
    Ok(Seen { sent, laravel, nest, retries, samples, places, in_time })
}

impl Play<'_> {
    /// A part of the play; its failure ends the others.
    async fn guarded<T>(
        &self,
        who: Reader,
        part: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, (Reader, Failure)> {
        part.await.map_err(|failure| {
            self.over.cancel();
            (who, failure)
        })
    }

    /// A member of a reader's group.
    async fn member(&self, reader: Reader) -> Result<GroupReader, Failure> {
        let group = self.stage.group(reader);
        let request =
            GroupRequest { group: &group, topic: &self.stage.topic, reset: Reset::Earliest, follow: true };
        GroupReader::join(&self.stage.settings(reader), &request).await
    }

    /// Waits until a member owns partitions, before anything is sent, and says so. `false`: it is over.
    async fn owns(&self, reader: Reader, member: &mut GroupReader) -> Result<bool, Failure> {
        while member.assigned().is_empty() {
            tokio::select! {
                () = self.over.cancelled() => return Ok(false),
                event = member.next() => drop(event?),
            }
        }
        self.ready[reader as usize].cancel();
        Ok(true)
    }
}

/// Sends the orders, evenly over the span, once every reader has its partitions.
async fn send(play: &Play<'_>) -> Result<Vec<Sent>, Failure> {
    let (stage, orders) = (play.stage, &play.plan.orders);
    let mut producer = Producer::new(&stage.settings(Reader::Retries), &stage.options())?;
    producer.topic(&stage.topic).await?;
    for ready in &play.ready {
        tokio::select! {
            () = ready.cancelled() => {}
            () = play.over.cancelled() => return Ok(Vec::new()),
        }
    }
    let started = Instant::now();
    let mut times = Vec::with_capacity(orders.len());
    for (number, order) in orders.iter().enumerate() {
        tokio::select! {
            () = tokio::time::sleep_until(started + play.plan.span.mul_f64(number as f64 / orders.len() as f64)) => {}
            () = play.over.cancelled() => break,
        }
        times.push(Instant::now());
        producer.put(&order.record(&stage.topic))?;
    }
    let mut sent = Vec::with_capacity(times.len());
    while let Some(ack) = producer.acknowledged().await? {
        let Placed { partition, offset, .. } = ack.result.map_err(|failure| *failure)?;
        let number = usize::try_from(ack.sequence).unwrap_or(usize::MAX);
        if let (Some(order), Some(at), Some(offset)) = (orders.get(number), times.get(number), offset) {
            sent.push(Sent { at: *at, place: (partition, offset), is_poison: order.is_poison });
        }
    }
    Ok(sent)
}
