//! The receiving application: a member of its own group that reacts to each message, and commits what it reacted to.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::places;
use super::side::Side;
use crate::client::{Failure, GroupEvent, GroupReader, GroupRequest, Kind, Placed, Producer, Reset};
use crate::contract::{Envelope, EventName};

/// A message that came in, and what became of it.
#[derive(Debug, Clone)]
pub(super) struct Received {
    /// The message.
    pub message: Envelope,
    /// When the application had it.
    pub at: Instant,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Where the event is that the application answered with.
    pub reaction: Option<(Envelope, Placed)>,
}

/// Makes the event that answers a message.
pub(super) type React<'a> = &'a (dyn Fn(&Envelope) -> Option<Envelope> + Sync);

/// The receiving application at work.
pub(super) struct Reactor<'a> {
    side: &'a Side,
    topic: &'a str,
    /// The orders of this run. What else is in the topic is read and passed over.
    wanted: BTreeSet<String>,
    /// The event that this application listens for.
    event: EventName,
    react: React<'a>,
    producer: Producer,
    member: GroupReader,
    /// The offset after the last record that was seen, of each partition.
    position: BTreeMap<i32, i64>,
    /// What came in of this run, in order of arrival.
    pub received: Vec<Received>,
    /// Records of others, such as those of earlier runs.
    pub passed_over: u64,
}

impl<'a> Reactor<'a> {
    /// Joins the side's group.
    pub(super) async fn join(
        side: &'a Side,
        topic: &'a str,
        (event, wanted): (EventName, BTreeSet<String>),
        react: React<'a>,
    ) -> Result<Self, Failure> {
        let request = GroupRequest { group: &side.group, topic, reset: Reset::Earliest, follow: true };
        let member = GroupReader::join(&side.settings, &request).await?;
        let (position, received) = (BTreeMap::new(), Vec::new());
        let producer = side.producer()?;
        Ok(Self { side, topic, wanted, event, react, producer, member, position, received, passed_over: 0 })
    }

    /// Works until every order of the run came in, and then to the end of the log, where a second copy would stand.
    /// Says that it is `ready` once the group has given it partitions.
    pub(super) async fn run(&mut self, ready: oneshot::Sender<()>) -> Result<(), Failure> {
        while self.member.assigned().is_empty() {
            self.step().await?;
        }
        // Nobody listens any more where the other side has failed; then there is nothing to be ready for either.
        let _ = ready.send(());
        while !self.has_all() {
            self.step().await?;
        }
        self.read_to_end().await
    }

    /// Whether each order of the run came at least once.
    fn has_all(&self) -> bool {
        let orders: BTreeSet<&str> = self.received.iter().map(|one| one.message.order.as_str()).collect();
        orders.len() >= self.wanted.len()
    }

    /// Reads on to the log's end as it is now, if that comes within the patience of one call.
    async fn read_to_end(&mut self) -> Result<(), Failure> {
        self.member.commit().await?;
        let places = places::of(self.side, self.topic).await?;
        let mut open: BTreeMap<i32, i64> = places
            .iter()
            .filter_map(|place| Some((place.partition, place.log_end.filter(|end| place.next() < *end)?)))
            .collect();
        let patience = Instant::now() + self.side.settings.timeout;
        loop {
            let owned = self.member.assigned();
            open.retain(|partition, end| {
                owned.contains(partition) && self.position.get(partition).is_none_or(|next| next < end)
            });
            if open.is_empty() {
                return Ok(());
            }
            match tokio::time::timeout_at(patience, self.step()).await {
                Ok(step) => step?,
                // The last offsets of a log may be the marks of a transaction, which no consumer is given.
                Err(_) => return Ok(()),
            }
        }
    }

    /// One event of the membership; a message of the run is reacted to, and only then counts as handled.
    async fn step(&mut self) -> Result<(), Failure> {
        let (partition, offset, message) = match self.member.next().await? {
            GroupEvent::Record(record) => {
                let view = record.view();
                (view.partition, view.offset, view.value.and_then(Envelope::parse))
            }
            GroupEvent::Assigned(_) | GroupEvent::Revoked { .. } | GroupEvent::CaughtUp => return Ok(()),
        };
        let at = Instant::now();
        self.position.insert(partition, offset + 1);
        match message {
            Some(message) if message.event == self.event && self.wanted.contains(&message.order) => {
                let reaction = self.answer(&message).await?;
                self.received.push(Received { message, at, partition, offset, reaction });
                self.member.handled(partition, offset);
                // What is committed is not given again; a crash before this line repeats the message.
                self.member.commit().await
            }
            other => {
                // Its own answers come back to it, as to everybody in the topic.
                let own = other.is_some_and(|message| self.wanted.contains(&message.order));
                self.passed_over += u64::from(!own);
                self.member.handled(partition, offset);
                Ok(())
            }
        }
    }

    async fn answer(&mut self, message: &Envelope) -> Result<Option<(Envelope, Placed)>, Failure> {
        let Some(answer) = (self.react)(message) else { return Ok(None) };
        self.side.enqueue(&mut self.producer, self.topic, &answer).await?;
        match self.producer.acknowledged().await? {
            Some(ack) => Ok(Some((answer, ack.result.map_err(|failure| *failure)?))),
            None => Err(Failure::new(Kind::Other, "no acknowledgement came")),
        }
    }

    /// Commits, says goodbye, and hands out what came in.
    pub(super) async fn leave(self) -> Result<(Vec<Received>, u64), Failure> {
        self.member.leave().await?;
        Ok((self.received, self.passed_over))
    }
}
