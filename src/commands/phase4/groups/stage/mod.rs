//! Where the acts are played: a topic of this run's own, its members, and an ear at the broker. What an act waits for
//! is a state of the group, never a time.
//!
//! Here: the members, and what they say. `watch` asks the broker, `load` writes records, `clear` ends it all.

mod clear;
mod load;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use super::broker_log::BrokerLog;
use super::children::{Member, Spoken};
use super::history::{Count, History};
use super::wire::{Order, Said, Setup};
use crate::client::Producer;
use crate::client::raw::{Cluster, RawError};
use crate::commands::phase4::own_topic::OwnTopic;
use crate::commands::{Context, connect, trouble};
use crate::error::{Error, Kind, Result};
use crate::profile::{Profile, ProfileName};
use crate::words::{Message, phase4_groups as words};

/// The shortest session that a broker allows by default (`group.min.session.timeout.ms`).
pub(super) const SESSION: Duration = Duration::from_secs(6);
/// How often a member tells the coordinator that it lives, which is also when it learns of a rebalance.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(20);
/// librdkafka waits half of this before it connects to a broker that it has just heard of.
const RECONNECT_BACKOFF: Duration = Duration::from_millis(20);
/// How many acts there are.
const ACTS: usize = 8;
/// Between two questions about a state that no event announces.
const PAUSE: Duration = Duration::from_millis(20);
/// How long the broker's log may take over what the group has done already.
const LOG_WITHIN: Duration = Duration::from_secs(1);

/// How a member joins, beside its name and its group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner<'a> {
    /// `partition.assignment.strategy`; librdkafka's default, `range,roundrobin`, if absent.
    pub strategy: Option<&'a str>,
    /// `group.instance.id`, for a static member.
    pub instance: Option<&'a str>,
}

/// The stage of one run.
pub(super) struct Stage<'c> {
    /// The flags, the door to the terminal, Ctrl-C.
    pub context: &'c Context,
    /// The topic, deleted at the end.
    pub topic: OwnTopic<'c>,
    /// Who the members are.
    pub profile: Profile,
    /// Those that live, in the order in which they came.
    pub members: Vec<Member>,
    /// Those that were told to leave.
    leaving: Vec<Member>,
    admin: Profile,
    cluster: Cluster,
    groups: BTreeSet<String>,
    counts: BTreeMap<String, Count>,
    histories: BTreeMap<String, History>,
    /// The generation of the last picture of each group.
    shown: BTreeMap<String, i32>,
    log: Option<BrokerLog>,
    producer: Option<Producer>,
    ears: UnboundedSender<Spoken>,
    voices: UnboundedReceiver<Spoken>,
    next_id: u32,
    act: usize,
    /// What the broker said last of a group that is waited for.
    last_seen: Option<Message>,
}

impl<'c> Stage<'c> {
    /// Creates the topic and begins to listen.
    pub(super) async fn build(context: &'c Context, partitions: i32) -> Result<Self> {
        let profile = context.profile(ProfileName::Phase4)?;
        let admin = context.profile_as(ProfileName::Admin, "admin")?;
        let cluster = connect::cluster(context, &admin, words::WATCHING).await?;
        let log = BrokerLog::open(context, &admin)?;
        let topic = OwnTopic::create(context, "groups", partitions).await?;
        let (ears, voices) = unbounded_channel();
        Ok(Self {
            context,
            topic,
            profile,
            members: Vec::new(),
            leaving: Vec::new(),
            admin,
            cluster,
            groups: BTreeSet::new(),
            counts: BTreeMap::new(),
            histories: BTreeMap::new(),
            shown: BTreeMap::new(),
            log,
            producer: None,
            ears,
            voices,
            next_id: 1,
            act: 0,
            last_seen: None,
        })
    }

    /// Begins the next act of the script: shows its title, before anything is asked.
    pub(super) fn begin(&mut self, title: impl Into<Message>) -> Result<Message> {
        self.act += 1;
        let title = title.into();
        let shown = title.in_lang(self.context.lang());
        self.context.ui.title(words::ACT.with(&[("number", &self.act), ("of", &ACTS), ("title", &shown)]))?;
        Ok(title)
    }

    /// The id of a group of this run.
    pub(super) fn group(&self, name: &str) -> String {
        format!("{}-{name}", self.topic.name)
    }

    /// Starts a member's process.
    pub(super) async fn start(&mut self, group: &str, name: &str, manner: Manner<'_>) -> Result<()> {
        let mut settings = connect::settings(&self.profile, self.context.global.timeout);
        // The learner may choose these; the acts depend on the others.
        let own = [
            ("session.timeout.ms", SESSION),
            ("heartbeat.interval.ms", HEARTBEAT),
            // librdkafka looks at its clock for heartbeats only when something wakes it, else every 100 ms. Its
            // statistics, which nobody reads, do.
            ("statistics.interval.ms", HEARTBEAT),
            ("reconnect.backoff.ms", RECONNECT_BACKOFF),
        ];
        let own = own.map(|(name, time)| (name.to_owned(), time.as_millis().to_string()));
        settings.properties.splice(0..0, own);
        settings.properties.push(("client.id".to_owned(), name.to_owned()));
        let more =
            [("partition.assignment.strategy", manner.strategy), ("group.instance.id", manner.instance)];
        let more = more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        settings.properties.extend(more);
        self.groups.insert(group.to_owned());
        let setup = Setup::new(&settings, group, &self.topic.name);
        let member = Member::start(self.next_id, name, &setup, self.ears.clone()).await?;
        self.next_id += 1;
        self.members.push(member);
        Ok(())
    }

