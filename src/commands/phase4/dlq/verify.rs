//! What `phase4 verify` asks about dead letters. It plays on topics of its own, and deletes them.

use std::ops::ControlFlow;
use std::time::Duration;

use super::application::{Application, Happened};
use super::machine::Policy;
use super::orders::Handler;
use super::picture::shown;
use super::run::plan;
use super::stage::{Reader, Stage};
use super::worlds::{self, Plan, Seen};
use super::{crash, letters, redrive};
use crate::client::Failure;
use crate::commands::{Context, checks, trouble};
use crate::error::{Error, Kind, Result};
use crate::profile::ProfileName;
use crate::report::Check;
use crate::words::{app, phase4_dlq as words};

const POLICY: Policy = Policy { attempts: 3, backoff: Duration::from_millis(200) };
const ORDERS: u32 = 60;

/// The three worlds, the letter, its way back, and a crash.
pub(in crate::commands::phase4) async fn verify(context: &Context, made: &mut Vec<Check>) -> Result<()> {
    let profile = context.profile(ProfileName::Phase4)?;
    let stage = Stage::for_once(context, &profile).await?;
    let played = play(context, &stage, made).await;
    let taken_down = stage.take_down(context).await;
    played.and(taken_down)
}

async fn play(context: &Context, stage: &Stage, made: &mut Vec<Check>) -> Result<()> {
    let plan = plan(POLICY, (ORDERS, 1), context.global.timeout);
    let seen = match worlds::play(stage, &plan, &context.stop).await {
        _ if context.stop.is_cancelled() => return Err(Error::new(Kind::Interrupted, app::INTERRUPTED)),
        Ok(seen) => seen,
        Err((reader, failure)) => return Err(failed(context, stage, reader, &failure).await),
    };
    made.extend([laravel(&seen), nest(&seen)]);
    made.push(buried(context, stage, &plan, &seen).await?);
    made.push(went_on(&seen));
    made.push(came_back(context, stage).await?);
    made.push(died(context, stage).await?);
    Ok(())
}

fn laravel(seen: &Seen) -> Check {
    let poison = seen.poison();
    let next = |partition| seen.next(Reader::Laravel, partition).unwrap_or(0);
    let holds = !poison.is_empty()
        && poison.iter().all(|(partition, offset)| next(*partition) > *offset)
        && seen.lag(Reader::Laravel) == 0;
    let evidence = words::EVIDENCE_STANDS.with(&[
        ("poison", &shown(&poison)),
        ("next", &poison.first().map_or(0, |(partition, _)| next(*partition))),
        ("lag", &seen.lag(Reader::Laravel)),
    ]);
    checks::decided("dlq-laravel", words::GOAL_LARAVEL, holds, evidence)
}

fn nest(seen: &Seen) -> Check {
    let poison = seen.poison();
    let next = |partition| seen.next(Reader::Nest, partition).unwrap_or(0);
    let holds = !poison.is_empty()
        && poison.iter().all(|(partition, offset)| next(*partition) == *offset)
        && seen.lag(Reader::Nest) > 0
        && seen.nest.restarts > 0;
    let evidence = words::EVIDENCE_STANDS.with(&[
        ("poison", &shown(&poison)),
        ("next", &poison.first().map_or(0, |(partition, _)| next(*partition))),
        ("lag", &seen.lag(Reader::Nest)),
    ]);
    checks::decided("dlq-nest", words::GOAL_NEST, holds, evidence)
}

/// One letter with its origin, as the broker has it; everything else handled once, and nothing left to read.
async fn buried(context: &Context, stage: &Stage, plan: &Plan, seen: &Seen) -> Result<Check> {
    let letters = match letters::read(context, &stage.profiles[2], &stage.dead_letters).await {
        Ok(letters) => letters,
        Err(failure) => return Err(failed(context, stage, Reader::Retries, &failure).await),
    };
    let origins = letters.iter().filter_map(|letter| letter.death.as_ref().map(|death| &death.origin));
    let ours = origins.filter(|origin| origin.topic == stage.topic);
    let places: Vec<_> = ours.map(|origin| (origin.partition, origin.offset)).collect();
    let (once, again) = seen.handled();
    let holds = letters.len() == 1
        && places == seen.poison()
        && (once, again) == (plan.orders.len() - 1, 0)
        && seen.lag(Reader::Retries) == 0;
    let evidence = words::EVIDENCE_BURIED.with(&[
        ("letters", &letters.len()),
        ("origins", &shown(&places)),
        ("once", &once),
        ("again", &again),
        ("lag", &seen.lag(Reader::Retries)),
    ]);
    Ok(checks::decided("dlq-letter", words::GOAL_BURIED, holds, evidence))
}

