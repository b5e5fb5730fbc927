//! What the phases' `verify` commands share: questions to the broker, each with its answer as evidence.

use std::time::Instant;

use super::{Context, connect};
use crate::client::raw::admin::topics::TopicPartition;
use crate::client::raw::admin::{groups, offsets};
use crate::client::raw::{Connection, RawError};
use crate::client::{
    Failure, GroupEvent, GroupReader, GroupRequest, OffsetSpec, Outgoing, Placed, Point, Producer,
    ReadRequest, Reader, Reset, Settings,
};
use crate::error::{Error, Kind};
use crate::profile::{Profile, ProfileName};
use crate::report::{Check, Verdict};
use crate::words::{Message, checks as words};

/// A connection of a principal, logged in where its profile has a login.
pub(super) async fn connection(context: &Context, profile: &Profile) -> Result<Connection, RawError> {
    connect::connection(profile, context.global.timeout).await
}

/// A check that could not be made, with the reason.
pub(super) fn could_not(id: &'static str, goal: impl Into<Message>, why: &impl std::fmt::Display) -> Check {
    Check::new(id, goal, Verdict::CouldNotCheck, why.to_string())
}

/// Done where it holds, else not yet; with what was seen.
pub(super) fn decided(
    id: &'static str,
    goal: impl Into<Message>,
    holds: bool,
    evidence: impl Into<Message>,
) -> Check {
    Check::new(id, goal, if holds { Verdict::Done } else { Verdict::NotYet }, evidence)
}

/// A failed call as a check: a refusal is the broker's answer, silence is none.
pub(super) fn failed(id: &'static str, goal: impl Into<Message>, failure: &Failure) -> Check {
    use crate::client::Kind;
    let verdict = match failure.kind {
        Kind::Unreachable | Kind::TimedOut | Kind::Interrupted => Verdict::CouldNotCheck,
        _ => Verdict::NotYet,
    };
    let code =
        failure.code.as_ref().map_or_else(String::new, |code| format!(" ({}, {})", code.name, code.number));
    Check::new(id, goal, verdict, format!("{}{code}", failure.said))
}

/// The same for a failed call over a connection of our own.
pub(super) fn failed_raw(id: &'static str, goal: impl Into<Message>, failure: &RawError) -> Check {
    match failure {
        RawError::Broker(_) | RawError::Sasl { .. } => {
            Check::new(id, goal, Verdict::NotYet, failure.to_string())
        }
        _ => could_not(id, goal, failure),
    }
}

/// The same for what would else be the command's error block. Ctrl-C ends the command all the same.
///
/// # Errors
/// The error itself if it is [`Kind::Interrupted`].
pub(super) fn ended(id: &'static str, goal: impl Into<Message>, error: Error) -> crate::error::Result<Check> {
    let verdict = match error.kind {
        Kind::Interrupted => return Err(error),
        Kind::Unreachable => Verdict::CouldNotCheck,
        // A failure of this machine, which is nobody's answer.
        Kind::Failed if error.broker_said.is_none() => Verdict::CouldNotCheck,
        _ => Verdict::NotYet,
    };
    let said = error.broker_said.map(|said| format!("{} ({}, {})", said.text, said.name, said.code));
    Ok(Check::new(id, goal, verdict, said.map_or(error.doing, Message::from)))
}

/// A record with a value that nobody else writes: sent in the persona's manners, acknowledged, and read back at
/// the place that the broker named.
pub(super) async fn there_and_back(
    context: &Context,
    profile: &Profile,
    topic: &str,
    group: &str,
) -> (Check, Option<Placed>) {
    let goal = words::THERE_AND_BACK.with(&[("topic", &topic)]);
    let started = Instant::now();
    match send_and_find(context, profile, topic, group).await {
        Ok((placed, found)) => {
            let offset = placed.offset.unwrap_or(-1);
            let text = if found { words::SEEN_AGAIN } else { words::NOT_SEEN_AGAIN };
            let evidence = text.with(&[
                ("partition", &placed.partition),
                ("offset", &offset),
                ("millis", &started.elapsed().as_millis()),
            ]);
            (decided("message", goal, found, evidence), Some(placed))
        }
        Err(failure) => (failed("message", goal, &failure), None),
    }
}

async fn send_and_find(
    context: &Context,
    profile: &Profile,
    topic: &str,
    group: &str,
) -> Result<(Placed, bool), Failure> {
    let body = serde_json::json!({ "event": "kafkalab-verify", "id": uuid::Uuid::new_v4().to_string() });
    let value = connect::persona(profile).json(&body).into_bytes();
    let (placed, stored) = send_and_read(context, profile, topic, group, (None, &value)).await?;
    Ok((placed, stored.as_deref() == Some(&value[..])))
}

