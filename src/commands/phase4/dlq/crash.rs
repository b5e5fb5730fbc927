//! `phase4 dlq crash`: an application that dies between its dead letter and its commit. It is a process of its own that
//! kills itself by SIGKILL at exactly that point; then it is started once more.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use super::letters::{self, Letter};
use super::orders::{Order, orders};
use super::picture::shown;
use super::plan::{Fate, Rules, fates};
use super::stage::{Reader, Stage};
use super::worlds::Place;
use crate::client::raw::admin::groups::describe_group;
use crate::client::raw::admin::leave::remove_members;
use crate::client::{Failure, Kind as Cause, Producer};
use crate::commands::{Context, groups, trouble};
use crate::error::{Error, Kind, Result};
use crate::profile::{Profile, ProfileName};
use crate::report::Report;
use crate::words::{Message, phase4_dlq as words};

/// How many orders there are, one of them poison.
const ORDERS: u32 = 9;
/// How long a process may take in all.
const PATIENCE: Duration = Duration::from_secs(60);
/// A static member gets its partitions back at once when it comes again. Without, the group would wait for the session
/// of the dead one to end.
const INSTANCE: &str = "group.instance.id=kafkalab-crash";

/// What was seen.
pub(super) struct Crash {
    /// The place of the poison.
    pub poison: Place,
    /// Orders that are not poison.
    pub healthy: BTreeSet<Place>,
    /// How the first process ended: the number of the signal that killed it.
    pub signal: Option<i32>,
    /// Where the group went on in the partition of the poison, after the death.
    pub stood_at: i64,
    /// Dead letters of the poison, after the death.
    pub letters_then: usize,
    /// Dead letters of the poison at the end: partition and offset, and whether it is known as a duplicate.
    pub letters: Vec<(Place, bool)>,
    /// How often each order was handled.
    pub handled: BTreeMap<Place, u32>,
    /// Records that the group has not read at the end.
    pub lag: i64,
}

impl Crash {
    /// Orders that nobody handled.
    pub(super) fn lost(&self) -> usize {
        self.healthy.iter().filter(|place| !self.handled.contains_key(*place)).count()
    }

    /// Whether it went as it must: a death by SIGKILL, nothing committed, nothing lost, and a duplicate that is known.
    pub(super) fn holds(&self) -> bool {
        let known: Vec<bool> = self.letters.iter().map(|(_, duplicate)| *duplicate).collect();
        let killed = if cfg!(unix) { self.signal == Some(9) } else { true };
        killed
            && self.stood_at <= self.poison.1
            && self.letters_then == 1
            && known.iter().filter(|duplicate| **duplicate).count() == 1
            && known.len() == 2
            && self.lost() == 0
            && self.lag == 0
    }
}

pub(super) async fn run(context: &Context) -> Result<Report> {
    let profile = context.lab_profile(ProfileName::Phase4).await?;
    context.tidies_up();
    let stage = Stage::create(context, &profile, profile.partitions.value).await?;
    let crash = live(context, &stage).await?;
    Ok(report(&stage, &crash))
}

/// Lives through both processes.
pub(super) async fn live(context: &Context, stage: &Stage) -> Result<Crash> {
    let bar = context.ui.waiting(words::CRASHING.with(&[("topic", &stage.topic)]));
    let work = async {
        let sent = match send(stage, &orders(ORDERS, 1)).await {
            Ok(sent) => sent,
            Err(failure) => return Err(failed(context, stage, &failure).await),
        };
        let first = process(context, stage, true).await?;
        let (stood_at, _) = standing(stage, &sent).await?;
        let letters_then = letters_of(context, stage).await?.len();
        let second = process(context, stage, false).await?;
        say_goodbye(stage).await;
        let (_, lag) = standing(stage, &sent).await?;
        let letters = letters_of(context, stage).await?;
        let mut handled: BTreeMap<Place, u32> = BTreeMap::new();
        for place in first.handled.iter().chain(&second.handled) {
            *handled.entry(*place).or_default() += 1;
        }
        let (poison, healthy) = sent;
        let signal = first.signal;
        Ok(Crash { poison, healthy, signal, stood_at, letters_then, letters, handled, lag })
    };
    let lived = context.unless_stopped(work).await;
    bar.finish_and_clear();
    lived
}

