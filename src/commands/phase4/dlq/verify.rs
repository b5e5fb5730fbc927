//! What `phase4 verify` asks about dead letters. It plays on topics of its own, and deletes them.

use std::ops::ControlFlow;
use std::time::Duration;

use super::application::{Application, Happened};
use super::crash::{self, Crash};
use super::machine::Policy;
use super::orders::Handler;
use super::picture::shown;
use super::run::plan;
use super::stage::{Reader, Stage};
use super::worlds::{self, Place, Seen};
use super::{letters, redrive};
use crate::client::{self, Failure};
use crate::commands::{Context, checks, trouble};
use crate::error::{Error, Kind, Result};
use crate::profile::ProfileName;
use crate::report::Check;
use crate::words::{Message, app, phase4_dlq as words};

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
        Ok(seen) if !seen.in_time => {
            return Err(failed(context, stage, Reader::Retries, &too_late(plan.limit)).await);
        }
        Ok(seen) => seen,
        Err((reader, failure)) => return Err(failed(context, stage, reader, &failure).await),
    };
    made.extend([laravel(&seen), nest(&seen)]);
    let letters = match letters::read(context, &stage.profiles[2], &stage.dead_letters).await {
        Ok(letters) => letters,
        Err(failure) => return Err(failed(context, stage, Reader::Retries, &failure).await),
    };
    let origins = letters.iter().filter_map(|letter| letter.death.as_ref().map(|death| &death.origin));
    let ours = origins.filter(|origin| origin.topic == stage.topic);
    let places: Vec<Place> = ours.map(|origin| (origin.partition, origin.offset)).collect();
    made.extend([buried(letters.len(), &places, &seen), went_on(&seen)]);
    made.push(come_back(context, stage).await?);
    made.push(die(context, stage).await?);
    Ok(())
}

fn laravel(seen: &Seen) -> Check {
    let evidence = standing(seen, Reader::Laravel);
    checks::decided("dlq-laravel", words::GOAL_LARAVEL, seen.loses(), evidence)
}

fn nest(seen: &Seen) -> Check {
    checks::decided("dlq-nest", words::GOAL_NEST, seen.blocks(), standing(seen, Reader::Nest))
}

/// Where the poison is, where a group goes on in its partition, and how far it is behind.
fn standing(seen: &Seen, reader: Reader) -> Message {
    let poison = seen.poison();
    let next = poison.first().and_then(|(partition, _)| seen.next(reader, *partition)).unwrap_or(0);
    words::EVIDENCE_STANDS.with(&[("poison", &shown(&poison)), ("next", &next), ("lag", &seen.lag(reader))])
}

/// One letter with its origin, as the broker has it; everything else handled once, and nothing left to read.
fn buried(letters: usize, origins: &[Place], seen: &Seen) -> Check {
    let ((once, again), lag) = (seen.handled(), seen.lag(Reader::Retries));
    let holds =
        letters == 1 && origins == seen.poison() && (once, again, lag) == ((ORDERS - 1) as usize, 0, 0);
    let evidence = words::EVIDENCE_BURIED.with(&[
        ("letters", &letters),
        ("origins", &shown(origins)),
        ("once", &once),
        ("again", &again),
        ("lag", &lag),
    ]);
    checks::decided("dlq-letter", words::GOAL_BURIED, holds, evidence)
}

fn went_on(seen: &Seen) -> Check {
    let goal = words::GOAL_WENT_ON;
    let Some(burial) = seen.retries.burials.first() else {
        return checks::decided("dlq-others", goal, false, words::NO_POISON);
    };
    let meanwhile = seen.retries.meanwhile(burial, &seen.sent);
    let handled: u64 = meanwhile.handled.values().sum();
    let holds = handled > 0;
    let evidence = words::EVIDENCE_WENT_ON.with(&[
        ("millis", &meanwhile.lasted.as_millis()),
        ("handled", &handled),
        ("longest", &meanwhile.longest.as_millis()),
    ]);
    checks::decided("dlq-others", goal, holds, evidence)
}

/// Sends it back twice, and lets the mended application work.
async fn come_back(context: &Context, stage: &Stage) -> Result<Check> {
    let profile = &stage.profiles[Reader::Retries as usize];
    let first = redrive::carry_out(context, profile, &stage.dead_letters).await?;
    let second = redrive::carry_out(context, profile, &stage.dead_letters).await?;
    let handled = match handle(context, stage).await {
        Ok(handled) => handled,
        Err(failure) => return Err(failed(context, stage, Reader::Retries, &failure).await),
    };
    Ok(came_back(first, second, handled))
}

/// Back once, handled once by the mended application, and nothing the second time.
fn came_back(first: usize, second: usize, handled: u64) -> Check {
    let holds = (first, second, handled) == (1, 0, 1);
    let evidence =
        words::EVIDENCE_BACK.with(&[("first", &first), ("second", &second), ("handled", &handled)]);
    checks::decided("dlq-redrive", words::GOAL_BACK, holds, evidence)
}

