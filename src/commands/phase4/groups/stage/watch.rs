//! Watching a group: until it rests, how it looks then, how far it has come.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use super::{LOG_WITHIN, PAUSE, Stage};
use crate::client::raw::admin::groups::describe_group;
use crate::commands::groups::{self, PartitionPlace};
use crate::commands::phase4::groups::broker_log::group_of;
use crate::commands::phase4::groups::children::{Member, Seen};
use crate::commands::phase4::groups::history::{Count, Rebalance, name_of};
use crate::commands::phase4::groups::picture::{Cause, Picture, Turn};
use crate::error::Result;
use crate::words::phase4_groups as words;

impl Stage<'_> {
    /// Waits until the broker says that the group rests with exactly these members, and the members say the same of
    /// themselves; `cause` is what this program did, for a broker that does not tell the reason.
    pub(in crate::commands::phase4::groups) async fn settle(
        &mut self,
        group: &str,
        expected: &[&str],
        cause: Cause,
    ) -> Result<Picture> {
        let awaited = words::AWAITING.with(&[("group", &group), ("members", &expected.join(", "))]);
        let _bar = self.context.ui.waiting(awaited.clone());
        let deadline = self.deadline();
        while !(self.agree(group, expected) && self.described(group).await?) {
            self.listen(deadline, &awaited).await?;
        }
        let rests = groups::fetch_over(&mut self.cluster, group, &[&self.topic.name]).await;
        let mut rests = match rests {
            Ok(rests) => rests,
            Err(failure) => return Err(self.failed(awaited, &failure).await),
        };
        let told = self.ask_the_log(group).await?;
        let by_broker = told.is_some();
        let shown = self.shown.get(group).copied().unwrap_or(0);
        let counted = Turn { generation: self.counted(group), cause };
        let mut rebalances = told.unwrap_or_else(|| vec![counted]);
        let generation = rebalances.last().map_or(shown, |last| last.generation);
        rebalances.retain(|turn| turn.generation > shown);
        self.counts.entry(group.to_owned()).or_default().settled();
        self.shown.insert(group.to_owned(), generation);
        rests.generation = Some(generation);
        Ok(Picture { group: rests, topic: self.topic.name.clone(), generation, rebalances, by_broker })
    }

    /// Whether exactly these members of the group live, each has heard from the group, and together they own every
    /// partition once.
    fn agree(&self, group: &str, expected: &[&str]) -> bool {
        let members: Vec<&Member> = self.of(group).collect();
        let names: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
        let owned: usize = members.iter().map(|member| member.seen.owned.len()).sum();
        let all: BTreeSet<i32> = members.iter().flat_map(|member| &member.seen.owned).copied().collect();
        names == expected.iter().copied().collect()
            && members.iter().all(|member| member.seen.assignments > 0)
            && i32::try_from(owned) == Ok(self.topic.partitions)
            && all.len() == owned
    }

    /// Whether the broker describes the group as at rest, and as its members see themselves.
    async fn described(&mut self, group: &str) -> Result<bool> {
        let described = match describe_group(&mut self.cluster, group).await {
            Ok(described) => described,
            Err(failure) => return Err(self.failed(words::WATCHING, &failure).await),
        };
        let names = described.members.iter().map(|member| member.client_id.as_str());
        self.last_seen = Some(
            words::LAST_SEEN
                .with(&[("state", &described.state), ("members", &names.collect::<Vec<_>>().join(", "))]),
        );
        let topic = &self.topic.name;
        let theirs: BTreeMap<&str, BTreeSet<i32>> = described
            .members
            .iter()
            .map(|member| {
                let own = member.assignment.get(topic).into_iter().flatten().copied();
                (member.client_id.as_str(), own.collect())
            })
            .collect();
        let ours = self.of(group).map(|member| (member.name.as_str(), member.seen.owned.clone())).collect();
        Ok(described.state == "Stable" && described.members.len() == theirs.len() && theirs == ours)
    }

    fn counted(&self, group: &str) -> i32 {
        self.counts.get(group).map_or(0, Count::generation)
    }

    /// Every rebalance of a group, as the broker's log tells them; `None` where there is no such log.
    async fn ask_the_log(&mut self, group: &str) -> Result<Option<Vec<Turn>>> {
        let deadline = Instant::now() + LOG_WITHIN;
        let counted = self.counted(group);
        while let Some(log) = &mut self.log {
            for event in log.news()? {
                self.histories.entry(group_of(&event).to_owned()).or_default().hear(&event);
            }
            let history = self.histories.entry(group.to_owned()).or_default();
            // What the members have lived through already must be in the log before it counts as the last word.
            if history.settled().is_some_and(|last| last.generation >= counted) {
                return Ok(Some(history.rebalances.iter().map(turn).collect()));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(None)
    }

    /// Where a group is in each partition of the topic, by what it committed.
    pub(in crate::commands::phase4::groups) async fn places(
        &mut self,
        group: &str,
    ) -> Result<Vec<PartitionPlace>> {
        match groups::places(&mut self.cluster, group, &[&self.topic.name], []).await {
            Ok(places) => Ok(places),
            Err(failure) => Err(self.failed(words::WATCHING, &failure).await),
        }
    }

    /// How many records of the topic a group has not read; all of them where it committed nothing.
    pub(in crate::commands::phase4::groups) async fn lag(&mut self, group: &str) -> Result<i64> {
        let places = self.places(group).await?;
        Ok(places.iter().map(|place| place.log_end.unwrap_or(0) - place.next()).sum())
    }

    /// Waits until a group has read and committed everything.
    pub(in crate::commands::phase4::groups) async fn until_no_lag(&mut self, group: &str) -> Result<()> {
        let awaited = words::AWAITING_NO_LAG.with(&[("group", &group)]);
        let _bar = self.context.ui.waiting(awaited.clone());
        let deadline = self.deadline();
        while self.lag(group).await? > 0 {
            self.listen(deadline, &awaited).await?;
        }
        Ok(())
    }

    /// Waits until what the members said is no longer behind what their group committed: the broker can be heard first,
    /// although they speak of a record before they commit it. For a group of which nobody has left.
    pub(in crate::commands::phase4::groups) async fn until_heard(&mut self, group: &str) -> Result<()> {
        let places = self.places(group).await?;
        let awaited = words::AWAITING_WORDS.with(&[("group", &group)]);
        let seen = |stage: &Self, place| told(place, stage.of(group).map(|member| &member.seen));
        self.until(awaited, |stage| places.iter().all(|place| seen(stage, place))).await
    }
}

/// Whether one of the members has spoken of the last record that is committed in a place.
fn told<'a>(place: &PartitionPlace, mut members: impl Iterator<Item = &'a Seen>) -> bool {
    let last = place.committed.map_or(-1, |next| next - 1);
    last < 0 || members.any(|seen| seen.dealt_with(place.partition, last))
}

fn turn(rebalance: &Rebalance) -> Turn {
    let member = rebalance.member.as_deref().map(|id| name_of(id).to_owned());
    Turn { generation: rebalance.generation, cause: Cause { reason: rebalance.reason, member } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::phase4::groups::wire::Said;

    #[test]
    fn what_is_committed_can_be_known_before_a_member_has_spoken_of_it() {
        let place = |partition, committed| PartitionPlace {
            topic: "orders".to_owned(),
            partition,
            committed,
            log_start: Some(0),
            log_end: Some(2),
            owner: None,
        };
        let mut seen = Seen::default();
        seen.hear(Instant::now(), &Said::Handled { partition: 0, offset: 0 });
        let told = |place| told(&place, [&Seen::default(), &seen].into_iter());
        assert!(told(place(0, Some(1))));
        assert!(!told(place(0, Some(2))), "it read one more");
        assert!(!told(place(1, Some(1))), "that was another partition");
        assert!(told(place(1, Some(0))) && told(place(1, None)), "nothing was read");
    }
}