/// Sends the orders: the place of the poison, and those of the others.
async fn send(stage: &Stage, orders: &[Order]) -> Result<(Place, BTreeSet<Place>), Failure> {
    let mut producer = Producer::new(&stage.settings(Reader::Retries), &stage.options())?;
    producer.topic(&stage.topic).await?;
    for order in orders {
        producer.put(&order.record(&stage.topic))?;
    }
    let (mut poison, mut healthy) = (None, BTreeSet::new());
    while let Some(ack) = producer.acknowledged().await? {
        let placed = ack.result.map_err(|failure| *failure)?;
        let place = (placed.partition, placed.offset.unwrap_or(-1));
        let order = usize::try_from(ack.sequence).ok().and_then(|number| orders.get(number));
        if order.is_some_and(|order| order.is_poison) {
            poison = Some(place);
        } else {
            healthy.insert(place);
        }
    }
    let poison = poison.ok_or_else(|| Failure::new(Cause::Other, "no acknowledgement came"))?;
    Ok((poison, healthy))
}

/// What a process of the application left behind.
struct Left {
    signal: Option<i32>,
    handled: Vec<Place>,
}

/// Runs the application as a process of its own.
async fn process(context: &Context, stage: &Stage, dies: bool) -> Result<Left> {
    let mut command = again(context, &stage.profiles[Reader::Retries as usize])?;
    command.args(["phase4", "dlq", "consume", "--output", "json", "--quiet", "-X", INSTANCE]);
    command.args(["--attempts", "2", "--backoff", "50ms", "--topic", &stage.topic]);
    command.args(["--group", &stage.group(Reader::Retries), "--dead-letters", &stage.dead_letters]);
    if dies {
        command.arg("--die-before-commit");
    }
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(output) = tokio::time::timeout(PATIENCE, command.output()).await else {
        return Err(Error::new(
            Kind::Unreachable,
            words::PROCESS_IS_LATE.with(&[("time", &format!("{PATIENCE:?}"))]),
        ));
    };
    let output = output?;
    let signal = signal(output.status);
    if !dies && !output.status.success() {
        // Its error block is in the language of the learner already.
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::new(Kind::Failed, words::PROCESS_FAILED).hint(said));
    }
    let lines =
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let handled = lines.filter(|line: &Value| line["result"] == "handled").filter_map(|line| {
        Some((i32::try_from(line["partition"].as_i64()?).ok()?, line["offset"].as_i64()?))
    });
    Ok(Left { signal, handled: handled.collect() })
}

/// This program once more, with the settings of this run. A password from standard input travels in the environment,
/// which only the user's own processes can read.
fn again(context: &Context, profile: &Profile) -> Result<Command> {
    use secrecy::ExposeSecret as _;
    let global = &context.global;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--bootstrap-server", &profile.bootstrap_server.value, "--as", &profile.actor.name.value]);
    command.arg("--home").arg(context.home()?.path()).arg("--no-start").arg("--no-progress");
    command.arg("--timeout").arg(format!("{}ms", global.timeout.as_millis()));
    command.args(["--lang", context.lang().tag()]);
    for (flag, path) in
        [("--profile", &global.profile), ("--phases", &global.phases), ("--acls", &global.acls)]
    {
        if let Some(path) = path {
            command.arg(flag).arg(path);
        }
    }
    for property in &global.properties {
        command.args(["--set", property]);
    }
    if global.sasl_password_stdin
        && let Some(password) = &profile.actor.password
    {
        command.env("KAFKALAB_SASL_PASSWORD", password.value.expose_secret());
    }
    Ok(command)
}

/// A static member does not leave by itself when it ends: it is expected back. If it cannot be taken out, the group
/// finds out by the end of its session.
async fn say_goodbye(stage: &Stage) {
    let group = stage.group(Reader::Retries);
    let gone = async {
        let mut cluster = stage.cluster().await?;
        let members = describe_group(&mut cluster, &group).await?.members;
        remove_members(&mut cluster, &group, &members).await
    };
    let _ = gone.await;
}

/// Where the group goes on in the partition of the poison, and what it has not read in all.
async fn standing(stage: &Stage, (poison, _): &(Place, BTreeSet<Place>)) -> Result<(i64, i64)> {
    let places = async {
        let mut cluster = stage.cluster().await?;
        groups::places(&mut cluster, &stage.group(Reader::Retries), &[&stage.topic], []).await
    };
    let places = match places.await {
        Ok(places) => places,
        Err(failure) => {
            let profile = &stage.profiles[Reader::Retries as usize];
            return Err(trouble::explain_raw(profile, doing(stage), &failure).await);
        }
    };
    let lag = places.iter().map(super::worlds::behind).sum();
    let next = places.iter().find(|place| place.partition == poison.0).map_or(0, |place| place.next());
    Ok((next, lag))
}

