//! The acts, one function each: ask what will happen, do it, wait for the broker, say what it did.

mod everything;
mod farewell;
mod lag;
mod protocols;
mod sharing;
mod statics;

pub(super) use everything::{distinct, two_groups};
pub(super) use farewell::farewell;
pub(super) use lag::lag;
pub(super) use protocols::protocols;
pub(super) use sharing::{newcomer, share, too_many};
pub(super) use statics::static_member;

use std::time::Duration;

use super::picture::{Cause, Picture};
use super::stage::{Manner, Stage};
use crate::broker::group::Reason;
use crate::error::Result;

/// `member-1`, `member-2`, …
fn names(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("member-{number}")).collect()
}

/// Starts members of no special manner until there are so many, and waits until they share the topic.
pub(super) async fn gather(stage: &mut Stage<'_>, group: &str, count: usize) -> Result<Picture> {
    gather_as(stage, group, count, |_| Manner::default()).await
}

/// The same, each in the manner that its name calls for.
async fn gather_as(
    stage: &mut Stage<'_>,
    group: &str,
    count: usize,
    manner: impl Fn(&str) -> Manner<'_>,
) -> Result<Picture> {
    let names = names(count);
    for name in names.iter().skip(stage.of(group).count()) {
        stage.start(group, name, manner(name)).await?;
    }
    let last = names.last().map_or("", String::as_str);
    rest(stage, group, Cause::of(Reason::MemberJoined, last)).await
}

/// Waits until the group rests with the members that live now.
async fn rest(stage: &mut Stage<'_>, group: &str, cause: Cause) -> Result<Picture> {
    let names: Vec<String> = stage.of(group).map(|member| member.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    stage.settle(group, &names, cause).await
}

/// Lets every member of a group leave, and waits until their processes have ended.
pub(super) async fn all_leave(stage: &mut Stage<'_>, group: &str) -> Result<()> {
    let names: Vec<String> = stage.of(group).map(|member| member.name.clone()).collect();
    for name in names {
        stage.leave(group, &name).await?;
    }
    stage.left().await
}

/// How many records the members of a group have dealt with.
fn records(stage: &Stage<'_>, group: &str) -> usize {
    stage.of(group).map(|member| member.seen.records()).sum()
}

/// How many partitions the topic has.
fn partitions(stage: &Stage<'_>) -> usize {
    usize::try_from(stage.topic.partitions).unwrap_or(0)
}

/// `0, 2`, or `-` for none.
pub(super) fn listed(partitions: &[i32]) -> String {
    let numbers: Vec<String> = partitions.iter().map(ToString::to_string).collect();
    if numbers.is_empty() { "-".to_owned() } else { numbers.join(", ") }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Seconds with one decimal, or two below one.
fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 { format!("{seconds:.2}") } else { format!("{seconds:.1}") }
}
