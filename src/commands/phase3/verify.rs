//! `phase3 verify`: an event goes from one application to the other and back, over Kafka alone, and stays within the
//! contract and the ACLs.

use std::collections::BTreeSet;

use super::contract::{self, Sampled};
use super::places;
use super::scenario::{self, Outcome, Plan, in_order};
use super::side::Side;
use super::{shared, show};
use crate::client::raw::batches::last_records;
use crate::commands::groups::PartitionPlace;
use crate::commands::{Context, checks, connect, standalone};
use crate::contract::Source;
use crate::error::{Error, Result};
use crate::profile::ProfileName;
use crate::report::{Block, Check, Report, Verdict};
use crate::words::{Message, phase3 as words};

/// How many orders each scenario has.
const ORDERS: u32 = 3;
/// How far back the contract looks for them in each partition; others may write at the same time.
const SAMPLE: u32 = 1000;

pub(super) async fn run(context: &Context) -> Result<Report> {
    let profile = context.lab_profile(ProfileName::Phase3).await?;
    // A broker that cannot be reached is the command's failure, not a column of checks that could not be made.
    drop(connect::cluster(context, &profile, words::VERIFYING).await?);
    let Some(topic) = profile.topic.as_ref().map(|topic| topic.value.clone()) else {
        return Err(Error::usage(crate::words::produce::NO_TOPIC));
    };
    let (laravel, nest) = (Side::new(context, Source::Laravel)?, Side::new(context, Source::Nest)?);

    let (a, check_a) = scenario(context, scenario::A, &topic, ("scenario-a", words::GOAL_A.into())).await?;
    let (b, check_b) = scenario(context, scenario::B, &topic, ("scenario-b", words::GOAL_B.into())).await?;
    let outcomes: Vec<&Outcome> = [&a, &b].into_iter().flatten().collect();
    let checks = vec![
        check_a,
        check_b,
        committed(&outcomes),
        keeps_contract(context, &laravel, &topic, &outcomes).await?,
        shared::check(context, &topic, &laravel, &nest).await,
    ];
    let refusals = show::refusals(context, &topic, in_order(&laravel, &nest)).await?;
    // What the applications could do each alone, they still can, and no more than that.
    let phase1 = standalone::still_holds(context, ProfileName::Phase1).await?;
    let phase2 = standalone::still_holds(context, ProfileName::Phase2).await?;
    let checks = checks.into_iter().chain([refusals.check, phase1, phase2]).collect();
    let mut report = Report::checks(checks, context.lang());
    report.body.extend([Block::Gap, refusals.table]);
    if let Some(data) = &mut report.data {
        data.insert("matrix".to_owned(), refusals.data);
    }
    Ok(report
        .explain(words::ONLY_KAFKA)
        .explain(words::OWN_GROUPS.with(&[("laravel", &laravel.group), ("nest", &nest.group)]))
        .explain(words::WHY_NOT_ONE_GROUP)
        .explain(words::AT_LEAST_ONCE)
        .explain(words::REAL_APPS))
}

/// A scenario as a check. A refusal is the broker's answer; Ctrl-C ends the command. The receiver is in a group of its
/// own, so that neither another verification nor the application itself takes its orders.
async fn scenario(
    context: &Context,
    plan: Plan,
    topic: &str,
    (id, goal): (&'static str, Message),
) -> Result<(Option<Outcome>, Check)> {
    let (from, to) = (Side::new(context, plan.from)?, Side::new(context, plan.to)?.in_a_group_of_its_own());
    if let Err(failure) = places::begin_at_the_end(&to, topic).await {
        return Ok((None, checks::failed_raw(id, goal, &failure)));
    }
    let group = to.group.clone();
    let played = scenario::play(context, plan, (from, to), topic.to_owned(), (ORDERS, None)).await;
    checks::delete_group(context, &group).await;
    match played {
        Ok(outcome) => {
            let check = match outcome.problems.first() {
                None => Check::new(id, goal, Verdict::Done, evidence(&outcome)),
                Some(problem) => Check::new(id, goal, Verdict::NotYet, problem.clone()),
            };
            Ok((Some(outcome), check))
        }
        Err(error) => Ok((None, checks::ended(id, goal, error)?)),
    }
}

fn evidence(outcome: &Outcome) -> Message {
    let place = |partition: i32, offset: i64| format!("{partition}/{offset}");
    let came = outcome.received.iter().map(|one| place(one.partition, one.offset)).collect::<Vec<_>>();
    let who = outcome.to.source.name();
    words::ARRIVED.with(&[("who", &who), ("orders", &outcome.received.len()), ("places", &came.join(", "))])
}

/// Whether each receiver's group keeps an offset beyond each message that it was given.
fn committed(outcomes: &[&Outcome]) -> Check {
    let holds = outcomes.len() == 2 && outcomes.iter().all(|outcome| has_committed(outcome));
    let places = outcomes.iter().map(|outcome| {
        let places = own_group(outcome).iter().filter_map(|place| Some((place.partition, place.committed?)));
        let places: Vec<String> = places.map(|(partition, next)| format!("{partition}: {next}")).collect();
        format!("{} [{}]", outcome.to.group, places.join("; "))
    });
    let evidence = words::COMMITTED.with(&[("places", &places.collect::<Vec<_>>().join(", "))]);
    checks::decided("committed", words::GOAL_COMMITTED, holds, evidence)
}

fn own_group(outcome: &Outcome) -> &[PartitionPlace] {
    let own = outcome.offsets.iter().find(|(group, _)| *group == outcome.to.group);
    own.map_or(&[], |(_, places)| places)
}

fn has_committed(outcome: &Outcome) -> bool {
    let beyond = |partition, offset| {
        let place = own_group(outcome).iter().find(|place| place.partition == partition);
        place.and_then(|place| place.committed).is_some_and(|next| next > offset)
    };
    !outcome.received.is_empty() && outcome.received.iter().all(|one| beyond(one.partition, one.offset))
}

/// Whether the records of the two scenarios, as the broker stores them, keep the contract.
async fn keeps_contract(context: &Context, side: &Side, topic: &str, outcomes: &[&Outcome]) -> Result<Check> {
    let sent = outcomes.iter().flat_map(|outcome| &outcome.sent);
    let orders: BTreeSet<&[u8]> = sent.map(|sent| sent.message.order.as_bytes()).collect();
    let goal = words::GOAL_CONTRACT;
    let mut cluster = connect::cluster(context, &side.profile, words::VERIFYING).await?;
    let mut stored = match last_records(&mut cluster, topic, SAMPLE).await {
        Ok(stored) => stored,
        Err(failure) => return Ok(checks::failed_raw("contract", goal, &failure)),
    };
    stored.retain(|one| one.record.key.as_ref().is_some_and(|key| orders.contains(&key[..])));
    Ok(judged(goal.into(), &contract::examine(stored)?))
}

fn judged(goal: Message, sampled: &Sampled) -> Check {
    let evidence = match sampled.first_broken() {
        None => words::KEPT.with(&[("records", &sampled.records())]),
        Some(broken) => Message::from(broken),
    };
    let holds = sampled.first_broken().is_none() && sampled.records() > 0;
    checks::decided("contract", goal, holds, evidence)
}
