//! The part of `phase4 verify` about groups: members share, one too many is idle, a group commits what it read, another
//! group gets everything too.

use super::acts;
use super::picture::Picture;
use super::stage::Stage;
use crate::commands::groups::PartitionPlace;
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
    let shared = acts::gather(stage, &group, 2).await?;
    made.push(checks::decided("members-share", words::SHARE_GOAL, shared.shared(0), evidence(&shared)));

    let crowded = acts::gather(stage, &group, 3).await?;
    made.push(checks::decided("idle-member", words::IDLE_GOAL, crowded.shared(1), evidence(&crowded)));

    acts::gather(stage, &other, 1).await?;
    let sent = stage.produce(RECORDS).await?;
    let mut got = Vec::new();
    for group in [&group, &other] {
        stage.until_no_lag(group).await?;
        stage.until_heard(group).await?;
        got.push(acts::distinct(stage, group));
    }
    let places = stage.places(&group).await?;
    let ends = places.iter().map(|place| {
        let number = |offset: Option<i64>| offset.map_or("-".to_owned(), |offset| offset.to_string());
        format!("{}: {} / {}", place.partition, number(place.committed), number(place.log_end))
    });
    let ends = words::COMMITTED_EVIDENCE
        .with(&[("group", &group), ("places", &ends.collect::<Vec<_>>().join(", "))]);
    made.push(checks::decided("committed-is-end", words::COMMITTED_GOAL, stands_at_the_end(&places), ends));

    let holds = each_got_all(&got, sent);
    let seen: [(_, &dyn std::fmt::Display); 3] = [("first", &got[0]), ("second", &got[1]), ("sent", &sent)];
    made.push(checks::decided("two-groups", words::GROUPS_GOAL, holds, words::GROUPS_EVIDENCE.with(&seen)));
    Ok(())
}

/// Whether a group has committed the end of each partition.
fn stands_at_the_end(places: &[PartitionPlace]) -> bool {
    let at_the_end = |place: &PartitionPlace| place.committed.is_some() && place.committed == place.log_end;
    !places.is_empty() && places.iter().all(at_the_end)
}

/// Whether each group was given as many different records as were sent.
fn each_got_all(got: &[usize], sent: usize) -> bool {
    sent > 0 && got.iter().all(|count| *count == sent)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_stands_at_the_end_only_where_it_committed_it() {
        let place = |partition, committed, log_end| PartitionPlace {
            topic: "orders".to_owned(),
            partition,
            committed,
            log_start: Some(0),
            log_end,
            owner: None,
        };
        let at_the_end = place(0, Some(10), Some(10));
        assert!(stands_at_the_end(std::slice::from_ref(&at_the_end)));
        assert!(!stands_at_the_end(&[at_the_end.clone(), place(1, Some(9), Some(10))]), "one is to come");
        assert!(!stands_at_the_end(&[at_the_end, place(1, None, Some(10))]), "nothing is committed there");
        assert!(!stands_at_the_end(&[place(0, None, None)]), "nobody knows");
        assert!(!stands_at_the_end(&[]), "of nothing nothing is known");
    }

    #[test]
    fn a_group_that_got_a_part_is_noticed() {
        assert!(each_got_all(&[20, 20], 20));
        assert!(!each_got_all(&[20, 0], 20), "the first took them all");
        assert!(!each_got_all(&[11, 9], 20), "they shared");
        assert!(!each_got_all(&[0, 0], 0), "nothing was sent");
    }
}