/// Sends a key and a value in the persona's manners, waits for the acknowledgement, and reads what is stored at the
/// place that the broker named.
pub(super) async fn send_and_read(
    context: &Context,
    profile: &Profile,
    topic: &str,
    group: &str,
    (key, value): (Option<&[u8]>, &[u8]),
) -> Result<(Placed, Option<Vec<u8>>), Failure> {
    let settings = connect::settings(profile, context.global.timeout);
    let headers: Vec<_> = connect::persona(profile).message_id().into_iter().collect();
    let record =
        Outgoing { topic, partition: None, timestamp: None, key, value: Some(value), headers: &headers };
    let placed = send(&settings, profile, &record).await?;
    let offset = placed.offset.unwrap_or(0);
    let request = ReadRequest {
        topic,
        partitions: &[placed.partition],
        offsets: OffsetSpec { from: Point::At(offset), until: Some(Point::At(offset + 1)) },
        follow: false,
        coordinator_of: group,
    };
    let mut reader = Reader::open(&settings, &request).await?;
    let stored = reader.next().await?.and_then(|record| record.view().value.map(<[u8]>::to_vec));
    Ok((placed, stored))
}

async fn send(settings: &Settings, profile: &Profile, record: &Outgoing<'_>) -> Result<Placed, Failure> {
    let mut producer = Producer::new(settings, &connect::produce_options(profile))?;
    producer.topic(record.topic).await?;
    producer.write(record).await
}

/// Reads the record at `placed` as a member of a group of its own, named after `group`, and commits. The evidence is
/// the offset that the broker keeps for the group afterwards. Two of these at the same moment do not meet, and a long
/// log costs nothing: the group begins at the record.
pub(super) async fn through_a_group(
    context: &Context,
    profile: &Profile,
    topic: &str,
    group: &str,
    placed: &Placed,
) -> Check {
    let own = uuid::Uuid::new_v4().simple().to_string();
    let group = format!("{group}-verify-{}", &own[..8]);
    let goal = words::THROUGH_GROUP.with(&[("topic", &topic), ("group", &group)]);
    let offset = placed.offset.unwrap_or(0);
    let at = TopicPartition::new(topic, placed.partition);
    let begun = async {
        let mut cluster = connect::raw(profile, context.global.timeout).await?;
        let mut results =
            offsets::commit_offsets(&mut cluster, &group, &[(at.clone(), offset)].into()).await?;
        results.remove(&at).unwrap_or(Ok(()))?;
        Ok(cluster)
    };
    let mut cluster = match begun.await {
        Ok(cluster) => cluster,
        Err(failure) => return failed_raw("group", goal, &failure),
    };
    if let Err(failure) = consume_one(context, profile, topic, &group, placed).await {
        return failed("group", goal, &failure);
    }
    let kept = match offsets::committed_offsets(&mut cluster, &group).await {
        Ok(mut kept) => kept.remove(&at).and_then(Result::ok).map(|committed| committed.offset),
        Err(failure) => return failed_raw("group", goal, &failure),
    };
    delete_group(context, &group).await;
    let evidence = words::COMMITTED.with(&[
        ("group", &group),
        ("partition", &placed.partition),
        ("offset", &kept.unwrap_or(-1)),
    ]);
    decided("group", goal, kept == Some(offset + 1), evidence)
}

/// As a member: waits for the one record, says that it is handled, commits and leaves.
async fn consume_one(
    context: &Context,
    profile: &Profile,
    topic: &str,
    group: &str,
    placed: &Placed,
) -> Result<(), Failure> {
    let settings = connect::settings(profile, context.global.timeout);
    let request = GroupRequest { group, topic, reset: Reset::Latest, follow: false };
    let mut member = GroupReader::join(&settings, &request).await?;
    // A new group on a cluster with Kafka's own settings waits 3 s for more members.
    let patience = context.global.timeout * 2;
    let read = async {
        loop {
            if let GroupEvent::Record(record) = member.next().await? {
                let (partition, offset) = (record.view().partition, record.view().offset);
                if (partition, Some(offset)) == (placed.partition, placed.offset) {
                    return Ok::<_, Failure>(offset);
                }
            }
        }
    };
    let offset = match tokio::time::timeout(patience, read).await {
        Ok(read) => read?,
        Err(_) => return Err(Failure::new(crate::client::Kind::TimedOut, format!("{patience:?}"))),
    };
    member.handled(placed.partition, offset);
    member.leave().await.map(drop)
}

/// A group of a check is of no use afterwards. Only `admin` may delete it; elsewhere it expires by itself.
pub(super) async fn delete_group(context: &Context, group: &str) {
    let Ok(admin) = context.profile_as(ProfileName::Admin, "admin") else { return };
    if let Ok(mut cluster) = connect::raw(&admin, context.global.timeout).await {
        let _ = groups::delete_group(&mut cluster, group).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_an_answer_and_silence_is_none() {
        let verdict = |error| ended("part", "a goal", error).map(|check| check.verdict).ok();
        let error = |kind| Error::new(kind, "asking");
        assert_eq!(
            verdict(error(Kind::Authorization).said("no", "TOPIC_AUTHORIZATION_FAILED", 29)),
            Some(Verdict::NotYet)
        );
        assert_eq!(verdict(error(Kind::Failed).said("no", "INVALID_PARTITIONS", 37)), Some(Verdict::NotYet));
        assert_eq!(verdict(error(Kind::NotMet)), Some(Verdict::NotYet));
        assert_eq!(verdict(error(Kind::Unreachable)), Some(Verdict::CouldNotCheck));
        assert_eq!(verdict(error(Kind::Failed)), Some(Verdict::CouldNotCheck), "this machine failed");
        assert_eq!(verdict(error(Kind::Interrupted)), None, "Ctrl-C ends the command");
    }
}
