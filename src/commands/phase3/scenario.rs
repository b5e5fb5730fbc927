//! `phase3 run-scenario-a` and `-b`: the two applications at work at the same time, each with its own credentials.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, json};
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

use super::places;
use super::reactor::{Reactor, Received};
use super::shared::INCONSISTENT_GROUP_PROTOCOL;
use super::show;
use super::side::{Sent, Side};
use crate::client::Failure;
use crate::client::raw::admin::groups::{self, Member};
use crate::commands::groups::PartitionPlace;
use crate::commands::{Context, connect, trouble};
use crate::contract::{Envelope, EventName, Source};
use crate::error::{Error, Kind, Result};
use crate::profile::ProfileName;
use crate::report::Report;
use crate::words::{Message, app, phase3 as words};

/// The flags of a scenario.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many orders.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    orders: u32,
    /// At most so many orders a second.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
}

/// Who does what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// `a` or `b`.
    pub name: &'static str,
    /// Who begins.
    pub from: Source,
    /// With which event.
    pub event: EventName,
    /// Who receives it.
    pub to: Source,
    /// The event that it answers with, if it does.
    pub reaction: Option<EventName>,
}

/// Laravel creates orders; Nest notifies, and says so.
pub(super) const A: Plan = Plan {
    name: "a",
    from: Source::Laravel,
    event: EventName::PedidoCriado,
    to: Source::Nest,
    reaction: Some(EventName::PedidoNotificado),
};

/// Nest notifies; Laravel receives it.
pub(super) const B: Plan = Plan {
    name: "b",
    from: Source::Nest,
    event: EventName::PedidoNotificado,
    to: Source::Laravel,
    reaction: None,
};

/// What happened.
pub(super) struct Outcome {
    pub plan: Plan,
    pub topic: String,
    pub from: Side,
    pub to: Side,
    pub began: Instant,
    pub sent: Vec<Sent>,
    pub received: Vec<Received>,
    /// Records in the topic that are not of this run.
    pub passed_over: u64,
    /// The receiver as the group's coordinator describes it.
    pub members: Vec<Member>,
    /// Why it does not count, if it does not.
    pub problems: Vec<Message>,
    /// Each group's places, Laravel's first.
    pub offsets: Vec<(String, Vec<PartitionPlace>)>,
}

pub(super) async fn run(context: &Context, plan: Plan, args: &Args) -> Result<Report> {
    let profile = context.lab_profile(ProfileName::Phase3).await?;
    let Some(topic) = profile.topic.map(|topic| topic.value) else {
        return Err(Error::usage(crate::words::produce::NO_TOPIC));
    };
    let sides = (Side::new(context, plan.from)?, Side::new(context, plan.to)?);
    let outcome = play(context, plan, sides, topic, (args.orders, args.rate)).await?;
    show::report(context, &outcome).await
}

/// Plays a scenario with so many orders, at most so many a second, and looks at the groups afterwards.
pub(super) async fn play(
    context: &Context,
    plan: Plan,
    (from, to): (Side, Side),
    topic: String,
    (orders, rate): (u32, Option<u32>),
) -> Result<Outcome> {
    let messages = messages(plan, orders);
    let limit = context.global.timeout * 4
        + rate.map_or(Duration::ZERO, |rate| Duration::from_secs(u64::from(orders / rate) + 1));
    context.tidies_up();
    let began = Instant::now();
    let both = together(context, plan, (&from, &to), &topic, messages.clone(), (rate, limit)).await?;
    let (sent, (received, passed_over), members) = both;
    let mut problems = problems(plan, &messages, &received);
    if !problems.is_empty() {
        problems.push(words::DEADLINE.with(&[("seconds", &limit.as_secs())]));
    }
    let mut offsets = Vec::new();
    for side in in_order(&from, &to) {
        match places::of(side, &topic).await {
            Ok(places) => offsets.push((side.group.clone(), places)),
            Err(failure) => {
                return Err(trouble::explain_raw(&side.profile, doing(side, &topic), &failure).await);
            }
        }
    }
    Ok(Outcome { plan, topic, from, to, began, sent, received, passed_over, members, problems, offsets })
}

/// Laravel first, whoever begins.
pub(super) fn in_order<'a>(from: &'a Side, to: &'a Side) -> [&'a Side; 2] {
    if from.source == Source::Laravel { [from, to] } else { [to, from] }
}

type Both = (Vec<Sent>, (Vec<Received>, u64), Vec<Member>);

