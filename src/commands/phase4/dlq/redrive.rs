//! `phase4 dlq redrive`: sends dead letters back to where they came from, once. How far it has come are the committed
//! offsets of a group, of which it is a member meanwhile, so that two redrives never deal with the same letter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::letter::{self, Origin};
use super::letters::{self, Letter};
use super::plan::{Fate, Position, Rules, fates};
use super::{show, stage};
use crate::client::raw::admin::topics;
use crate::client::{
    Failure, GroupReader, GroupRequest, Kind, OffsetSpec, Outgoing, Placed, Point, Producer, ReadRequest,
    Reader, Reset,
};
use crate::commands::{Context, connect, trouble};
use crate::error::{Error, Result};
use crate::escape::escape;
use crate::profile::{Profile, ProfileName};
use crate::report::{Block, Report, Table};
use crate::words::{Message, phase4_dlq as words};

/// A record that was sent back so often and died again is not sent back by itself.
pub(super) const LIMIT: u32 = 1;

/// The flags of `redrive`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// The dead-letter topic; by default that of the phase.
    #[arg(short, long, value_name = "TOPIC")]
    topic: Option<String>,
    /// A record that was sent back so often and died again stays where it is.
    #[arg(long, value_name = "K", default_value_t = LIMIT)]
    limit: u32,
    /// Send it back all the same.
    #[arg(long)]
    again: bool,
}

/// The letters, what is to become of each, and how far earlier redrives have come.
struct Survey {
    letters: Vec<Letter>,
    fates: Vec<Fate>,
    positions: BTreeMap<i32, Position>,
}

/// A letter that went back, and where its record is now.
struct SentBack {
    letter: Origin,
    to: Origin,
}

/// One redrive.
struct Redrive<'a> {
    context: &'a Context,
    args: &'a Args,
    profile: Profile,
    dead_letters: String,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let profile = context.lab_profile(ProfileName::Phase4).await?;
    let dead_letters = match &args.topic {
        Some(topic) => topic.clone(),
        None => stage::names(&profile)?.1,
    };
    let redrive = Redrive { context, args, profile, dead_letters };
    let survey = redrive.survey().await?;
    let waiting = survey.fates.iter().filter(|fate| matches!(fate, Fate::Send(_))).count();
    if waiting == 0 || context.global.dry_run {
        return Ok(redrive.report(&survey, &[], true));
    }
    let question = words::REDRIVE_QUESTION.with(&[("count", &waiting), ("topic", &redrive.dead_letters)]);
    context.confirm(question).await?;
    context.tidies_up();
    let (survey, sent) = redrive.carry_out().await?;
    Ok(redrive.report(&survey, &sent, false))
}

/// Sends back what waits, without asking: how many records that were.
pub(super) async fn carry_out(context: &Context, profile: &Profile, dead_letters: &str) -> Result<usize> {
    let args = Args { topic: None, limit: LIMIT, again: false };
    let (profile, dead_letters) = (profile.clone(), dead_letters.to_owned());
    let (_, sent) = Redrive { context, args: &args, profile, dead_letters }.carry_out().await?;
    Ok(sent.len())
}

