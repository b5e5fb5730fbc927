//! What both ways of reading share: a consumer whose side events are heard, and blocking calls beside it.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::Offset;
use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance, StreamConsumer,
};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionList;
use tokio::sync::Notify;

use super::failure::{Failure, Need};
use super::metadata::{self, Topic};
use super::settings::Settings;
use super::signals::{Signals, blocking};

pub(super) type Native = StreamConsumer<Ears>;

/// The context of a consumer: login failures, and what happens to its membership.
#[derive(Clone)]
pub(super) struct Ears {
    pub(super) signals: Signals,
    pub(super) membership: Membership,
}

/// The member's side of a group: what it handed out, what is committed, and the moves that the group made.
#[derive(Clone, Default)]
pub(super) struct Membership {
    state: Arc<Mutex<MemberState>>,
    pub(super) moved: Arc<Notify>,
}

#[derive(Default)]
pub(super) struct MemberState {
    /// Partitions that the group gave to this member.
    pub(super) assigned: Vec<i32>,
    /// The offset after the last record that was handled and not yet committed.
    pub(super) handled: BTreeMap<i32, i64>,
    /// What to keep beside the offset of a partition, as the metadata of its commit.
    pub(super) notes: BTreeMap<i32, String>,
    /// The offset committed last.
    pub(super) committed: BTreeMap<i32, i64>,
    /// Moves that nobody was told about yet.
    pub(super) moves: VecDeque<Move>,
    /// The one topic of the subscription.
    pub(super) topic: String,
}

/// A change of what the member owns.
pub(super) enum Move {
    Assigned(Vec<i32>),
    Revoked { partitions: Vec<i32>, commit: Option<Failure> },
}

impl Membership {
    pub(super) fn lock(&self) -> MutexGuard<'_, MemberState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moved(&self, step: Move) {
        self.lock().moves.push_back(step);
        self.moved.notify_one();
    }
}

impl MemberState {
    /// What is to be committed, as librdkafka takes it.
    pub(super) fn to_commit(&self) -> Option<TopicPartitionList> {
        let list = list(&self.topic, self.handled.iter().map(|(partition, next)| (*partition, *next)))?;
        for (partition, note) in &self.notes {
            if let Some(mut element) = list.find_partition(&self.topic, *partition) {
                element.set_metadata(note);
            }
        }
        Some(list)
    }

    /// Moves `offsets` from "handled" to "committed", except what was handled meanwhile.
    pub(super) fn was_committed(&mut self, offsets: &BTreeMap<i32, i64>) {
        for (partition, next) in offsets {
            self.committed.insert(*partition, *next);
            if self.handled.get(partition) == Some(next) {
                self.handled.remove(partition);
            }
        }
    }
}

/// Partitions with offsets; `None` when there are none.
pub(super) fn list(topic: &str, offsets: impl Iterator<Item = (i32, i64)>) -> Option<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        // Only an offset that librdkafka cannot represent is refused, and those below zero never get here.
        let _ = list.add_partition_offset(topic, partition, Offset::Offset(offset));
    }
    (list.count() > 0).then_some(list)
}

impl ClientContext for Ears {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.signals.log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.signals.error(error, reason);
    }
}

impl ConsumerContext for Ears {
    /// A partition that is taken away is committed first, so that its next owner starts where this one ended.
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(partitions) = rebalance else { return };
        let (offsets, list) = {
            let state = self.membership.lock();
            (state.handled.clone(), state.to_commit())
        };
        let commit = match list {
            // The group has already given the partitions to others: a commit would be refused.
            _ if consumer.assignment_lost() => None,
            None => None,
            Some(list) => match consumer.commit(&list, CommitMode::Sync) {
                Ok(()) => {
                    self.membership.lock().was_committed(&offsets);
                    None
                }
                Err(error) => Some(self.signals.explain(error)),
            },
        };
        let partitions = numbers(partitions);
        {
            let mut state = self.membership.lock();
            state.assigned.retain(|partition| !partitions.contains(partition));
            state.handled.retain(|partition, _| !partitions.contains(partition));
        }
        self.membership.moved(Move::Revoked { partitions, commit });
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Assign(partitions) = rebalance else { return };
        let partitions = numbers(partitions);
        {
            let mut state = self.membership.lock();
            state.assigned.extend(&partitions);
            state.assigned.sort_unstable();
            state.assigned.dedup();
        }
        self.membership.moved(Move::Assigned(partitions));
    }
}

fn numbers(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(|element| element.partition()).collect()
}

/// A consumer, not yet connected.
pub(super) fn create(
    settings: &Settings,
    group: &str,
    own: Vec<(&'static str, String)>,
) -> Result<(Arc<Native>, Ears), Failure> {
    let ears = Ears { signals: Signals::new(&settings.bootstrap), membership: Membership::default() };
    let mut all = vec![
        ("group.id", group.to_owned()),
        ("enable.auto.commit", "false".to_owned()),
        ("enable.auto.offset.store", "false".to_owned()),
        ("enable.partition.eof", "true".to_owned()),
        // librdkafka would read ahead 64 MiB of every partition.
        ("queued.max.messages.kbytes", "16384".to_owned()),
        // And 100,000 records, each of which takes 300 bytes more than it has.
        ("queued.min.messages", "20000".to_owned()),
        // It would then pause fetching for a second each time that this is full.
        ("fetch.queue.backoff.ms", "2".to_owned()),
    ];
    all.extend(own);
    let native = Native::from_config_and_context(&settings.config(all), ears.clone())?;
    Ok((Arc::new(native), ears))
}

/// A blocking call on the consumer. Its events are served meanwhile, because a refused login arrives among them;
/// only to be used before anything is assigned, or records would be lost.
pub(super) async fn ask<T: Send + 'static>(
    native: &Arc<Native>,
    signals: &Signals,
    call: impl FnOnce(&Native) -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, Failure> {
    let shared = Arc::clone(native);
    let call = async { blocking(move || call(&shared)).await.map_err(|error| signals.explain(error)) };
    let answer = signals.race(async {
        tokio::select! {
            biased;
            answer = call => answer,
            never = serve(native) => match never {},
        }
    });
    let answer = answer.await?;
    signals.proven();
    Ok(answer)
}

async fn serve(native: &Native) -> Infallible {
    loop {
        // The context has heard the event; here it only has to leave the queue.
        let _ = native.recv().await;
    }
}

/// The topic to read, with the rights that reading needs.
pub(super) async fn topic(
    native: &Arc<Native>,
    signals: &Signals,
    settings: &Settings,
    name: &str,
    needs: &[Need],
) -> Result<Topic, Failure> {
    let shared = Arc::clone(native);
    let fetch: metadata::Fetch = Box::new(move |topic, limit| shared.fetch_metadata(Some(topic), limit));
    let asked = metadata::topic(signals, settings.timeout, name, needs, fetch);
    tokio::select! {
        biased;
        answer = asked => answer,
        never = serve(native) => match never {},
    }
}

/// Errors that librdkafka mends by itself; a lost login or an unreachable cluster arrives through the signals.
pub(super) fn passes(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        error.rdkafka_error_code(),
        Some(
            C::BrokerTransportFailure
                | C::AllBrokersDown
                | C::Resolve
                | C::OperationTimedOut
                | C::CoordinatorNotAvailable
                | C::NotCoordinator
                | C::CoordinatorLoadInProgress
                | C::LeaderNotAvailable
                | C::NotLeaderForPartition
        )
    )
}
