//! What a scenario shows: the time line, the groups, the refusals, the connections.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::scenario::{Outcome, in_order};
use super::side::Side;
use crate::client::rights::Attempt;
use crate::commands::matrix::{self, Row};
use crate::commands::{Context, connect};
use crate::error::{Kind, Result};
use crate::profile::ProfileName;
use crate::report::{Block, Report, Table};
use crate::words::{Message, phase3 as words};

/// So many orders that went wrong are named to a person.
const SHOWN_PROBLEMS: usize = 10;

pub(super) async fn report(context: &Context, outcome: &Outcome) -> Result<Report> {
    let (timeline, timeline_data) = timeline(context, outcome);
    let (groups, groups_data) = groups(outcome);
    let (connections, connections_data) = connections(context, outcome);
    let sides = in_order(&outcome.from, &outcome.to);
    let refusals = refusals(context, &outcome.topic, sides).await?;
    let problems: Vec<String> =
        outcome.problems.iter().map(|problem| problem.in_lang(context.lang())).collect();
    let mut report = Report::new(json!({
        "scenario": outcome.plan.name,
        "topic": outcome.topic,
        "orders": outcome.sent.len(),
        "received": outcome.received.len(),
        "passed_over": outcome.passed_over,
        "timeline": timeline_data,
        "groups": groups_data,
        "matrix": refusals.data,
        "connections": connections_data,
        "problems": problems,
    }));
    report = report.block(timeline).block(Block::Gap);
    // The last one says why; of many alike a few will do, and JSON has all.
    let (why, orders) = outcome.problems.split_last().unzip();
    let orders: &[Message] = orders.unwrap_or_default();
    for problem in orders.iter().take(SHOWN_PROBLEMS) {
        report = report.line(problem.clone());
    }
    if let Some(more) = orders.len().checked_sub(SHOWN_PROBLEMS).filter(|more| *more > 0) {
        report = report.line(words::MORE.with(&[("more", &more)]));
    }
    if let Some(why) = why {
        report = report.line(why.clone());
    }
    if outcome.problems.is_empty() {
        let who = outcome.to.source.name();
        report = report.line(words::EXACTLY_ONCE.with(&[("who", &who), ("orders", &outcome.received.len())]));
        if let Some(differs) = refusals.check.evidence.first()
            && refusals.check.verdict != crate::report::Verdict::Done
        {
            report = report.line(differs.clone());
            report.outcome = Some(Kind::NotMet);
        }
    } else {
        report.outcome = Some(Kind::NotMet);
    }
    if outcome.passed_over > 0 {
        report = report.line(words::PASSED_OVER.with(&[("records", &outcome.passed_over)]));
    }
    report.body.extend([Block::Gap, groups, Block::Gap, refusals.table, Block::Gap, connections]);
    let [laravel, nest] = sides;
    Ok(report
        .explain(words::ONLY_KAFKA)
        .explain(words::OWN_GROUPS.with(&[("laravel", &laravel.group), ("nest", &nest.group)]))
        .explain(words::AT_LEAST_ONCE)
        .explain(words::SAME_PARTITION)
        .explain(words::REAL_APPS)
        .same_with(
            "Laravel",
            [
                "Kafka::publish()->onTopic('integracao-pedidos')->withSasl(…)".to_owned(),
                "    ->withConfigOption('partitioner', 'murmur2_random')".to_owned(),
                "    ->withKafkaKey($pedidoId)->withBody($envelope)->send();".to_owned(),
            ],
        )
        .same_with(
            "NestJS",
            [
                "@EventPattern('integracao-pedidos') handle(@Payload() envelope) { … }".to_owned(),
                "this.kafka.emit('integracao-pedidos', { key: pedidoId, value: envelope });".to_owned(),
            ],
        ))
}