    /// A member that lives.
    pub(super) fn member(&mut self, group: &str, name: &str) -> Result<&mut Member> {
        let at = self.position(group, name)?;
        Ok(&mut self.members[at])
    }

    /// The members of a group that live.
    pub(super) fn of(&self, group: &str) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.group == group)
    }

    fn position(&self, group: &str, name: &str) -> Result<usize> {
        let at = self.members.iter().position(|member| member.group == group && member.name == name);
        at.ok_or_else(|| Error::new(Kind::Failed, words::NO_MEMBER.with(&[("member", &name)])))
    }

    fn take(&mut self, group: &str, name: &str) -> Result<Member> {
        let at = self.position(group, name)?;
        let member = self.members.remove(at);
        self.counts.entry(group.to_owned()).or_default().gone(member.id);
        Ok(member)
    }

    /// Kills a member's process: no goodbye.
    pub(super) async fn kill(&mut self, group: &str, name: &str) -> Result<()> {
        self.take(group, name)?.kill().await
    }

    /// Lets a member say goodbye to its group and end.
    pub(super) async fn leave(&mut self, group: &str, name: &str) -> Result<()> {
        let mut member = self.take(group, name)?;
        member.order(Order::Leave).await?;
        self.leaving.push(member);
        Ok(())
    }

    /// Waits until those that were told to leave have ended.
    pub(super) async fn left(&mut self) -> Result<()> {
        let deadline = self.deadline();
        for member in &mut self.leaving {
            let awaited = words::AWAITING_END.with(&[("member", &member.name)]);
            tokio::select! {
                biased;
                () = member.ended() => {}
                () = tokio::time::sleep_until(deadline) => return Err(Error::new(Kind::Unreachable, awaited)),
            }
        }
        self.leaving.clear();
        Ok(())
    }

    /// Waits until `done` holds of what the members have said.
    pub(super) async fn until(&mut self, awaited: Message, done: impl Fn(&Self) -> bool) -> Result<()> {
        let _bar = self.context.ui.waiting(awaited.clone());
        let deadline = self.deadline();
        while !done(self) {
            self.listen(deadline, &awaited).await?;
        }
        Ok(())
    }

    /// How long after `since` the assignment of a group changed last.
    pub(super) fn took(&self, group: &str, since: Instant) -> Duration {
        let last = self.of(group).filter_map(|member| member.seen.moved_at).max();
        last.map_or(Duration::ZERO, |last| last.saturating_duration_since(since))
    }

    /// Takes in what members say, for a moment.
    pub(super) async fn listen(&mut self, deadline: Instant, awaited: &Message) -> Result<()> {
        tokio::select! {
            biased;
            Some(spoken) = self.voices.recv() => self.hear(spoken).await?,
            () = tokio::time::sleep_until(deadline) => {
                return Err(self.too_late(awaited));
            }
            () = tokio::time::sleep(PAUSE) => {}
        }
        while let Ok(spoken) = self.voices.try_recv() {
            self.hear(spoken).await?;
        }
        Ok(())
    }

    fn too_late(&self, awaited: &Message) -> Error {
        let awaited = awaited.in_lang(self.context.lang());
        let values: [(_, &dyn std::fmt::Display); 2] =
            [("awaited", &awaited), ("seconds", &self.limit().as_secs())];
        let error = Error::new(Kind::Unreachable, words::TOO_LATE.with(&values));
        self.last_seen.iter().cloned().fold(error, Error::hint)
    }

    async fn hear(&mut self, spoken: Spoken) -> Result<()> {
        // Whoever is not here any more was told to go.
        let Some(member) = self.members.iter_mut().find(|member| member.id == spoken.id) else {
            return Ok(());
        };
        match &spoken.said {
            None => Err(Error::new(Kind::Failed, words::ENDED_BY_ITSELF.with(&[("member", &member.name)]))),
            Some(Said::Failed(problem)) => {
                let failure = problem.failure(&member.group, &self.topic.name);
                let doing = words::BEING_A_MEMBER.with(&[("member", &member.name), ("group", &member.group)]);
                Err(trouble::explain(self.context, &self.profile, doing, &failure).await)
            }
            Some(said) => {
                if matches!(said, Said::Assigned { .. }) {
                    self.counts.entry(member.group.clone()).or_default().assigned(member.id);
                }
                member.seen.hear(spoken.at, said);
                Ok(())
            }
        }
    }

    /// How long an act may wait for one thing: a dead member is noticed after its session time-out, and the broker may
    /// hold a new group back for seconds.
    fn limit(&self) -> Duration {
        SESSION * 2 + self.context.global.timeout * 2
    }

    /// The time until which an act may wait that begins to wait now.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.limit()
    }

    pub(super) async fn failed(&self, doing: impl Into<Message>, failure: &RawError) -> Error {
        trouble::explain_raw(&self.admin, doing, failure).await
    }
}
