//! Reading as a member of a consumer group: the group gives partitions, and what was handled is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;

use super::consumer::{self, Ears, Membership, Move, Native};
use super::failure::{Failure, Need};
use super::metadata::{on_group, on_topic};
use super::record::Received;
use super::settings::Settings;
use super::signals::{Away, blocking};

/// How long a goodbye may take that nobody is likely to hear.
const BRIEF: Duration = Duration::from_millis(300);

/// Where a group begins in a partition for which it has committed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reset {
    /// The first record that is there.
    #[default]
    Earliest,
    /// Records from now on.
    Latest,
}

/// What to read as a member.
#[derive(Debug, Clone, Copy)]
pub struct GroupRequest<'a> {
    /// The group's id on the wire.
    pub group: &'a str,
    /// The topic.
    pub topic: &'a str,
    /// Where to begin without a committed offset.
    pub reset: Reset,
    /// Whether the caller goes on past the end. A fetch then waits longer, and so does the reader for a broker that
    /// is away.
    pub follow: bool,
}

/// What a member lives through.
pub enum GroupEvent<'a> {
    /// The group gave these partitions to this member; an empty list means that others own all of them.
    Assigned(Vec<i32>),
    /// The group took these partitions away. What was handled is committed, unless `commit` says why not.
    Revoked {
        /// The partitions.
        partitions: Vec<i32>,
        /// Why the last commit failed, if it did.
        commit: Option<Failure>,
    },
    /// A record; call [`GroupReader::handled`] once it is dealt with.
    Record(Received<'a>),
    /// Every partition of this member is read to the end that was seen at the start. Reported once.
    CaughtUp,
}

/// A member of a consumer group.
pub struct GroupReader {
    native: Arc<Native>,
    ears: Ears,
    group: String,
    topic: String,
    partitions: Vec<i32>,
    progress: Progress,
    limit: Duration,
    /// Whether a broker that is away is waited for without end.
    follow: bool,
}

/// How far the member is. Apart from the reader, because a record that is handed out borrows the consumer.
struct Progress {
    membership: Membership,
    /// The end of each partition as seen at the start.
    ends: BTreeMap<i32, i64>,
    /// Partitions that are read to that end.
    reached: BTreeSet<i32>,
    /// Whether [`GroupEvent::CaughtUp`] was reported.
    reported: bool,
}

impl GroupReader {
    /// Joins the group. The first event tells what the group gave.
    pub async fn join(settings: &Settings, request: &GroupRequest<'_>) -> Result<Self, Failure> {
        let reset = match request.reset {
            Reset::Earliest => "earliest",
            Reset::Latest => "latest",
        };
        let wait = if request.follow { "500" } else { "100" };
        let own = vec![("auto.offset.reset", reset.to_owned()), ("fetch.wait.max.ms", wait.to_owned())];
        let (native, ears) = consumer::create(settings, request.group, own)?;
        let needs = [on_topic("READ", request.topic), on_group("READ", request.group)];
        let topic = consumer::topic(&native, &ears.signals, settings, request.topic, &needs).await?;
        let partitions: Vec<i32> = topic.partitions.iter().map(|partition| partition.id).collect();
        let (name, limit, all) = (request.topic.to_owned(), settings.timeout, partitions.clone());
        let ends = consumer::ask(&native, &ears.signals, move |native| {
            let end = |partition| Ok((partition, native.fetch_watermarks(&name, partition, limit)?.1));
            all.into_iter().map(end).collect::<Result<BTreeMap<_, _>, KafkaError>>()
        });
        let ends = ends.await.map_err(|failure| failure.needing(needs))?;
        ears.membership.lock().topic = request.topic.to_owned();
        native.subscribe(&[request.topic])?;
        let membership = ears.membership.clone();
        let progress = Progress { membership, ends, reached: BTreeSet::new(), reported: false };
        Ok(Self {
            native,
            ears,
            group: request.group.to_owned(),
            topic: request.topic.to_owned(),
            partitions,
            progress,
            limit,
            follow: request.follow,
        })
    }

    /// Every partition of the topic.
    pub fn partitions(&self) -> &[i32] {
        &self.partitions
    }

    /// The partitions that this member owns now.
    pub fn assigned(&self) -> Vec<i32> {
        self.ears.membership.lock().assigned.clone()
    }

    /// Tells when the brokers went away. A record that comes afterwards shows that they are back.
    pub fn away(&self) -> Away {
        Away::new(&self.ears.signals)
    }

