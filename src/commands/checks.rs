//! What the phases' `verify` commands share: questions to the broker, each with its answer as evidence.

use std::time::Instant;

use super::{Context, connect};
use crate::client::raw::{Connection, RawError};
use crate::client::{
    Failure, GroupEvent, GroupReader, GroupRequest, OffsetSpec, Outgoing, Placed, Point, Producer,
    ReadRequest, Reader, Reset, Settings,
};
use crate::profile::Profile;
use crate::report::{Check, Verdict};
use crate::words::{Message, checks as words};

/// A connection of a principal, logged in where its profile has a login.
pub(super) async fn connection(context: &Context, profile: &Profile) -> Result<Connection, RawError> {
    let mut connection = Connection::connect(connect::address(profile), context.global.timeout).await?;
    connection.api_versions().await?;
    if let Some(login) = connect::login(profile) {
        connection.login(&login).await?;
    }
    Ok(connection)
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
    producer.enqueue(record)?;
    match producer.acknowledged().await? {
        Some(ack) => ack.result.map_err(|failure| *failure),
        None => Err(producer_lost()),
    }
}

/// A producer that took a record and then knows of none: it cannot be, and it must not count as success.
fn producer_lost() -> Failure {
    Failure::new(crate::client::Kind::Other, "no acknowledgement came")
}

/// Reads as a member of `group` until the record at `placed` has come, and commits. The evidence is the offset that
/// the broker keeps for the group afterwards.
pub(super) async fn through_a_group(
    context: &Context,
    profile: &Profile,
    topic: &str,
    group: &str,
    placed: &Placed,
) -> Check {
    let goal = words::THROUGH_GROUP.with(&[("topic", &topic), ("group", &group)]);
    match consume_until(context, profile, topic, group, placed).await {
        Ok(committed) => {
            let wanted = placed.offset.unwrap_or(0) + 1;
            let evidence = words::COMMITTED.with(&[
                ("group", &group),
                ("partition", &placed.partition),
                ("offset", &committed.unwrap_or(-1)),
            ]);
            decided("group", goal, committed.is_some_and(|offset| offset >= wanted), evidence)
        }
        Err(failure) => failed("group", goal, &failure),
    }
}

async fn consume_until(
    context: &Context,
    profile: &Profile,
    topic: &str,
    group: &str,
    placed: &Placed,
) -> Result<Option<i64>, Failure> {
    let settings = connect::settings(profile, context.global.timeout);
    let request = GroupRequest { group, topic, reset: Reset::Earliest, follow: false };
    let mut member = GroupReader::join(&settings, &request).await?;
    // A new group on a cluster with Kafka's own settings waits 3 s for more members, and the log may be long.
    let patience = context.global.timeout * 4;
    let read = async {
        loop {
            let seen = match member.next().await? {
                GroupEvent::Record(record) => (record.view().partition, record.view().offset),
                GroupEvent::CaughtUp => return Ok::<_, Failure>(()),
                _ => continue,
            };
            member.handled(seen.0, seen.1);
            if Some(seen.1) == placed.offset && seen.0 == placed.partition {
                return Ok(());
            }
        }
    };
    match tokio::time::timeout(patience, read).await {
        Ok(done) => done?,
        Err(_) => return Err(Failure::new(crate::client::Kind::TimedOut, format!("{patience:?}"))),
    }
    let committed = member.leave().await?;
    Ok(committed.get(&placed.partition).copied())
}