impl Redrive<'_> {
    /// Sends back what waits, as a member of the redrive group.
    async fn carry_out(&self) -> Result<(Survey, Vec<SentBack>)> {
        let mut member = match self.join().await {
            Ok(member) => member,
            Err(failure) => return Err(self.failed(&failure).await),
        };
        // Only now nobody else moves what this member owns.
        let survey = match self.survey().await {
            Ok(survey) => survey,
            Err(error) => {
                member.abandon().await;
                return Err(error);
            }
        };
        let mut sent = Vec::new();
        let worked = self.send_back(&mut member, &survey, &mut sent).await;
        let left = member.leave().await;
        match worked.and(left.map(drop)) {
            Ok(()) => Ok((survey, sent)),
            Err(failure) => {
                let before = words::SENT_BEFORE.with(&[("count", &sent.len())]);
                Err(self.failed(&failure).await.hint(before))
            }
        }
    }

    /// Looks at everything: the letters, the group's offsets, the topics, and what is back already.
    async fn survey(&self) -> Result<Survey> {
        let (context, profile, topic) = (self.context, &self.profile, &self.dead_letters);
        let read = match self.args.topic {
            Some(_) => letters::read(context, profile, topic).await,
            None => letters::read_if_there(context, profile, topic).await,
        };
        let letters = match read {
            Ok(letters) => letters,
            Err(failure) => return Err(self.failed(&failure).await),
        };
        let mut cluster = connect::cluster(context, profile, self.doing()).await?;
        let asked = async {
            let positions = letters::positions(&mut cluster, topic).await?;
            let topics = topics::list_topics(&mut cluster).await?;
            Ok((positions, topics.into_iter().map(|topic| (topic.name, topic.partitions.len())).collect()))
        };
        let (positions, topics) = match asked.await {
            Ok(found) => found,
            Err(failure) => return Err(trouble::explain_raw(profile, self.doing(), &failure).await),
        };
        let mut rules = Rules {
            dead_letters: topic.clone(),
            limit: self.args.limit,
            again: self.args.again,
            topics: Some(topics),
            back: BTreeSet::new(),
        };
        let waiting = fates(&letters, &positions, &rules);
        let waiting = letters.iter().zip(waiting).filter(|(_, fate)| matches!(fate, Fate::Send(_)));
        let waiting: Vec<&Letter> = waiting.map(|(letter, _)| letter).collect();
        rules.back = match self.already_back(&waiting).await {
            Ok(back) => back,
            Err(failure) => return Err(self.failed(&failure).await),
        };
        let fates = fates(&letters, &positions, &rules);
        Ok(Survey { letters, fates, positions })
    }

    /// Letters whose records are in their topics again: a redrive sent them and died before it could commit.
    async fn already_back(&self, waiting: &[&Letter]) -> std::result::Result<BTreeSet<Origin>, Failure> {
        let mut since: BTreeMap<&str, i64> = BTreeMap::new();
        for letter in waiting {
            let Some(death) = &letter.death else { continue };
            let written = letter.record.timestamp.unwrap_or(0);
            let earliest = since.entry(&death.origin.topic).or_insert(written);
            *earliest = written.min(*earliest);
        }
        let settings = connect::settings(&self.profile, self.context.global.timeout);
        let group = letters::redrive_group(&self.dead_letters);
        let mut marks = BTreeSet::new();
        for (topic, since) in since {
            let offsets = OffsetSpec { from: Point::Time(since), until: None };
            let request =
                ReadRequest { topic, partitions: &[], offsets, follow: false, coordinator_of: &group };
            let mut reader = Reader::open(&settings, &request).await?;
            while let Some(record) = reader.next().await? {
                marks.extend(letter::text(&record.view(), letter::header::REDRIVEN_FROM).map(str::to_owned));
            }
        }
        let places = waiting.iter().map(|letter| letter.place());
        Ok(places.filter(|place| marks.contains(&place.to_string())).collect())
    }

    /// A member of the redrive group that was given its partitions. What it is given to read is of no interest: the
    /// letters are known.
    async fn join(&self) -> std::result::Result<GroupReader, Failure> {
        let settings = connect::settings(&self.profile, self.context.global.timeout);
        let group = letters::redrive_group(&self.dead_letters);
        let request =
            GroupRequest { group: &group, topic: &self.dead_letters, reset: Reset::Earliest, follow: true };
        let mut member = GroupReader::join(&settings, &request).await?;
        // A redrive that was killed keeps its partitions until its session times out.
        let patience = std::time::Duration::from_secs(60);
        let given = async {
            while member.assigned().is_empty() {
                member.next().await?;
            }
            Ok(())
        };
        let given = tokio::select! {
            given = tokio::time::timeout(patience, given) => given,
            () = self.context.stop.cancelled() => {
                return Err(Failure::new(Kind::Interrupted, words::REDRIVING.get(self.context.lang())));
            }
        };
        match given {
            Ok(given) => given.map(|()| member),
            Err(_) => Err(Failure::new(Kind::TimedOut, format!("{group}: {patience:?}"))),
        }
    }

    /// Sends back what is to go back, and commits after each.
    async fn send_back(
        &self,
        member: &mut GroupReader,
        survey: &Survey,
        sent: &mut Vec<SentBack>,
    ) -> std::result::Result<(), Failure> {
        let settings = connect::settings(&self.profile, self.context.global.timeout);
        let mut producer = Producer::new(&settings, &stage::options(&self.profile))?;
        let mut positions = survey.positions.clone();
        let owned = member.assigned();
        let mut full = BTreeSet::new();
        for (letter, fate) in survey.letters.iter().zip(&survey.fates) {
            let (partition, offset) = (letter.record.partition, letter.record.offset);
            if self.context.stop.is_cancelled() {
                return Err(Failure::new(Kind::Interrupted, words::REDRIVING.get(self.context.lang())));
            }
            let position = positions.entry(partition).or_default();
            if !owned.contains(&partition) || full.contains(&partition) || position.has_passed(offset) {
                continue;
            }
            if fate.is_held() && !position.has_room() {
                full.insert(partition);
                continue;
            }
            if let (Fate::Send(times), Some(death)) = (fate, &letter.death) {
                let placed = send_one(&mut producer, letter, &death.origin, *times).await?;
                let to = Origin { offset: placed.offset.unwrap_or(-1), ..death.origin.clone() };
                sent.push(SentBack { letter: letter.place(), to });
            }
            position.pass(offset, fate.is_held());
            member.note(partition, position.metadata());
            member.handled(partition, position.next - 1);
            if matches!(fate, Fate::Send(_)) {
                member.commit().await?;
            }
        }
        Ok(())
    }

    fn doing(&self) -> Message {
        words::REDRIVING_FROM.with(&[("topic", &self.dead_letters)])
    }

    async fn failed(&self, failure: &Failure) -> Error {
        trouble::explain(self.context, &self.profile, self.doing(), failure).await
    }

    /// What was done, or with `idle` what would be.
    fn report(&self, survey: &Survey, sent: &[SentBack], idle: bool) -> Report {
        let lang = self.context.lang();
        let rows = survey.letters.iter().zip(&survey.fates).filter(|(_, fate)| **fate != Fate::Passed);
        let (mut table, mut data) = (Vec::new(), Vec::new());
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (letter, fate) in rows {
            let place = letter.place();
            let back = sent.iter().find(|sent| sent.letter == place).map(|sent| &sent.to);
            let passed = survey.positions.get(&place.partition).is_some_and(|at| at.has_passed(place.offset));
            if passed && matches!(fate, Fate::Duplicate(_)) {
                continue;
            }
            let state = if back.is_some() { "sent_back" } else { fate.name() };
            *counts.entry(state).or_default() += 1;
            let told = match back {
                Some(_) => words::FATE_SENT.get(lang).to_owned(),
                None => show::fate_text(fate).in_lang(lang),
            };
            table.push(vec![
                place.at(),
                letter.death.as_ref().map_or_else(|| "-".to_owned(), |death| death.origin.at()),
                show::text(letter.record.key.as_deref()),
                back.map_or_else(|| "-".to_owned(), Origin::at),
                told,
            ]);
            data.push(json!({
                "partition": place.partition, "offset": place.offset, "state": state,
                "origin": letter.death.as_ref().map(|death| death.origin.to_json()),
                "to": back.map(Origin::to_json),
            }));
        }
        let topics: BTreeSet<&str> = sent.iter().map(|sent| sent.to.topic.as_str()).collect();
        let count = |state: &str| counts.get(state).copied().unwrap_or(0);
        let mut report = Report::new(json!({
            "topic": self.dead_letters, "sent_back": sent.len(), "dry_run": self.context.global.dry_run,
            "waiting": count("waiting"), "letters": data,
        }));
        let values: [(&'static str, &dyn std::fmt::Display); 2] =
            [("count", &count("waiting")), ("topic", &self.dead_letters)];
        report = match (sent.len(), count("waiting")) {
            (0, 0) => report.line(words::NOTHING_TO_REDRIVE.with(&values[1..])),
            (0, _) if idle => report.line(words::WOULD_REDRIVE.with(&values)),
            (sent, _) => {
                report.line(words::REDRIVEN.with(&[("count", &sent), ("topic", &self.dead_letters)]))
            }
        };
        if !table.is_empty() {
            let head = vec!["LETTER", "FROM", "KEY", "NOW", "STATE"];
            report = report.block(Block::Gap).block(Block::Table(Table { head, rows: table }));
        }
        if count("redriven_too_often") > 0 {
            report = report.explain(words::WHY_NO_LOOP);
        }
        if sent.is_empty() {
            return report.explain(words::REDRIVE_ONCE);
        }
        report = report.explain(words::REDRIVE_ONCE).explain(words::REDRIVE_REACHES_ALL);
        // Which topic that is the dead letters say, and they are anybody's.
        let handle = |topic| format!("    kafkalab phase4 dlq consume --fixed --topic {}", escape(topic));
        let commands: Vec<String> = topics.into_iter().map(handle).collect();
        report.line(words::NOW_HANDLE).block(Block::Verbatim(commands.join("\n")))
    }
}

/// Sends a record back to its partition, and waits for the broker's word.
async fn send_one(
    producer: &mut Producer,
    letter: &Letter,
    origin: &Origin,
    times: u32,
) -> std::result::Result<Placed, Failure> {
    let record = &letter.record;
    let outgoing = Outgoing {
        topic: &origin.topic,
        partition: Some(origin.partition),
        timestamp: None,
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: &letter::redriven_headers(record, &letter.place(), times),
    };
    producer.topic(&origin.topic).await?;
    producer.write(&outgoing).await
}