fn went_on(seen: &Seen) -> Check {
    let goal = words::GOAL_WENT_ON;
    let Some(burial) = seen.retries.burials.first() else {
        return checks::decided("dlq-others", goal, false, words::NO_POISON);
    };
    let meanwhile = seen.retries.meanwhile(burial, &seen.sent);
    let handled: u64 = meanwhile.handled.values().sum();
    let holds = handled > 0 && meanwhile.longest < meanwhile.lasted;
    let evidence = words::EVIDENCE_WENT_ON.with(&[
        ("millis", &meanwhile.lasted.as_millis()),
        ("handled", &handled),
        ("longest", &meanwhile.longest.as_millis()),
    ]);
    checks::decided("dlq-others", goal, holds, evidence)
}

/// Back once, handled once by the mended application, and nothing the second time.
async fn came_back(context: &Context, stage: &Stage) -> Result<Check> {
    let profile = &stage.profiles[Reader::Retries as usize];
    let first = redrive::carry_out(context, profile, &stage.dead_letters).await?;
    let second = redrive::carry_out(context, profile, &stage.dead_letters).await?;
    let handled = match handle(context, stage).await {
        Ok(handled) => handled,
        Err(failure) => return Err(failed(context, stage, Reader::Retries, &failure).await),
    };
    let holds = (first, second, handled) == (1, 0, 1);
    let evidence =
        words::EVIDENCE_BACK.with(&[("first", &first), ("second", &second), ("handled", &handled)]);
    Ok(checks::decided("dlq-redrive", words::GOAL_BACK, holds, evidence))
}

/// What the mended application handles until it has read everything.
async fn handle(context: &Context, stage: &Stage) -> std::result::Result<u64, Failure> {
    let mut application = Application::join(stage.setup(POLICY, Handler::Fixed), false).await?;
    let mut handled = 0;
    let mut watch = |happened: Happened<'_>| {
        handled += u64::from(matches!(happened, Happened::Handled { .. }));
        ControlFlow::Continue(())
    };
    let worked = tokio::select! {
        worked = application.run(false, &mut watch) => worked,
        () = context.stop.cancelled() => Ok(()),
        () = tokio::time::sleep(context.global.timeout * 4) => Ok(()),
    };
    let left = application.leave().await;
    worked.and(left.map(drop)).map(|()| handled)
}

/// On a topic of its own, whose dead letters go to the same place.
async fn died(context: &Context, stage: &Stage) -> Result<Check> {
    let aside = stage.beside(context).await?;
    let lived = crash::live(context, &aside).await;
    let taken_down = aside.take_down(context).await;
    let crash = lived?;
    taken_down?;
    let places: Vec<_> = crash.letters.iter().map(|(place, _)| *place).collect();
    let duplicates = crash.letters.iter().filter(|(_, duplicate)| *duplicate).count();
    let evidence = words::EVIDENCE_CRASH.with(&[
        ("signal", &crash.signal.unwrap_or(0)),
        ("duplicates", &duplicates),
        ("letters", &shown(&places)),
        ("poison", &shown(&[crash.poison])),
        ("lost", &crash.lost()),
    ]);
    Ok(checks::decided("dlq-crash", words::GOAL_CRASH, crash.holds(), evidence))
}

async fn failed(context: &Context, stage: &Stage, reader: Reader, failure: &Failure) -> Error {
    let doing = words::PLAYING.with(&[("topic", &stage.topic)]);
    trouble::explain(context, &stage.profiles[reader as usize], doing, failure).await
}