/// Both applications at once. The sender begins as soon as the receiver has its partitions, so that a delay is one of
/// the broker and not one of the start.
async fn together(
    context: &Context,
    plan: Plan,
    (from, to): (&Side, &Side),
    topic: &str,
    messages: Vec<Envelope>,
    (rate, limit): (Option<u32>, Duration),
) -> Result<Both> {
    let (ready, is_ready) = oneshot::channel();
    // Nothing more will come where the sender has failed.
    let over = context.stop.child_token();
    let wanted = messages.iter().map(|message| message.order.clone()).collect();
    let react = |message: &Envelope| plan.reaction.map(|event| answer(event, plan.to, message));
    let sending = async {
        if is_ready.await.is_err() {
            return Ok((Vec::new(), Vec::new()));
        }
        // Asked while the member is there; that it can be described is no condition of the scenario.
        let members = describe(context, to).await;
        let sent = from.send_all(topic, messages, rate).await;
        if sent.is_err() {
            over.cancel();
        }
        Ok::<_, Failure>((sent?, members))
    };
    let receiving = async {
        let mut reactor = Reactor::join(to, topic, (plan.event, wanted), &react).await?;
        let worked = tokio::select! {
            biased;
            () = over.cancelled() => Ok(()),
            worked = tokio::time::timeout(limit, reactor.run(ready)) => worked.unwrap_or(Ok(())),
        };
        let left = reactor.leave().await;
        worked.and(left)
    };
    let bar = context.ui.waiting(words::AT_WORK.with(&[("group", &to.group)]));
    let (sent, received) = tokio::join!(sending, receiving);
    bar.finish_and_clear();
    if context.stop.is_cancelled() {
        return Err(Error::new(Kind::Interrupted, app::INTERRUPTED));
    }
    let (sent, members) = match sent {
        Ok(sent) => sent,
        Err(failure) => return Err(failed(context, from, topic, &failure).await),
    };
    match received {
        Ok(received) => Ok((sent, received, members)),
        Err(failure) => Err(failed(context, to, topic, &failure).await),
    }
}

async fn describe(context: &Context, side: &Side) -> Vec<Member> {
    let Ok(mut cluster) = connect::cluster(context, &side.profile, words::AT_WORK).await else {
        return Vec::new();
    };
    groups::describe_group(&mut cluster, &side.group).await.map(|group| group.members).unwrap_or_default()
}

/// A failure with its reason. In the group of the real application the other library is refused, with every setting in
/// order: the scenario is then simply not met.
async fn failed(context: &Context, side: &Side, topic: &str, failure: &Failure) -> Error {
    let error = trouble::explain(context, &side.profile, doing(side, topic), failure).await;
    if failure.code.as_ref().is_none_or(|code| code.number != i32::from(INCONSISTENT_GROUP_PROTOCOL)) {
        return error;
    }
    Error { kind: Kind::NotMet, ..error }
        .hint(words::REAL_APP_IN_GROUP.with(&[("who", &side.source.name()), ("group", &side.group)]))
}

fn doing(side: &Side, topic: &str) -> Message {
    words::DOING.with(&[("who", &side.source.name()), ("topic", &topic)])
}

/// The messages of a run. The ids of its orders are nobody else's, so that two runs at once do not count each other's.
fn messages(plan: Plan, orders: u32) -> Vec<Envelope> {
    let run = Uuid::new_v4().simple().to_string();
    let message = |number: u32| Envelope {
        event: plan.event,
        order: format!("pedido-{}-{number}", &run[..8]),
        data: data(plan.event, number),
        timestamp: Timestamp::now(),
        id: Uuid::new_v4(),
        source: plan.from,
    };
    (1..=orders).map(message).collect()
}

fn data(event: EventName, number: u32) -> Map<String, serde_json::Value> {
    let data = match event {
        EventName::PedidoNotificado => json!({ "canal": "e-mail" }),
        _ => json!({ "cliente": "João", "total_centavos": 1990 * i64::from(number) }),
    };
    data.as_object().cloned().unwrap_or_default()
}

/// The event that says: I have seen yours.
fn answer(event: EventName, source: Source, to: &Envelope) -> Envelope {
    let mut data = data(event, 0);
    data.insert("em_resposta_a".to_owned(), json!(to.id.to_string()));
    let (timestamp, id) = (Timestamp::now(), Uuid::new_v4());
    Envelope { event, order: to.order.clone(), data, timestamp, id, source }
}

/// Orders that did not come, and orders that came more than once.
fn problems(plan: Plan, wanted: &[Envelope], received: &[Received]) -> Vec<Message> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for one in received {
        *times.entry(&one.message.order).or_default() += 1;
    }
    let who = plan.to.name();
    let wrong = |message: &Envelope| match times.get(message.order.as_str()) {
        Some(1) => None,
        None => Some(words::NOT_RECEIVED.with(&[("who", &who), ("order", &message.order)])),
        Some(times) => {
            Some(words::RECEIVED_AGAIN.with(&[("who", &who), ("order", &message.order), ("times", times)]))
        }
    };
    wanted.iter().filter_map(wrong).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(message: &Envelope) -> Received {
        let (at, partition, offset) = (Instant::now(), 0, 0);
        Received { message: message.clone(), at, partition, offset, reaction: None }
    }

    #[test]
    fn exactly_once_is_neither_never_nor_twice() {
        let wanted = messages(A, 3);
        let all: Vec<_> = wanted.iter().map(received).collect();
        assert_eq!(problems(A, &wanted, &all), []);
        let said = |received: &[Received]| {
            problems(A, &wanted, received)
                .iter()
                .map(|m| m.in_lang(crate::words::Lang::En))
                .collect::<Vec<_>>()
        };
        let missing = said(&all[1..]);
        assert!(missing.len() == 1 && missing[0].contains(&wanted[0].order), "{missing:?}");
        let twice = said(&[&all[..], &all[2..]].concat());
        assert!(twice.len() == 1 && twice[0].contains('2'), "{twice:?}");
    }

    #[test]
    fn an_answer_names_what_it_answers() {
        let order = messages(A, 1).remove(0);
        let answer = answer(EventName::PedidoNotificado, Source::Nest, &order);
        assert_eq!((answer.order, answer.source), (order.order, Source::Nest));
        assert_eq!(answer.data["em_resposta_a"], order.id.to_string());
    }
}
