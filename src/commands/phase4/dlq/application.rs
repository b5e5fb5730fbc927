//! The application of the third world: a member of a group that tries again after a pause, buries what stays dead, and
//! lets nobody else wait for it. A thin shell around [`Machine`].

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep_until};

use super::letter::{self, Death, Origin};
use super::machine::{Action, Machine, Ordeal, Policy};
use super::orders::{Exception, Handler};
use crate::client::{
    Ack, Failure, GroupEvent, GroupReader, GroupRequest, Outgoing, Placed, ProduceOptions, Producer, Record,
    Reset, Settings,
};

/// How long what was handled may stay uncommitted while records keep coming.
const COMMIT_EVERY: Duration = Duration::from_millis(100);

/// What the application is made of.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    /// How it connects.
    pub settings: Settings,
    /// How it writes dead letters.
    pub options: ProduceOptions,
    /// What it reads.
    pub topic: String,
    /// Its group on the wire.
    pub group: String,
    /// Where its dead letters go.
    pub dead_letters: String,
    /// How often it tries, and with which pauses.
    pub policy: Policy,
    /// What it does with a record.
    pub handler: Handler,
}

/// What happened to a record.
#[derive(Debug)]
pub(super) enum Happened<'a> {
    /// The group gave these partitions.
    Assigned(&'a [i32]),
    /// The handler has done its work.
    Handled {
        /// The record.
        record: &'a Record,
        /// How many attempts it took.
        attempt: u32,
    },
    /// The handler failed.
    Failed {
        /// The record.
        record: &'a Record,
        /// Which attempt it was.
        attempt: u32,
        /// Why.
        exception: &'a Exception,
    },
    /// The dead-letter topic has the record; nothing is committed yet.
    Buried {
        /// The record.
        record: &'a Record,
        /// How often it was tried.
        attempts: u32,
        /// Where the letter is.
        placed: Placed,
    },
}