/// The dead letters of this stage's topic, and whether each is known as a duplicate.
async fn letters_of(context: &Context, stage: &Stage) -> Result<Vec<(Place, bool)>> {
    let profile = &stage.profiles[Reader::Retries as usize];
    let letters = match letters::read(context, profile, &stage.dead_letters).await {
        Ok(letters) => letters,
        Err(failure) => return Err(failed(context, stage, &failure).await),
    };
    let rules = Rules { dead_letters: stage.dead_letters.clone(), limit: 1, ..Rules::default() };
    let fates = fates(&letters, &BTreeMap::new(), &rules);
    let ours = |letter: &Letter| letter.death.as_ref().is_some_and(|death| death.origin.topic == stage.topic);
    let known = letters.iter().zip(fates).filter(|(letter, _)| ours(letter)).map(|(letter, fate)| {
        ((letter.record.partition, letter.record.offset), matches!(fate, Fate::Duplicate(_)))
    });
    Ok(known.collect())
}

fn report(stage: &Stage, crash: &Crash) -> Report {
    let places: Vec<Place> = crash.letters.iter().map(|(place, _)| *place).collect();
    let again = crash.handled.values().filter(|times| **times > 1).count();
    let poison = shown(&[crash.poison]);
    let mut report = Report::new(json!({
        "topic": stage.topic,
        "dead_letters": stage.dead_letters,
        "poison": { "partition": crash.poison.0, "offset": crash.poison.1 },
        "signal": crash.signal,
        "committed_after_death": crash.stood_at,
        "letters_after_death": crash.letters_then,
        "letters": crash.letters.iter().map(|((partition, offset), duplicate)| json!({
            "partition": partition, "offset": offset, "duplicate": duplicate,
        })).collect::<Vec<_>>(),
        "orders": crash.healthy.len() + 1,
        "handled": crash.handled.len(),
        "handled_again": again,
        "lost": crash.lost(),
        "lag": crash.lag,
    }));
    let signal = crash.signal.map_or_else(|| "?".to_owned(), |signal| signal.to_string());
    report = report
        .line(words::CRASHED.with(&[
            ("poison", &poison),
            ("letter", &shown(&places[..places.len().min(1)])),
            ("signal", &signal),
        ]))
        .line(words::STOOD_AT.with(&[
            ("partition", &crash.poison.0),
            ("next", &crash.stood_at),
            ("poison", &poison),
        ]))
        .line(words::CAME_AGAIN.with(&[("poison", &poison), ("letters", &shown(&places))]))
        .line(words::CRASH_RESULT.with(&[
            ("handled", &crash.handled.len()),
            ("again", &again),
            ("lost", &crash.lost()),
        ]));
    if !crash.holds() {
        report.outcome = Some(Kind::NotMet);
        report = report.line(words::CRASH_DIFFERS);
    }
    report.explain(words::WHY_DUPLICATES).explain(words::CRASH_IDEMPOTENT).explain(words::CRASH_NEXT)
}

async fn failed(context: &Context, stage: &Stage, failure: &Failure) -> Error {
    trouble::explain(context, &stage.profiles[Reader::Retries as usize], doing(stage), failure).await
}

fn doing(stage: &Stage) -> Message {
    words::CRASHING.with(&[("topic", &stage.topic)])
}

#[cfg(unix)]
fn signal(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: std::process::ExitStatus) -> Option<i32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it must go: killed before the commit, a duplicate that is known, and nothing lost.
    fn crash() -> Crash {
        let healthy = BTreeSet::from([(0, 0), (0, 1), (0, 3)]);
        Crash {
            poison: (0, 2),
            signal: cfg!(unix).then_some(9),
            stood_at: 2,
            letters_then: 1,
            letters: vec![((0, 0), false), ((0, 1), true)],
            handled: healthy.iter().map(|place| (*place, 1)).collect(),
            healthy,
            lag: 0,
        }
    }

    #[test]
    fn a_crash_holds_only_as_it_must_go() {
        assert!(crash().holds());
        assert!(!Crash { stood_at: 3, ..crash() }.holds(), "the poison was committed before the death");
        assert!(!Crash { letters_then: 0, ..crash() }.holds(), "it died before its letter");
        assert!(!Crash { letters: vec![((0, 0), false)], ..crash() }.holds(), "no duplicate");
        assert!(!Crash { letters: vec![((0, 0), false), ((0, 1), false)], ..crash() }.holds(), "unknown");
        assert!(!Crash { handled: BTreeMap::from([((0, 0), 1), ((0, 1), 1)]), ..crash() }.holds(), "a loss");
        assert!(!Crash { lag: 1, ..crash() }.holds(), "one is left to read");
        if cfg!(unix) {
            assert!(!Crash { signal: None, ..crash() }.holds(), "it ended by itself");
        }
    }
}