    /// The next event. The first refusal ends it, because librdkafka reports a denied topic or group only once and
    /// is silent ever after.
    pub async fn next(&mut self) -> Result<GroupEvent<'_>, Failure> {
        loop {
            if let Some(event) = self.progress.next() {
                return Ok(event);
            }
            let moved = Arc::clone(&self.ears.membership.moved);
            let event = tokio::select! {
                biased;
                event = self.native.recv() => event,
                () = moved.notified() => continue,
                failure = self.ears.signals.terminal() => return Err(failure),
                failure = self.ears.signals.lost_for(self.limit), if !self.follow => return Err(failure),
                // Also one that was reported while the offsets were looked up, before anybody asked for events.
                denied = self.ears.signals.denied() => {
                    let needs = self.needs(denied.number());
                    return Err(denied.needing(needs));
                }
            };
            match event {
                Ok(message) => {
                    if self.ears.signals.is_down() {
                        self.ears.signals.proven();
                    }
                    self.progress.saw(message.partition(), message.offset());
                    return Ok(GroupEvent::Record(Received(message)));
                }
                Err(KafkaError::PartitionEOF(partition)) => {
                    self.progress.reached.insert(partition);
                }
                Err(error) if consumer::passes(&error) => {}
                Err(error) => {
                    let failure = self.ears.signals.explain(error);
                    let needs = self.needs(failure.number());
                    return Err(failure.needing(needs));
                }
            }
        }
    }

    /// The rights of a member, the one that the code speaks about first.
    fn needs(&self, number: Option<i32>) -> [Need; 2] {
        let (topic, group) = (on_topic("READ", &self.topic), on_group("READ", &self.group));
        match number {
            Some(30) => [group, topic],
            _ => [topic, group],
        }
    }

    /// The record at `offset` is dealt with, so the next commit may cover it.
    pub fn handled(&mut self, partition: i32, offset: i64) {
        self.ears.membership.lock().handled.insert(partition, offset + 1);
    }

    /// What the next commits keep beside the offset of a partition: Kafka's commit metadata, at most 4096 bytes unless
    /// the broker's `offset.metadata.max.bytes` says otherwise.
    pub fn note(&mut self, partition: i32, note: String) {
        self.ears.membership.lock().notes.insert(partition, note);
    }

    /// Fetches no more of a partition that this member owns. What came already may still be handed out.
    pub fn pause(&self, partition: i32) -> Result<(), Failure> {
        let Some(list) = consumer::list(&self.topic, std::iter::once((partition, 0))) else { return Ok(()) };
        Ok(self.native.pause(&list)?)
    }

    /// Fetches on after [`pause`](Self::pause), behind the last record that was handed out.
    pub fn resume(&self, partition: i32) -> Result<(), Failure> {
        let Some(list) = consumer::list(&self.topic, std::iter::once((partition, 0))) else { return Ok(()) };
        Ok(self.native.resume(&list)?)
    }

    /// Offsets that were handled and are not committed: the next one to read of each partition.
    pub fn uncommitted(&self) -> BTreeMap<i32, i64> {
        self.ears.membership.lock().handled.clone()
    }

    /// Offsets that the broker acknowledged as committed during this membership.
    pub fn committed(&self) -> BTreeMap<i32, i64> {
        self.ears.membership.lock().committed.clone()
    }

    /// Commits exactly what was handled, and waits for the broker's word.
    pub async fn commit(&mut self) -> Result<(), Failure> {
        let (offsets, list) = {
            let state = self.ears.membership.lock();
            (state.handled.clone(), state.to_commit())
        };
        let Some(list) = list else { return Ok(()) };
        let native = Arc::clone(&self.native);
        let call = blocking(move || native.commit(&list, CommitMode::Sync));
        let needs = [on_group("READ", &self.group), on_topic("READ", &self.topic)];
        match tokio::time::timeout(self.limit, call).await {
            Ok(Ok(())) => {
                self.ears.membership.lock().was_committed(&offsets);
                Ok(())
            }
            Ok(Err(error)) => Err(self.ears.signals.explain(error).needing(needs)),
            Err(_) => Err(self.ears.signals.silent().needing(needs)),
        }
    }

    /// Commits what was handled and says goodbye, so that the others get the partitions at once instead of after
    /// the session time-out. Returns what was committed in all.
    pub async fn leave(mut self) -> Result<BTreeMap<i32, i64>, Failure> {
        let committed = self.commit().await;
        let (membership, limit) = (self.ears.membership.clone(), self.limit);
        self.goodbye(limit).await;
        committed?;
        let committed = membership.lock().committed.clone();
        Ok(committed)
    }

    /// Ends a membership whose broker does not answer any more: nothing is committed, and the group finds out by the
    /// session time-out. Returns what was committed before, and what stays uncommitted.
    pub async fn abandon(self) -> (BTreeMap<i32, i64>, BTreeMap<i32, i64>) {
        let offsets = {
            let mut state = self.ears.membership.lock();
            (state.committed.clone(), std::mem::take(&mut state.handled))
        };
        self.goodbye(BRIEF).await;
        offsets
    }

    async fn goodbye(self, limit: Duration) {
        let native = self.native;
        let goodbye = blocking(move || {
            drop(native);
            Ok(())
        });
        let _ = tokio::time::timeout(limit, goodbye).await;
    }
}

impl Progress {
    /// An event that needs no waiting: a move of the group, or that everything is read.
    fn next(&mut self) -> Option<GroupEvent<'static>> {
        let step = self.membership.lock().moves.pop_front();
        match step {
            Some(Move::Assigned(partitions)) => {
                self.reported = false;
                Some(GroupEvent::Assigned(partitions))
            }
            Some(Move::Revoked { partitions, commit }) => {
                self.reached.retain(|partition| !partitions.contains(partition));
                Some(GroupEvent::Revoked { partitions, commit })
            }
            None if !self.reported && self.all_reached() => {
                self.reported = true;
                Some(GroupEvent::CaughtUp)
            }
            None => None,
        }
    }

    fn all_reached(&self) -> bool {
        let state = self.membership.lock();
        !state.assigned.is_empty() && state.assigned.iter().all(|partition| self.reached.contains(partition))
    }

    fn saw(&mut self, partition: i32, offset: i64) {
        if offset + 1 >= self.ends.get(&partition).copied().unwrap_or(i64::MAX) {
            self.reached.insert(partition);
        }
    }
}
