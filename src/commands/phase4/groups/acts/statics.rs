//! A member with a name of its own restarts, and nobody has to move.

use serde_json::json;
use tokio::time::Instant;

use super::{gather_as, listed, millis, rest};
use crate::broker::group::Reason;
use crate::commands::phase4::groups::act::Act;
use crate::commands::phase4::groups::picture::{Cause, Picture};
use crate::commands::phase4::groups::stage::{Manner, Stage};
use crate::error::Result;
use crate::prediction::Prediction;
use crate::words::phase4_groups as words;

/// Two static members; the second restarts within its session.
pub(in super::super) async fn static_member(stage: &mut Stage<'_>) -> Result<Act> {
    let group = stage.group("static");
    let (other, name) = ("member-1", "member-2");
    let title = stage.begin(words::STATIC_TITLE)?;
    let asked = Prediction::new(
        "static",
        words::STATIC_QUESTION.with(&[("member", &name)]),
        [words::STATIC_TWO, words::STATIC_NOTHING, words::STATIC_TOOK_OVER],
    );
    let asked = stage.context.predict(asked).await?;
    let before = gather_as(stage, &group, 2, named).await?;
    let assignments = stage.member(&group, other)?.seen.assignments;
    let began = Instant::now();
    stage.leave(&group, name).await?;
    stage.left().await?;
    stage.start(&group, name, named(name)).await?;
    let after = rest(stage, &group, Cause::of(Reason::StaticMemberReturned, name)).await?;
    let back = millis(stage.took(&group, began));
    let assignments = stage.member(&group, other)?.seen.assignments - assignments;
    let owned: Vec<i32> = stage.member(&group, name)?.seen.owned.iter().copied().collect();
    let own = |picture: &Picture| picture.member(name).map(|member| picture.owned(member));
    let unmoved = own(&before) == own(&after);
    let holds = unmoved && assignments == 0 && before.generation == after.generation;
    let happened = match (holds, unmoved) {
        (true, _) => 1,
        (false, true) => 0,
        (false, false) => 2,
    };
    let ids = [&before, &after].map(|picture| picture.member(name).map(|member| member.id.clone()));
    let lang = stage.context.lang();
    Ok(Act::new(title, asked, happened, holds)
        .picture(before, lang)
        .line(words::STATIC_SEEN.with(&[
            ("member", &name),
            ("millis", &back),
            ("partitions", &listed(&owned)),
            ("assignments", &assignments),
        ]))
        .picture(after, lang)
        .explain(words::STATIC_WHY)
        .explain(words::STATIC_PRICE)
        .same_with(
            "Laravel",
            [
                "Kafka::consumer(['pedidos'])".to_owned(),
                "    ->withOption('group.instance.id', gethostname())".to_owned(),
            ],
        )
        .data(json!({
            "member": name, "member_ids": ids, "back_ms": back, "partitions": owned,
            "assignments_of_others": assignments,
        })))
}

/// A static member, named as its `client.id`.
fn named(name: &str) -> Manner<'_> {
    Manner { instance: Some(name), ..Manner::default() }
}