/// Hears what happens, and may end the work.
pub(super) type Watch<'a> = &'a mut (dyn FnMut(Happened<'_>) -> ControlFlow<()> + Send);

/// The application at work.
pub(super) struct Application {
    setup: Setup,
    member: GroupReader,
    letters: Producer,
    machine: Machine,
    /// Records that are being dealt with or wait for it, by partition and offset.
    records: BTreeMap<(i32, i64), Record>,
    /// The last exception of each partition's front record.
    exceptions: BTreeMap<i32, Exception>,
    /// Letters that are not acknowledged, by the producer's number: the record, and how often it was tried.
    sent: BTreeMap<u64, (i32, i64, u32)>,
    /// The moment from which the machine counts.
    began: Instant,
    /// The same on the clock on the wall.
    began_at: Timestamp,
    /// When to commit at the latest, if there is something to commit.
    commit_at: Option<Instant>,
    caught_up: bool,
    over: bool,
}

/// What the loop woke up for.
enum Woken {
    Acknowledged(Option<Ack>),
    Commit,
    Tick,
    Record(Record),
    Assigned(Vec<i32>),
    Revoked(Vec<i32>),
    CaughtUp,
}

impl Application {
    /// Joins the group. Fails at once where the dead letters could not be written.
    pub(super) async fn join(setup: Setup, follow: bool) -> Result<Self, Failure> {
        let letters = Producer::new(&setup.settings, &setup.options)?;
        letters.topic(&setup.dead_letters).await?;
        let request =
            GroupRequest { group: &setup.group, topic: &setup.topic, reset: Reset::Earliest, follow };
        let member = GroupReader::join(&setup.settings, &request).await?;
        Ok(Self {
            member,
            letters,
            machine: Machine::new(setup.policy),
            records: BTreeMap::new(),
            exceptions: BTreeMap::new(),
            sent: BTreeMap::new(),
            began: Instant::now(),
            began_at: Timestamp::now(),
            commit_at: None,
            caught_up: false,
            over: false,
            setup,
        })
    }

    /// Works until `watch` has enough or, unless `follow`, until everything is read and dealt with; then commits.
    pub(super) async fn run(&mut self, follow: bool, watch: Watch<'_>) -> Result<(), Failure> {
        while !self.over && (follow || !self.caught_up || !self.machine.is_idle()) {
            match self.wake().await? {
                Woken::Record(record) => {
                    let (partition, offset) = (record.partition, record.offset);
                    if let Some(actions) = self.machine.arrived(partition, offset) {
                        self.records.insert((partition, offset), record);
                        self.act(actions, watch)?;
                    }
                }
                Woken::Tick => {
                    let actions = self.machine.tick(self.began.elapsed());
                    self.act(actions, watch)?;
                }
                Woken::Acknowledged(ack) => self.acknowledged(ack, watch).await?,
                Woken::Commit => self.commit().await?,
                Woken::Assigned(partitions) => {
                    self.caught_up = false;
                    self.tell(Happened::Assigned(&partitions), watch);
                }
                Woken::Revoked(partitions) => self.revoked(&partitions),
                Woken::CaughtUp => self.caught_up = true,
            }
        }
        self.commit().await
    }

    /// Commits and says goodbye.
    pub(super) async fn leave(self) -> Result<BTreeMap<i32, i64>, Failure> {
        self.member.leave().await
    }

    /// Waits for whatever comes first.
    async fn wake(&mut self) -> Result<Woken, Failure> {
        let retry = self.machine.next_deadline().map(|at| self.began + at);
        let (member, letters) = (&mut self.member, &mut self.letters);
        let has_letters = letters.pending() > 0;
        tokio::select! {
            biased;
            ack = letters.acknowledged(), if has_letters => Ok(Woken::Acknowledged(ack?)),
            () = at(self.commit_at) => Ok(Woken::Commit),
            () = at(retry) => Ok(Woken::Tick),
            woken = next(member) => woken,
        }
    }

    fn act(&mut self, actions: Vec<Action>, watch: Watch<'_>) -> Result<(), Failure> {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Handle { partition, offset, attempt } => {
                    actions.extend(self.handle((partition, offset), attempt, watch));
                }
                Action::Pause(partition) => self.member.pause(partition)?,
                Action::Resume(partition) => self.member.resume(partition)?,
                Action::Bury { partition, offset, ordeal } => self.bury((partition, offset), &ordeal)?,
                Action::Settle { partition, offset } => {
                    self.records.remove(&(partition, offset));
                    self.member.handled(partition, offset);
                    self.commit_at.get_or_insert_with(|| Instant::now() + COMMIT_EVERY);
                }
            }
        }
        Ok(())
    }

    fn handle(&mut self, at: (i32, i64), attempt: u32, watch: Watch<'_>) -> Vec<Action> {
        let Some(record) = self.records.get(&at) else { return Vec::new() };
        let (happened, actions) = match self.setup.handler.handle(record.value.as_deref()) {
            Ok(_cents) => (Happened::Handled { record, attempt }, self.machine.handled(at.0)),
            Err(exception) => {
                let actions = self.machine.failed(at.0, self.began.elapsed());
                self.exceptions.insert(at.0, exception);
                (Happened::Failed { record, attempt, exception: &self.exceptions[&at.0] }, actions)
            }
        };
        self.over |= watch(happened).is_break();
        actions
    }

    /// Puts the dead letter into the producer's queue.
    fn bury(&mut self, at: (i32, i64), ordeal: &Ordeal) -> Result<(), Failure> {
        let (Some(record), Some(exception)) = (self.records.get(&at), self.exceptions.get(&at.0)) else {
            return Ok(());
        };
        let death = Death {
            origin: Origin { topic: self.setup.topic.clone(), partition: at.0, offset: at.1 },
            group: self.setup.group.clone(),
            attempts: ordeal.attempts,
            reason: exception.to_string(),
            first_failure: self.on_the_wall(ordeal.first),
            last_failure: self.on_the_wall(ordeal.last),
        };
        let letter = Outgoing {
            topic: &self.setup.dead_letters,
            partition: None,
            timestamp: None,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &letter::headers(record, &death, exception),
        };
        let number = self.letters.put(&letter)?;
        self.sent.insert(number, (at.0, at.1, ordeal.attempts));
        Ok(())
    }

    /// The broker has a dead letter, or refuses it: then nothing is committed, and the record is not lost.
    async fn acknowledged(&mut self, ack: Option<Ack>, watch: Watch<'_>) -> Result<(), Failure> {
        let Some(ack) = ack else { return Ok(()) };
        let placed = ack.result.map_err(|failure| *failure)?;
        let Some((partition, offset, attempts)) = self.sent.remove(&ack.sequence) else { return Ok(()) };
        if let Some(record) = self.records.get(&(partition, offset)) {
            self.over |= watch(Happened::Buried { record, attempts, placed }).is_break();
        }
        let actions = self.machine.buried(partition);
        self.act(actions, watch)?;
        self.commit().await
    }

    fn revoked(&mut self, partitions: &[i32]) {
        for partition in partitions {
            self.machine.revoked(*partition);
            self.records.retain(|(of, _), _| of != partition);
            self.sent.retain(|_, (of, ..)| of != partition);
        }
    }

    async fn commit(&mut self) -> Result<(), Failure> {
        self.commit_at = None;
        self.member.commit().await
    }

    fn tell(&mut self, happened: Happened<'_>, watch: Watch<'_>) {
        self.over |= watch(happened).is_break();
    }

    fn on_the_wall(&self, at: Duration) -> Timestamp {
        let passed = SignedDuration::try_from(at).unwrap_or(SignedDuration::MAX);
        self.began_at.checked_add(passed).unwrap_or(self.began_at)
    }
}

/// The next event of the membership, owned, so that the member is free again.
async fn next(member: &mut GroupReader) -> Result<Woken, Failure> {
    Ok(match member.next().await? {
        GroupEvent::Record(record) => Woken::Record(record.view().to_record()),
        GroupEvent::Assigned(partitions) => Woken::Assigned(partitions),
        GroupEvent::Revoked { partitions, commit: None } => Woken::Revoked(partitions),
        GroupEvent::Revoked { commit: Some(failure), .. } => return Err(failure),
        GroupEvent::CaughtUp => Woken::CaughtUp,
    })
}

/// That moment, or never.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
