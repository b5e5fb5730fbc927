//! The same newcomer under two protocols: how much of the group goes on working.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{all_leave, gather_as, partitions, rest};
use crate::broker::group::Reason;
use crate::commands::phase4::groups::act::Act;
use crate::commands::phase4::groups::picture::{Cause, Picture};
use crate::commands::phase4::groups::stage::{Manner, Stage};
use crate::error::Result;
use crate::prediction::Prediction;
use crate::words::phase4_groups as words;

const EAGER: &str = "range";
const COOPERATIVE: &str = "cooperative-sticky";

/// What a newcomer did to the partitions of a group.
struct Disturbed {
    strategy: &'static str,
    /// Partitions whose owner kept them through the rebalance without giving them back for a moment.
    kept: usize,
    /// Partitions that have another owner afterwards.
    moved: usize,
    picture: Picture,
}

/// One group of each kind; a newcomer comes to both.
pub(in super::super) async fn protocols(stage: &mut Stage<'_>, consumers: usize) -> Result<Act> {
    let partitions = partitions(stage);
    // Where the newcomer gets nothing, nothing has to move.
    let consumers = consumers.min(partitions.saturating_sub(1)).max(1);
    let title = stage.begin(words::PROTOCOLS_TITLE)?;
    let asked = Prediction::new(
        "protocols",
        words::PROTOCOLS_QUESTION.with(&[("partitions", &partitions)]),
        [
            words::PROTOCOLS_MOVED.into(),
            words::PROTOCOLS_ALL.with(&[("partitions", &partitions)]),
            words::PROTOCOLS_NONE.into(),
        ],
    );
    let asked = stage.context.predict(asked).await?;
    let eager = disturb(stage, EAGER, consumers).await?;
    let cooperative = disturb(stage, COOPERATIVE, consumers).await?;
    let happened = match eager.kept {
        0 => 1,
        kept if kept == partitions => 2,
        _ => 0,
    };
    let holds = as_promised(eager.kept, (cooperative.kept, cooperative.moved), partitions);
    let lang = stage.context.lang();
    let mut act = Act::new(title, asked, happened, holds);
    let mut data = Vec::new();
    for one in [eager, cooperative] {
        data.push(one.to_json());
        act = act.picture(one.picture, lang).line(words::PROTOCOL_KEPT.with(&[
            ("strategy", &one.strategy),
            ("kept", &one.kept),
            ("partitions", &partitions),
            ("moved", &one.moved),
        ]));
    }
    Ok(act
        .explain(words::EAGER_WHY)
        .explain(words::COOPERATIVE_WHY)
        .same_with(
            "Laravel",
            [
                "Kafka::consumer(['pedidos'])->withRebalanceStrategy(".to_owned(),
                "    RebalanceStrategy::COOPERATIVE_STICKY)".to_owned(),
            ],
        )
        .data(json!({ "protocols": data })))
}

/// Whether the eager protocol interrupted every partition, and the cooperative one those that moved and no other.
fn as_promised(eager_kept: usize, (kept, moved): (usize, usize), partitions: usize) -> bool {
    eager_kept == 0 && kept + moved == partitions
}

async fn disturb(stage: &mut Stage<'_>, strategy: &'static str, consumers: usize) -> Result<Disturbed> {
    let group = stage.group(strategy);
    let manner = Manner { strategy: Some(strategy), ..Manner::default() };
    gather_as(stage, &group, consumers, |_| manner).await?;
    let before = owners(stage, &group);
    stage.members.iter_mut().for_each(|member| member.seen.forget_revoked());
    let newcomer = format!("member-{}", consumers + 1);
    stage.start(&group, &newcomer, manner).await?;
    let picture = rest(stage, &group, Cause::of(Reason::MemberJoined, &newcomer)).await?;
    let after = owners(stage, &group);
    let interrupted: BTreeSet<i32> =
        stage.of(&group).flat_map(|member| &member.seen.revoked).copied().collect();
    let moved = after.difference(&before).count();
    let kept = before.intersection(&after).filter(|(_, partition)| !interrupted.contains(partition)).count();
    all_leave(stage, &group).await?;
    Ok(Disturbed { strategy, kept, moved, picture })
}

/// Each partition with the name of its owner.
fn owners(stage: &Stage<'_>, group: &str) -> BTreeSet<(String, i32)> {
    let all = stage
        .of(group)
        .flat_map(|member| member.seen.owned.iter().map(|partition| (member.name.clone(), *partition)));
    all.collect()
}

impl Disturbed {
    fn to_json(&self) -> Value {
        json!({ "strategy": self.strategy, "kept": self.kept, "moved": self.moved })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eager_stops_all_and_cooperative_what_moves() {
        assert!(as_promised(0, (2, 1), 3));
        assert!(!as_promised(1, (2, 1), 3), "the eager one let a partition go on");
        assert!(!as_promised(0, (1, 1), 3), "the cooperative one stopped a partition that stayed");
    }
}