/// A row for each sending and each arrival, in order of time.
fn timeline(context: &Context, outcome: &Outcome) -> (Block, Value) {
    let since = |at: Instant| u64::try_from((at - outcome.began).as_millis()).unwrap_or(u64::MAX);
    let (from, to) = (outcome.from.source.name(), outcome.to.source.name());
    let mut lines: Vec<(Instant, Vec<String>, Value)> = Vec::new();
    for sent in &outcome.sent {
        let (event, place) = (sent.message.event.name(), sent.placed);
        let offset = place.offset.unwrap_or(-1);
        let key = &sent.message.order;
        let cells = [
            since(sent.at).to_string(),
            from.to_owned(),
            words::SENT.fill(context.lang(), &[("event", &event)]),
            place.partition.to_string(),
            offset.to_string(),
            key.clone(),
            "-".to_owned(),
            "-".to_owned(),
        ];
        let data = json!({
            "at_ms": since(sent.at), "who": from, "does": "sent", "event": event, "id": sent.message.id,
            "partition": place.partition, "offset": offset, "key": key,
        });
        lines.push((sent.at, cells.into(), data));
    }
    for one in &outcome.received {
        let sent = outcome.sent.iter().find(|sent| sent.message.id == one.message.id);
        let delay = sent.map(|sent| u64::try_from((one.at - sent.at).as_millis()).unwrap_or(u64::MAX));
        let (event, key) = (one.message.event.name(), &one.message.order);
        let reaction = one.reaction.as_ref().map(|(answer, place)| {
            (answer.event.name(), place.partition, place.offset.unwrap_or(-1), answer.id)
        });
        let cells = [
            since(one.at).to_string(),
            to.to_owned(),
            words::RECEIVED.fill(context.lang(), &[("event", &event)]),
            one.partition.to_string(),
            one.offset.to_string(),
            key.clone(),
            delay.map_or_else(|| "?".to_owned(), |delay| format!("{delay} ms")),
            reaction.map_or_else(
                || words::NOTED.get(context.lang()).to_owned(),
                |(event, partition, offset, _)| format!("{event} {partition}/{offset}"),
            ),
        ];
        let data = json!({
            "at_ms": since(one.at), "who": to, "does": "received", "event": event, "id": one.message.id,
            "partition": one.partition, "offset": one.offset, "key": key, "delay_ms": delay,
            "reaction": reaction.map(|(event, partition, offset, id)| json!({
                "event": event, "partition": partition, "offset": offset, "id": id,
            })),
        });
        lines.push((one.at, cells.into(), data));
    }
    lines.sort_by_key(|(at, ..)| *at);
    let head = vec!["MS", "WHO", "WHAT", "PARTITION", "OFFSET", "KEY", "DELAY", "REACTION"];
    let (rows, data) = lines.into_iter().map(|(_, cells, data)| (cells, data)).unzip();
    (Block::Table(Table { head, rows }), Value::Array(data))
}

/// Where each group stands in each partition.
fn groups(outcome: &Outcome) -> (Block, Value) {
    let head = vec!["GROUP", "PARTITION", "COMMITTED", "END", "LAG"];
    let (mut rows, mut data) = (Vec::new(), Vec::new());
    for (group, places) in &outcome.offsets {
        for place in places {
            let shown =
                |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
            rows.push(vec![
                group.clone(),
                place.partition.to_string(),
                shown(place.committed),
                shown(place.log_end),
                shown(place.lag()),
            ]);
            data.push(json!({
                "group": group, "partition": place.partition, "committed": place.committed,
                "log_end": place.log_end, "lag": place.lag(),
            }));
        }
    }
    (Block::Table(Table { head, rows }), Value::Array(data))
}

/// Who may write and read the topic, and whose group is whose.
pub(super) async fn refusals(
    context: &Context,
    topic: &str,
    [laravel, nest]: [&Side; 2],
) -> Result<matrix::Observed> {
    let attempts = [
        Attempt::Write(topic.to_owned()),
        Attempt::Read(topic.to_owned()),
        Attempt::Join(laravel.group.clone()),
        Attempt::Join(nest.group.clone()),
    ];
    let profile = context.profile(ProfileName::Phase3)?;
    let mut rows = Vec::new();
    for name in &profile.principal_names {
        let expected = match name.as_str() {
            "laravel" => vec![true, true, true, false],
            "nest" => vec![true, true, false, true],
            _ => vec![false; 4],
        };
        rows.push(Row { profile: context.profile_as(ProfileName::Phase3, name)?, expected });
    }
    if let Some(anonymous) = profile.without_login() {
        rows.push(Row { profile: anonymous, expected: vec![false; 4] });
    }
    Ok(matrix::observe(context, &rows, &attempts, &["WRITE", "READ", "LARAVEL-GROUP", "NEST-GROUP"]).await)
}

/// The two applications as the broker knows them: no address of one is known to the other.
fn connections(context: &Context, outcome: &Outcome) -> (Block, Value) {
    let head = vec!["PRINCIPAL", "MECHANISM", "BROKER", "DOES", "MEMBER"];
    let (mut rows, mut data) = (Vec::new(), Vec::new());
    for side in in_order(&outcome.from, &outcome.to) {
        let sends = side.source == outcome.from.source || outcome.plan.reaction.is_some();
        let reads = side.source == outcome.to.source;
        let does = match (sends, reads) {
            (true, true) => words::WRITES_AND_READS,
            (true, false) => words::WRITES,
            _ => words::READS,
        };
        let principal = side.profile.principal().value;
        let mechanism = side.profile.mechanism.as_ref().map_or("-", |mechanism| mechanism.value.name());
        let member = outcome.members.first().filter(|_| reads);
        let shown = member.map_or_else(
            || "-".to_owned(),
            |member| format!("{} {} {}", side.group, member.client_id, member.client_host),
        );
        let address = connect::address(&side.profile);
        let row = [&principal, mechanism, address, does.get(context.lang()), &shown];
        rows.push(row.map(str::to_owned).into());
        data.push(json!({
            "principal": principal, "mechanism": mechanism, "bootstrap_server": address,
            "writes": sends, "reads": reads,
            "group": reads.then_some(&side.group),
            "client_id": member.map(|member| &member.client_id),
            "client_host": member.map(|member| &member.client_host),
        }));
    }
    (Block::Table(Table { head, rows }), Value::Array(data))
}
