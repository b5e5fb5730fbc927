//! One group: members share the partitions, a newcomer makes them share anew, and who comes when none is left is idle.

use serde_json::json;
use tokio::time::Instant;

use super::{gather, millis, partitions};
use crate::commands::phase4::groups::act::Act;
use crate::commands::phase4::groups::stage::{HEARTBEAT, Stage};
use crate::commands::voices;
use crate::error::Result;
use crate::prediction::Prediction;
use crate::words::{Message, phase4_groups as words};

/// Members that start together share the partitions.
pub(in super::super) async fn share(stage: &mut Stage<'_>, group: &str, consumers: usize) -> Result<Act> {
    let partitions = partitions(stage);
    let values: [(_, &dyn std::fmt::Display); 2] = [("consumers", &consumers), ("partitions", &partitions)];
    let title = stage.begin(words::SHARE_TITLE.with(&values))?;
    let asked = Prediction::new(
        "share",
        words::SHARE_QUESTION.with(&values),
        [words::SHARE_ALL, words::SHARE_ONE, words::SHARE_RECORDS],
    );
    let asked = stage.context.predict(asked).await?;
    let began = Instant::now();
    let picture = gather(stage, group, consumers).await?;
    let took = millis(stage.took(group, began));
    let each_once = picture.once();
    let happened = usize::from(each_once);
    let describe = describe(stage, group);
    Ok(Act::new(title, asked, happened, each_once)
        .picture(picture, stage.context.lang())
        .line(words::SHARED.with(&[("consumers", &consumers), ("millis", &took)]))
        .explain(words::SHARE_WHY)
        .explain(words::GENERATION_WHY)
        .same_with("Apache Kafka", [describe])
        .data(json!({ "consumers": consumers, "balanced_ms": took })))
}

/// One more member comes.
pub(in super::super) async fn newcomer(stage: &mut Stage<'_>, group: &str) -> Result<Act> {
    let partitions = partitions(stage);
    let before = stage.of(group).count();
    let title = stage.begin(words::NEWCOMER_TITLE)?;
    let asked = Prediction::new(
        "newcomer",
        words::NEWCOMER_QUESTION.with(&[("partitions", &partitions)]),
        [words::NEWCOMER_NOTHING, words::NEWCOMER_SHARES, words::NEWCOMER_COPIES],
    );
    let asked = stage.context.predict(asked).await?;
    let began = Instant::now();
    let picture = gather(stage, group, before + 1).await?;
    let took = millis(stage.took(group, began));
    let each_once = picture.once();
    let name = format!("member-{}", before + 1);
    let got = picture.member(&name).map_or(0, |member| picture.owned(member).len());
    let happened = match (each_once, got) {
        (true, 0) => 0,
        (true, _) => 1,
        (false, _) => 2,
    };
    let line: Message = words::NEWCOMER_GOT.with(&[("member", &name), ("count", &got), ("millis", &took)]);
    let holds = each_once && (got > 0 || before >= partitions);
    Ok(Act::new(title, asked, happened, holds)
        .picture(picture, stage.context.lang())
        .line(line)
        .explain(words::REBALANCE_WHY)
        .explain(words::HEARTBEAT_WHY.with(&[("heartbeat", &HEARTBEAT.as_millis())]))
        .data(json!({ "newcomer": name, "newcomer_partitions": got, "balanced_ms": took })))
}

/// More members than partitions.
pub(in super::super) async fn too_many(stage: &mut Stage<'_>, group: &str) -> Result<Act> {
    let partitions = partitions(stage);
    let before = stage.of(group).count();
    let members = before.max(partitions) + 1;
    let expected = members - partitions;
    let values: [(_, &dyn std::fmt::Display); 2] = [("members", &members), ("partitions", &partitions)];
    let title = stage.begin(words::TOO_MANY_TITLE.with(&values))?;
    let asked = Prediction::new(
        "too-many",
        words::TOO_MANY_QUESTION.with(&values),
        [
            words::TOO_MANY_NONE.into(),
            words::TOO_MANY_SOME.with(&[("count", &expected)]),
            words::TOO_MANY_REFUSED.into(),
        ],
    );
    let asked = stage.context.predict(asked).await?;
    let picture = gather(stage, group, members).await?;
    let idle: Vec<String> = picture.idle().into_iter().map(str::to_owned).collect();
    let happened = usize::from(!idle.is_empty());
    let holds = picture.shared(expected);
    Ok(Act::new(title, asked, happened, holds)
        .picture(picture, stage.context.lang())
        .line(words::TOO_MANY_IDLE.with(&[("idle", &idle.join(", ")), ("count", &idle.len())]))
        .explain(words::IDLE_WHY.with(&[("partitions", &partitions)]))
        .explain(words::IDLE_IS_RESERVE)
        .data(json!({ "idle": idle })))
}

/// The command of Apache's that shows the same picture.
fn describe(stage: &Stage<'_>, group: &str) -> String {
    format!(
        "kafka-consumer-groups.sh --bootstrap-server {}{} --describe --members --verbose --group {group}",
        stage.profile.bootstrap_server.value,
        voices::apache_option(&stage.profile),
    )
}
