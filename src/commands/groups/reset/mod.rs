//! `kafkalab groups reset`: shows where a group stands and where it would stand, asks, writes, and shows what the broker
//! says afterwards.

mod plan;
mod show;

use std::collections::BTreeMap;

use jiff::Timestamp;

use self::plan::{Move, plan};
use super::picture::owned;
use super::{GroupPicture, PartitionPlace, fetch_over, places};
use crate::client::raw::admin::offsets::commit_offsets;
use crate::client::raw::admin::records::{OffsetAt, list_offsets};
use crate::client::raw::admin::topics::{TopicPartition, describe_topics};
use crate::client::raw::{BrokerError, Cluster, RawError};
use crate::client::{OffsetSpec, Point};
use crate::commands::{Context, connect, consume, refusal, trouble};
use crate::error::{Error, Kind, Result};
use crate::profile::Profile;
use crate::report::Report;
use crate::words::{Message, groups as words};

/// Arguments of `groups reset`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The group.
    #[arg(value_name = "GROUP")]
    group: String,
    /// Where to: start, end, an offset, +N after the start, -N before the end, @TIME or @-1h.
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    to: String,
    /// Only this topic, also where the group has committed nothing in it; by default all that it committed in.
    #[arg(short, long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,
}

impl Args {
    /// Where to: one place of the offset language, not a range.
    fn place(&self) -> Result<Point> {
        let given = self.to.as_str();
        match OffsetSpec::parse(given, Timestamp::now()) {
            Ok(OffsetSpec { from, until: None }) => Ok(from),
            Ok(_) => Err(Error::usage(words::ONE_PLACE.with(&[("given", &given)])).hint(words::PLACES)),
            Err(problem) => Err(consume::bad_offset(given, &problem).hint(words::PLACES)),
        }
    }
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let to = args.place()?;
    let (profile, mut cluster) = connect::administrator(context, words::ASKING).await?;
    let (profile, cluster) = (&profile, &mut cluster);
    let work = Work { context, profile, args };
    let picture = work.look(cluster).await?;
    let moves = work.moves(cluster, to, &picture).await?;
    let question = words::QUESTION.with(&[("partitions", &moves.len()), ("group", &args.group)]);
    context.confirm_seeing(&show::table(args, &moves, None), question).await?;
    if context.global.dry_run {
        return Ok(show::report(profile, (args, to), &moves, None));
    }
    let seen = work.write(cluster, &moves).await?;
    Ok(show::report(profile, (args, to), &moves, Some(&seen)))
}

struct Work<'a> {
    context: &'a Context,
    profile: &'a Profile,
    args: &'a Args,
}

