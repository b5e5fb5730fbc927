//! The part of `phase4 verify` about groups: members share, one too many is idle, a group commits what it read, another
//! group gets everything too.

use super::acts;
use super::picture::Picture;
use super::stage::{Manner, Stage};
use crate::commands::{Context, checks};
use crate::error::Result;
use crate::report::Check;
use crate::words::{Message, phase4_groups as words};

/// Few, so that one member too many is soon there.
const PARTITIONS: i32 = 2;
/// Records in each partition.
const RECORDS: usize = 10;

/// Makes the checks, with members of its own, and clears up.
pub(in crate::commands::phase4) async fn verify(context: &Context, made: &mut Vec<Check>) -> Result<()> {
    let mut stage = Stage::build(context, PARTITIONS).await?;
    let measured = context.unless_stopped(measure(&mut stage, made)).await;
    let cleared = stage.clear().await;
    measured.and(cleared)
}

async fn measure(stage: &mut Stage<'_>, made: &mut Vec<Check>) -> Result<()> {
    let (group, other) = (stage.group("a"), stage.group("b"));
    let shared = acts::gather(stage, &group, 2, |_| Manner::default()).await?;
    let holds = shared.once() && shared.idle().is_empty();
    made.push(checks::decided("members-share", words::SHARE_GOAL, holds, evidence(&shared)));

    let crowded = acts::add(stage, &group, 3).await?;
    let holds = crowded.once() && crowded.idle().len() == 1;
    made.push(checks::decided("idle-member", words::IDLE_GOAL, holds, evidence(&crowded)));

    acts::gather(stage, &other, 1, |_| Manner::default()).await?;
    let sent = stage.produce(RECORDS).await?;
    let mut got = Vec::new();
    for group in [&group, &other] {
        stage.until_no_lag(group).await?;
        got.push(acts::distinct(stage, group));
    }
    let places = stage.places(&group).await?;
    let holds = places.iter().all(|place| place.committed.is_some() && place.committed == place.log_end);
    let ends = places.iter().map(|place| {
        let number = |offset: Option<i64>| offset.map_or("-".to_owned(), |offset| offset.to_string());
        format!("{}: {} / {}", place.partition, number(place.committed), number(place.log_end))
    });
    let ends = words::COMMITTED_EVIDENCE
        .with(&[("group", &group), ("places", &ends.collect::<Vec<_>>().join(", "))]);
    made.push(checks::decided("committed-is-end", words::COMMITTED_GOAL, holds, ends));

    let holds = got.iter().all(|count| *count == sent);
    let seen: [(_, &dyn std::fmt::Display); 3] = [("first", &got[0]), ("second", &got[1]), ("sent", &sent)];
    made.push(checks::decided("two-groups", words::GROUPS_GOAL, holds, words::GROUPS_EVIDENCE.with(&seen)));
    Ok(())
}

/// `member-1: 0; member-2: 1`
fn evidence(picture: &Picture) -> Message {
    let shares = picture
        .members()
        .into_iter()
        .map(|member| format!("{}: {}", member.client_id, acts::listed(&picture.owned(member))));
    words::SHARE_EVIDENCE
        .with(&[("state", &picture.group.state), ("shares", &shares.collect::<Vec<_>>().join("; "))])
}
