//! `phase4 member`: the process of one member, started by `phase4 groups` and by nobody else. It joins its group, deals
//! with records, and says on standard output what happens to it. It ends when its standard input does, so no member
//! outlives its parent, however that ended.

use std::io::{self, BufRead as _};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::wire::{Order, Problem, Said, Setup};
use crate::client::{Failure, GroupEvent, GroupReader, GroupRequest, Reset};
use crate::commands::Context;
use crate::error::{Error, Kind, Result};
use crate::report::Report;
use crate::words::phase4_groups as words;

/// How often it commits what it dealt with.
const COMMIT_EVERY: Duration = Duration::from_millis(50);
/// The broker's words for a commit that comes in the middle of a rebalance: 22 ILLEGAL_GENERATION, 25 UNKNOWN_MEMBER_ID,
/// 27 REBALANCE_IN_PROGRESS. The next commit covers the same records.
const REBALANCING: [i32; 3] = [22, 25, 27];

pub(in crate::commands::phase4) async fn run(context: &Context) -> Result<Report> {
    context.streams();
    context.tidies_up();
    let mut orders = lines_of_stdin()?;
    let Some(first) = orders.recv().await else { return Ok(Report::streamed()) };
    // Its words would quote the line, and the line holds a password.
    let setup: Setup = serde_json::from_str(&first).map_err(|_| Error::usage(words::NOT_BY_HAND))?;
    match live(context, &setup, &mut orders).await? {
        Ok(()) => Ok(Report::streamed()),
        Err(failure) => {
            tell(context, &Said::Failed(Problem::from(&failure)))?;
            Ok(Report { outcome: Some(Kind::Failed), ..Report::streamed() })
        }
    }
}

/// From joining to leaving. The outer error is that nobody listens any more, the inner one is the broker's.
async fn live(
    context: &Context,
    setup: &Setup,
    orders: &mut UnboundedReceiver<String>,
) -> Result<Result<(), Failure>> {
    let settings = setup.settings();
    let request =
        GroupRequest { group: &setup.group, topic: &setup.topic, reset: Reset::Earliest, follow: true };
    let joined = tokio::select! {
        joined = GroupReader::join(&settings, &request) => joined,
        // Whatever it is told before it has joined, it has nothing to do or to give back.
        _ = orders.recv() => return Ok(Ok(())),
    };
    let mut member = match joined {
        Ok(member) => member,
        Err(failure) => return Ok(Err(failure)),
    };
    match work(context, &mut member, orders).await? {
        Ok(()) => {}
        Err(failure) => return Ok(Err(failure)),
    }
    match member.leave().await {
        Ok(committed) => tell(context, &Said::Left { committed }).map(Ok),
        Err(failure) => Ok(Err(failure)),
    }
}

/// Deals with records until it is told to leave.
async fn work(
    context: &Context,
    member: &mut GroupReader,
    orders: &mut UnboundedReceiver<String>,
) -> Result<Result<(), Failure>> {
    let mut commits = interval(COMMIT_EVERY);
    commits.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut paused, mut cost) = (false, Duration::ZERO);
    loop {
        let event = tokio::select! {
            biased;
            () = context.stop.cancelled() => return Ok(Ok(())),
            order = orders.recv() => match order.as_deref().map(serde_json::from_str) {
                None | Some(Err(_)) | Some(Ok(Order::Leave)) => return Ok(Ok(())),
                Some(Ok(Order::Pause)) => {
                    paused = true;
                    tell(context, &Said::Paused)?;
                    continue;
                }
                Some(Ok(Order::Resume { per_record_ms })) => {
                    (paused, cost) = (false, Duration::from_millis(per_record_ms));
                    continue;
                }
            },
            _ = commits.tick() => match member.commit().await {
                Err(failure) if !failure.number().is_some_and(|code| REBALANCING.contains(&code)) => {
                    return Ok(Err(failure));
                }
                _ => continue,
            },
            event = member.next(), if !paused => event,
        };
        let (partition, offset) = match event {
            Ok(GroupEvent::Assigned(partitions)) => {
                tell(context, &Said::Assigned { partitions })?;
                continue;
            }
            Ok(GroupEvent::Revoked { partitions, .. }) => {
                tell(context, &Said::Revoked { partitions })?;
                continue;
            }
            Ok(GroupEvent::CaughtUp) => continue,
            Ok(GroupEvent::Record(record)) => (record.view().partition, record.view().offset),
            Err(failure) => return Ok(Err(failure)),
        };
        // The work itself.
        if !cost.is_zero() {
            sleep(cost).await;
        }
        member.handled(partition, offset);
        tell(context, &Said::Handled { partition, offset })?;
    }
}

fn tell(context: &Context, said: &Said) -> Result<()> {
    let line = serde_json::to_string(said).map_err(|error| Error::new(Kind::Failed, error.to_string()))?;
    context.ui.data_line(&line)
}

/// The lines of standard input, read by a thread of its own: such a read cannot be cancelled, and nobody waits for it
/// when the process ends.
fn lines_of_stdin() -> Result<UnboundedReceiver<String>> {
    let (sender, receiver) = unbounded_channel();
    let read = move || {
        for line in io::stdin().lock().lines().map_while(io::Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("orders".to_owned()).spawn(read)?;
    Ok(receiver)
}