/// What the mended application handles until it has read everything.
async fn handle(context: &Context, stage: &Stage) -> std::result::Result<u64, Failure> {
    let mut application = Application::join(stage.setup(POLICY, Handler::Fixed), false).await?;
    let (mut handled, patience) = (0, context.global.timeout * 4);
    let mut watch = |happened: Happened<'_>| {
        handled += u64::from(matches!(happened, Happened::Handled { .. }));
        ControlFlow::Continue(())
    };
    let worked = tokio::select! {
        worked = application.run(false, &mut watch) => worked,
        () = context.stop.cancelled() => Ok(()),
        () = tokio::time::sleep(patience) => Err(too_late(patience)),
    };
    let left = application.leave().await;
    worked.and(left.map(drop)).map(|()| handled)
}

/// On a topic of its own, whose dead letters go to the same place.
async fn die(context: &Context, stage: &Stage) -> Result<Check> {
    let aside = stage.beside(context).await?;
    let lived = crash::live(context, &aside).await;
    let taken_down = aside.take_down(context).await;
    let crash = lived?;
    taken_down?;
    Ok(died(&crash))
}

fn died(crash: &Crash) -> Check {
    let places: Vec<_> = crash.letters.iter().map(|(place, _)| *place).collect();
    let duplicates = crash.letters.iter().filter(|(_, duplicate)| *duplicate).count();
    let evidence = words::EVIDENCE_CRASH.with(&[
        ("signal", &crash.signal.unwrap_or(0)),
        ("duplicates", &duplicates),
        ("letters", &shown(&places)),
        ("poison", &shown(&[crash.poison])),
        ("lost", &crash.lost()),
    ]);
    checks::decided("dlq-crash", words::GOAL_CRASH, crash.holds(), evidence)
}

/// Whoever has not come to an end in time has not failed at its task: that could not be checked.
fn too_late(patience: Duration) -> Failure {
    Failure::new(client::Kind::TimedOut, format!("{patience:?}"))
}

async fn failed(context: &Context, stage: &Stage, reader: Reader, failure: &Failure) -> Error {
    let doing = words::PLAYING.with(&[("topic", &stage.topic)]);
    trouble::explain(context, &stage.profiles[reader as usize], doing, failure).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    /// As many orders as a verification sends, all of them handled but the poison.
    fn seen() -> Seen {
        let mut seen = Seen::example();
        let handled = &mut seen.retries.handled;
        handled.extend((3..).map(|offset| ((1, offset), 1)).take(ORDERS as usize - 1 - handled.len()));
        seen
    }

    #[test]
    fn a_letter_that_is_missing_or_of_elsewhere_is_noticed() {
        let verdict = |letters, origins: &[Place], seen: &Seen| buried(letters, origins, seen).verdict;
        assert_eq!(verdict(1, &[(0, 1)], &seen()), Verdict::Done);
        assert_eq!(verdict(0, &[], &seen()), Verdict::NotYet);
        assert_eq!(verdict(1, &[(0, 2)], &seen()), Verdict::NotYet, "it names another origin");
        assert_eq!(verdict(2, &[(0, 1), (0, 1)], &seen()), Verdict::NotYet, "it died twice");
        let mut again = seen();
        again.retries.handled.insert((1, 0), 2);
        assert_eq!(verdict(1, &[(0, 1)], &again), Verdict::NotYet, "another order was handled again");
        let behind = seen().with(Reader::Retries, Some(2));
        assert_eq!(verdict(1, &[(0, 1)], &behind), Verdict::NotYet, "something is left to read");
    }

    #[test]
    fn partitions_that_wait_are_noticed() {
        assert_eq!(went_on(&seen()).verdict, Verdict::Done);
        let mut alone = seen();
        alone.retries.timeline.clear();
        assert_eq!(went_on(&alone).verdict, Verdict::NotYet, "nothing was handled meanwhile");
        let mut late = seen();
        late.retries.timeline[0].0 += Duration::from_millis(100);
        assert_eq!(went_on(&late).verdict, Verdict::NotYet, "the order had to wait for the burial");
        let mut nothing = seen();
        nothing.retries.burials.clear();
        assert_eq!(went_on(&nothing).verdict, Verdict::NotYet, "nothing died");
    }

    #[test]
    fn a_letter_comes_back_exactly_once() {
        assert_eq!(came_back(1, 0, 1).verdict, Verdict::Done);
        for (first, second, handled) in [(0, 0, 0), (1, 1, 2), (1, 0, 0), (1, 0, 2)] {
            assert_eq!(came_back(first, second, handled).verdict, Verdict::NotYet);
        }
    }
}
