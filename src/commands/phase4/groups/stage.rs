//! Where the acts are played: a topic of this run's own, its members, and an ear at the broker. What an act waits for
//! is a state of the group, never a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use super::broker_log::{BrokerLog, group_of};
use super::children::{Member, Spoken};
use super::history::{Count, History, Rebalance, name_of};
use super::picture::{Cause, Picture, Turn};
use super::wire::{Order, Said, Setup};
use crate::client::raw::admin::groups as raw_groups;
use crate::client::raw::{Cluster, RawError};
use crate::client::{Enqueued, Failure, Kind as FailureKind, Outgoing, Producer};
use crate::commands::groups::PartitionPlace;
use crate::commands::phase4::own_topic::OwnTopic;
use crate::commands::{Context, connect, groups, trouble};
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
        let found = self.members.iter_mut().find(|member| member.group == group && member.name == name);
        found.ok_or_else(|| Error::new(Kind::Failed, words::NO_MEMBER.with(&[("member", &name)])))
    }

    /// The members of a group that live.
    pub(super) fn of(&self, group: &str) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.group == group)
    }

    fn take(&mut self, group: &str, name: &str) -> Result<Member> {
        let at = self.members.iter().position(|member| member.group == group && member.name == name);
        let at = at.ok_or_else(|| Error::new(Kind::Failed, words::NO_MEMBER.with(&[("member", &name)])))?;
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

    /// Waits until the broker says that the group rests with exactly these members, and the members say the same of
    /// themselves; `cause` is what this program did, for a broker that does not tell the reason.
    pub(super) async fn settle(&mut self, group: &str, expected: &[&str], cause: Cause) -> Result<Picture> {
        let awaited = words::AWAITING.with(&[("group", &group), ("members", &expected.join(", "))]);
        let _bar = self.context.ui.waiting(awaited.clone());
        let deadline = self.deadline();
        while !(self.agree(group, expected) && self.described(group).await?) {
            self.listen(deadline, &awaited).await?;
        }
        let rests = groups::fetch_over(&mut self.cluster, group, &[&self.topic.name]).await;
        let mut rests = match rests {
            Ok(rests) => rests,
            Err(failure) => return Err(self.failed(awaited, &failure).await),
        };
        let told = self.ask_the_log(group).await?;
        let by_broker = told.is_some();
        let shown = self.shown.get(group).copied().unwrap_or(0);
        let counted = Turn { generation: self.counted(group), cause };
        let mut rebalances = told.unwrap_or_else(|| vec![counted]);
        let generation = rebalances.last().map_or(shown, |last| last.generation);
        rebalances.retain(|turn| turn.generation > shown);
        self.counts.entry(group.to_owned()).or_default().settled();
        self.shown.insert(group.to_owned(), generation);
        rests.generation = Some(generation);
        Ok(Picture { group: rests, topic: self.topic.name.clone(), generation, rebalances, by_broker })
    }

    /// Whether exactly these members of the group live, each has heard from the group, and together they own every
    /// partition once.
    fn agree(&self, group: &str, expected: &[&str]) -> bool {
        let members: Vec<&Member> = self.of(group).collect();
        let names: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
        let owned: usize = members.iter().map(|member| member.seen.owned.len()).sum();
        let all: BTreeSet<i32> = members.iter().flat_map(|member| &member.seen.owned).copied().collect();
        names == expected.iter().copied().collect()
            && members.iter().all(|member| member.seen.assignments > 0)
            && i32::try_from(owned) == Ok(self.topic.partitions)
            && all.len() == owned
    }

    /// Whether the broker describes the group as at rest, and as its members see themselves.
    async fn described(&mut self, group: &str) -> Result<bool> {
        let described = match raw_groups::describe_group(&mut self.cluster, group).await {
            Ok(described) => described,
            Err(failure) => return Err(self.failed(words::WATCHING, &failure).await),
        };
        let topic = &self.topic.name;
        let theirs: BTreeMap<&str, BTreeSet<i32>> = described
            .members
            .iter()
            .map(|member| {
                let own = member.assignment.get(topic).into_iter().flatten().copied();
                (member.client_id.as_str(), own.collect())
            })
            .collect();
        let ours = self.of(group).map(|member| (member.name.as_str(), member.seen.owned.clone())).collect();
        Ok(described.state == "Stable" && described.members.len() == theirs.len() && theirs == ours)
    }

    fn counted(&self, group: &str) -> i32 {
        self.counts.get(group).map_or(0, Count::generation)
    }

    /// Every rebalance of a group, as the broker's log tells them; `None` where there is no such log.
    async fn ask_the_log(&mut self, group: &str) -> Result<Option<Vec<Turn>>> {
        let deadline = Instant::now() + LOG_WITHIN;
        let counted = self.counted(group);
        while let Some(log) = &mut self.log {
            for event in log.news()? {
                self.histories.entry(group_of(&event).to_owned()).or_default().hear(&event);
            }
            let history = self.histories.entry(group.to_owned()).or_default();
            // What the members have lived through already must be in the log before it counts as the last word.
            if history.settled().is_some_and(|last| last.generation >= counted) {
                return Ok(Some(history.rebalances.iter().map(turn).collect()));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(None)
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
                return Err(Error::new(Kind::Unreachable, words::TOO_LATE.with(&[
                    ("awaited", &awaited.in_lang(self.context.lang())),
                    ("seconds", &self.limit().as_secs()),
                ])));
            }
            () = tokio::time::sleep(PAUSE) => {}
        }
        while let Ok(spoken) = self.voices.try_recv() {
            self.hear(spoken).await?;
        }
        Ok(())
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

    /// Writes so many records into each partition, as the profile's principal, and waits for the broker's word.
    pub(super) async fn produce(&mut self, each: usize) -> Result<usize> {
        let sent = self.try_produce(each).await;
        let doing = words::PRODUCING.with(&[("topic", &self.topic.name)]);
        match sent {
            Ok(sent) => Ok(sent),
            Err(failure) => Err(trouble::explain(self.context, &self.profile, doing, &failure).await),
        }
    }

    async fn try_produce(&mut self, each: usize) -> std::result::Result<usize, Failure> {
        let producer = match &mut self.producer {
            Some(producer) => producer,
            none => {
                let settings = connect::settings(&self.profile, self.context.global.timeout);
                let producer = Producer::new(&settings, &connect::produce_options(&self.profile))?;
                producer.topic(&self.topic.name).await?;
                none.insert(producer)
            }
        };
        let mut sent = 0;
        for number in 0..each {
            for partition in 0..self.topic.partitions {
                let value = format!("pedido-{partition}-{number}");
                let record = Outgoing {
                    topic: &self.topic.name,
                    partition: Some(partition),
                    timestamp: None,
                    key: None,
                    value: Some(value.as_bytes()),
                    headers: &[],
                };
                if let Enqueued::Full = producer.enqueue(&record)? {
                    return Err(Failure::new(FailureKind::Other, "the queue of the producer is full"));
                }
                sent += 1;
            }
        }
        while let Some(ack) = producer.acknowledged().await? {
            ack.result.map_err(|failure| *failure)?;
        }
        Ok(sent)
    }

    /// How long an act may wait for one thing: a dead member is noticed after its session time-out, and the broker may
    /// hold a new group back for seconds.
    fn limit(&self) -> Duration {
        SESSION * 2 + self.context.global.timeout * 2
    }

    /// Where a group is in each partition of the topic, by what it committed.
    pub(super) async fn places(&mut self, group: &str) -> Result<Vec<PartitionPlace>> {
        match groups::places(&mut self.cluster, group, &[&self.topic.name], []).await {
            Ok(places) => Ok(places),
            Err(failure) => Err(self.failed(words::WATCHING, &failure).await),
        }
    }

    /// How many records of the topic a group has not read; all of them where it committed nothing.
    pub(super) async fn lag(&mut self, group: &str) -> Result<i64> {
        let places = self.places(group).await?;
        Ok(places.iter().map(|place| place.log_end.unwrap_or(0) - place.next()).sum())
    }

    /// Waits until a group has read and committed everything.
    pub(super) async fn until_no_lag(&mut self, group: &str) -> Result<()> {
        let awaited = words::AWAITING_NO_LAG.with(&[("group", &group)]);
        let _bar = self.context.ui.waiting(awaited.clone());
        let deadline = self.deadline();
        while self.lag(group).await? > 0 {
            self.listen(deadline, &awaited).await?;
        }
        Ok(())
    }

    /// The time until which an act may wait that begins to wait now.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.limit()
    }

    pub(super) async fn failed(&self, doing: impl Into<Message>, failure: &RawError) -> Error {
        trouble::explain_raw(&self.admin, doing, failure).await
    }

    /// Ends every member and deletes the groups and the topic, also after a failure and after Ctrl-C.
    pub(super) async fn clear(mut self) -> Result<()> {
        let limit = self.context.global.timeout;
        let mut members = std::mem::take(&mut self.members);
        members.append(&mut self.leaving);
        for member in &mut members {
            member.order(Order::Leave).await?;
        }
        let all_end = async {
            for member in &mut members {
                member.ended().await;
            }
        };
        // Whoever has not ended by then is killed where it is dropped.
        let _ = tokio::time::timeout(limit, all_end).await;
        drop(members);
        let mut failed = None;
        for group in &self.groups {
            failed = remove(&mut self.cluster, group).await.err().or(failed);
        }
        self.topic.delete().await?;
        match failed {
            Some(failure) => Err(trouble::explain_raw(&self.admin, words::CLEARING, &failure).await),
            None => Ok(()),
        }
    }
}

fn turn(rebalance: &Rebalance) -> Turn {
    let member = rebalance.member.as_deref().map(|id| name_of(id).to_owned());
    Turn { generation: rebalance.generation, cause: Cause { reason: rebalance.reason, member } }
}

/// Takes out of a group whoever did not say goodbye, and deletes it.
async fn remove(cluster: &mut Cluster, group: &str) -> std::result::Result<(), RawError> {
    const GROUP_ID_NOT_FOUND: i16 = 69;
    let removed = async {
        let left = raw_groups::describe_group(cluster, group).await?.members;
        if !left.is_empty() {
            crate::client::raw::admin::leave::remove_members(cluster, group, &left).await?;
        }
        raw_groups::delete_group(cluster, group).await
    };
    match removed.await {
        Err(RawError::Broker(error)) if error.code == GROUP_ID_NOT_FOUND => Ok(()),
        other => other,
    }
}