impl Work<'_> {
    fn doing(&self) -> Message {
        words::RESETTING.with(&[("group", &self.args.group)])
    }

    /// The group as it is, with what it is to be reset in; a group with members is refused.
    async fn look(&self, cluster: &mut Cluster) -> Result<GroupPicture> {
        let Self { context, profile, args } = *self;
        let topics: Vec<&str> = args.topics.iter().map(String::as_str).collect();
        let described =
            if topics.is_empty() { Ok(BTreeMap::new()) } else { describe_topics(cluster, &topics).await };
        let described = match described {
            Ok(described) => described,
            Err(failure) => return Err(trouble::explain_raw(profile, self.doing(), &failure).await),
        };
        for (topic, found) in described {
            if let Err(error) = found {
                let asked = (topic.as_str(), "DESCRIBE");
                return Err(refusal::of_topic(context, profile, cluster, asked, self.doing(), error).await);
            }
        }
        let picture = match fetch_over(cluster, &args.group, &topics).await {
            Ok(picture) if picture.is_dead() => {
                return Err(refusal::unknown_group(profile, cluster, &args.group, None).await);
            }
            Ok(picture) => picture,
            Err(failure) => {
                let asked = (args.group.as_str(), "DESCRIBE");
                return Err(refusal::of_group(context, profile, cluster, asked, self.doing(), failure).await);
            }
        };
        if picture.members.is_empty() { Ok(picture) } else { Err(self.live(&picture)) }
    }

    /// What a group with members is told, before anything is asked of the broker.
    fn live(&self, picture: &GroupPicture) -> Error {
        const NAMED: usize = 4;
        let lang = self.context.lang();
        let mut members: Vec<String> = picture
            .members
            .iter()
            .take(NAMED)
            .map(|member| {
                let named: [(&'static str, &dyn std::fmt::Display); 3] = [
                    ("client", &member.client_id),
                    ("host", &member.host),
                    ("owned", &owned(&member.partitions)),
                ];
                let text =
                    if member.partitions.is_empty() { words::LIVE_MEMBER_IDLE } else { words::LIVE_MEMBER };
                text.fill(lang, &named)
            })
            .collect();
        if picture.members.len() > NAMED {
            members.push(format!("… (+{})", picture.members.len() - NAMED));
        }
        let doing = words::LIVE.with(&[
            ("group", &self.args.group),
            ("state", &picture.state),
            ("members", &members.join(", ")),
        ]);
        Error::new(Kind::Failed, doing)
            .identity(self.profile.identity())
            .hint(words::LIVE_WHY)
            .hint(words::LIVE_WHAT)
            .next(format!("kafkalab groups describe {}", self.args.group))
    }

    /// What is to be done, partition by partition.
    async fn moves(&self, cluster: &mut Cluster, to: Point, picture: &GroupPicture) -> Result<Vec<Move>> {
        let mut wanted = picture.partitions.clone();
        if !self.args.topics.is_empty() {
            wanted.retain(|place| self.args.topics.contains(&place.topic));
        }
        if wanted.is_empty() {
            let error = Error::usage(words::NO_OFFSETS.with(&[("group", &self.args.group)]));
            return Err(error.hint(words::NAME_A_TOPIC));
        }
        let ends = |at| wanted.iter().map(|place| (place.at(), at)).collect();
        let question = if let Point::Time(ms) = to { OffsetAt::Timestamp(ms) } else { OffsetAt::Latest };
        let found = match list_offsets(cluster, &ends(question)).await {
            Ok(found) => found,
            Err(failure) => return Err(trouble::explain_raw(self.profile, self.doing(), &failure).await),
        };
        let mut offsets = BTreeMap::new();
        for (at, result) in found {
            match result {
                Ok(offset) => drop(offsets.insert(at, offset)),
                Err(error) => {
                    let asked = (at.topic.as_str(), "DESCRIBE");
                    let doing = self.doing();
                    return Err(
                        refusal::of_topic(self.context, self.profile, cluster, asked, doing, error).await
                    );
                }
            }
        }
        Ok(plan(to, &wanted, &offsets))
    }

    /// Commits, and reads back what the broker holds then.
    async fn write(&self, cluster: &mut Cluster, moves: &[Move]) -> Result<Vec<PartitionPlace>> {
        let Self { context, profile, args } = *self;
        let offsets: BTreeMap<TopicPartition, i64> =
            moves.iter().map(|one| (one.place.at(), one.after)).collect();
        let answered = match commit_offsets(cluster, &args.group, &offsets).await {
            Ok(answered) => answered,
            Err(failure) => {
                let asked = (args.group.as_str(), "READ");
                return Err(refusal::of_group(context, profile, cluster, asked, self.doing(), failure).await);
            }
        };
        if let Some((at, error)) = answered.into_iter().find_map(|(at, result)| Some((at, result.err()?))) {
            return Err(self.refused(cluster, &at, error).await);
        }
        let partitions: Vec<TopicPartition> = offsets.keys().cloned().collect();
        let mut seen = match places(cluster, &args.group, &[], partitions).await {
            Ok(seen) => seen,
            Err(failure) => return Err(trouble::explain_raw(profile, self.doing(), &failure).await),
        };
        seen.retain(|place| offsets.contains_key(&place.at()));
        Ok(seen)
    }

    /// The broker refused the commit, perhaps because somebody joined meanwhile.
    async fn refused(&self, cluster: &mut Cluster, at: &TopicPartition, error: BrokerError) -> Error {
        const UNKNOWN_MEMBER_ID: i16 = 25;
        const GROUP_AUTHORIZATION_FAILED: i16 = 30;
        let Self { context, profile, args } = *self;
        match error.code {
            UNKNOWN_MEMBER_ID => {
                let name = error.name();
                let block = match fetch_over(cluster, &args.group, &[]).await {
                    Ok(picture) => self.live(&picture),
                    Err(_) => {
                        Error::new(Kind::Failed, self.doing()).hint(words::LIVE_WHY).hint(words::LIVE_WHAT)
                    }
                };
                block.said(
                    error.message.clone().unwrap_or_else(|| name.to_owned()),
                    name,
                    i32::from(error.code),
                )
            }
            GROUP_AUTHORIZATION_FAILED => {
                let asked = (args.group.as_str(), "READ");
                refusal::of_group(context, profile, cluster, asked, self.doing(), RawError::Broker(error))
                    .await
            }
            _ => {
                let asked = (at.topic.as_str(), "READ");
                refusal::of_topic(context, profile, cluster, asked, self.doing(), error).await
            }
        }
    }
}
