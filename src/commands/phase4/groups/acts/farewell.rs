//! A member that is killed against one that says goodbye: the same loss, noticed at very different speeds.

use serde_json::json;
use tokio::time::Instant;

use super::{listed, millis, records, rest, seconds};
use crate::broker::group::Reason;
use crate::commands::phase4::groups::act::Act;
use crate::commands::phase4::groups::picture::{Cause, Picture};
use crate::commands::phase4::groups::stage::{SESSION, Stage};
use crate::error::{Error, Kind, Result};
use crate::prediction::Prediction;
use crate::words::phase4_groups as words;

/// How many records each partition is given while one has no reader.
const RECORDS: usize = 5;

/// Kills one member that owns partitions, waits until others own them, then lets another one leave.
pub(in super::super) async fn farewell(stage: &mut Stage<'_>, group: &str) -> Result<Act> {
    let title = stage.begin(words::FAREWELL_TITLE)?;
    let asked = Prediction::new(
        "farewell",
        words::FAREWELL_QUESTION,
        [words::FAREWELL_LEAVER, words::FAREWELL_KILLED, words::FAREWELL_SAME],
    );
    let asked = stage.context.predict(asked).await?;
    let killed = kill(stage, group).await?;
    let left = leave(stage, group).await?;
    let (killed_ms, left_ms) = (millis(killed.waited), millis(left.waited));
    let happened = longest(left_ms, killed_ms);
    let lang = stage.context.lang();
    Ok(Act::new(title, asked, happened, happened == 1)
        .line(words::KILLED.with(&[
            ("member", &killed.member),
            ("pid", &killed.pid),
            ("partitions", &listed(&killed.partitions)),
            ("seconds", &seconds(killed.waited)),
        ]))
        .line(words::KILLED_WAITED.with(&[("sent", &killed.sent), ("waited", &killed.unread)]))
        .picture(killed.picture, lang)
        .line(words::SAID_GOODBYE.with(&[
            ("member", &left.member),
            ("partitions", &listed(&left.partitions)),
            ("seconds", &seconds(left.waited)),
        ]))
        .picture(left.picture, lang)
        .explain(words::KILLED_WHY.with(&[("session", &SESSION.as_secs())]))
        .explain(words::GOODBYE_WHY)
        .data(json!({
            "session_timeout_ms": millis(SESSION),
            "killed": {
                "member": killed.member, "partitions": killed.partitions, "waited_ms": killed_ms,
                "sent": killed.sent, "unread_meanwhile": killed.unread,
            },
            "left": { "member": left.member, "partitions": left.partitions, "waited_ms": left_ms },
        })))
}

/// Whose partitions waited longer, as the choices of the question: 0 the leaver's, 1 those of the killed one, 2 neither's
/// by more than twice.
fn longest(left_ms: u64, killed_ms: u64) -> usize {
    match (left_ms > killed_ms * 2, killed_ms > left_ms * 2) {
        (true, _) => 0,
        (_, true) => 1,
        _ => 2,
    }
}

/// A member that is gone, and what became of its partitions.
struct Gone {
    member: String,
    pid: u32,
    partitions: Vec<i32>,
    /// How long it took until all of them had a new owner.
    waited: std::time::Duration,
    /// Records that came meanwhile, and how many of them were in partitions without a reader.
    sent: usize,
    unread: usize,
    picture: Picture,
}

async fn kill(stage: &mut Stage<'_>, group: &str) -> Result<Gone> {
    let (member, pid, partitions) = owner(stage, group)?;
    let began = Instant::now();
    stage.kill(group, &member).await?;
    // Of those that live.
    let already = records(stage, group);
    let sent = stage.produce(RECORDS).await?;
    let unread = RECORDS * partitions.len();
    stage
        .until(words::AWAITING_LIVING.into(), |stage| records(stage, group) >= already + sent - unread)
        .await?;
    let picture = rest(stage, group, Cause::of(Reason::SessionExpired, &member)).await?;
    let waited = stage.took(group, began);
    Ok(Gone { member, pid, partitions, waited, sent, unread, picture })
}

/// A member that owns something: its name, process and partitions.
fn owner(stage: &Stage<'_>, group: &str) -> Result<(String, u32, Vec<i32>)> {
    let found = stage.of(group).find(|member| !member.seen.owned.is_empty());
    let found = found.and_then(|member| Some((member, member.pid()?)));
    let (member, pid) = found.ok_or_else(|| Error::new(Kind::NotMet, words::NOBODY_OWNS))?;
    Ok((member.name.clone(), pid, member.seen.owned.iter().copied().collect()))
}

async fn leave(stage: &mut Stage<'_>, group: &str) -> Result<Gone> {
    let (member, pid, partitions) = owner(stage, group)?;
    let began = Instant::now();
    stage.leave(group, &member).await?;
    let picture = rest(stage, group, Cause::of(Reason::MemberLeft, &member)).await?;
    let waited = stage.took(group, began);
    Ok(Gone { member, pid, partitions, waited, sent: 0, unread: 0, picture })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_killed_one_waits_longer_only_by_more_than_twice() {
        assert_eq!(longest(30, 6000), 1);
        assert_eq!(longest(30, 60), 2);
        assert_eq!(longest(3000, 6000), 2, "a leaver whose partitions waited for a session as well");
        assert_eq!(longest(6000, 30), 0);
        assert_eq!(longest(0, 0), 2);
    }
}
