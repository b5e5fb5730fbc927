//! Phases 0 to 3 stay as they were, whatever phase 4 does. Others may work with them at the same time, so what may not
//! happen is that something goes back or goes away.

use std::collections::BTreeMap;

use crate::client::raw::admin::offsets::committed_offsets;
use crate::client::raw::admin::records::{OffsetAt, list_offsets};
use crate::client::raw::admin::topics::{TopicPartition, describe_topics};
use crate::client::raw::{Cluster, RawError};
use crate::commands::{Context, checks, connect, trouble};
use crate::error::Result;
use crate::profile::ProfileName;
use crate::report::Check;
use crate::words::phase4 as words;

/// What the other phases have in the broker.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Bystanders {
    /// The log end of each partition of their topics.
    ends: BTreeMap<TopicPartition, i64>,
    /// What their groups have committed.
    committed: BTreeMap<(String, TopicPartition), i64>,
}

impl Bystanders {
    /// Asks as admin.
    pub(super) async fn look(context: &Context) -> Result<Self> {
        let admin = context.profile_as(ProfileName::Admin, "admin")?;
        let mut cluster = connect::cluster(context, &admin, words::LOOKING_AT_OTHERS).await?;
        let (mut topics, mut groups) = (Vec::new(), Vec::new());
        for phase in [ProfileName::Phase0, ProfileName::Phase1, ProfileName::Phase2, ProfileName::Phase3] {
            // `--profile` replaces the profile of every phase: then these are names of phase 4.
            let profile = context.profile(phase)?;
            let own = [profile.topic.clone(), profile.dead_letter_topic.clone()].into_iter().flatten();
            topics.extend(own.map(|name| name.value).filter(|name| !name.starts_with("phase4-")));
            for principal in &profile.principal_names {
                groups.extend(connect::group(&context.profile_as(phase, principal)?));
            }
        }
        groups.retain(|group| !group.starts_with("phase4-"));
        match Self::ask(&mut cluster, &topics, &groups).await {
            Ok(found) => Ok(found),
            Err(failure) => Err(trouble::explain_raw(&admin, words::LOOKING_AT_OTHERS, &failure).await),
        }
    }

    async fn ask(
        cluster: &mut Cluster,
        topics: &[String],
        groups: &[String],
    ) -> std::result::Result<Self, RawError> {
        let mut found = Self::default();
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        let described = describe_topics(cluster, &names).await?;
        let there = described.into_iter().filter_map(|(name, topic)| Some((name, topic.ok()?)));
        let partitions = there.flat_map(|(name, topic)| {
            topic.partitions.into_iter().map(move |one| TopicPartition::new(&name, one.partition))
        });
        let asked = partitions.map(|at| (at, OffsetAt::Latest)).collect();
        let ends = list_offsets(cluster, &asked).await?;
        found.ends.extend(ends.into_iter().filter_map(|(at, end)| Some((at, end.ok()?))));
        for group in groups {
            let committed = committed_offsets(cluster, group).await?;
            let known = committed.into_iter().filter_map(|(at, kept)| Some((at, kept.ok()?.offset)));
            found.committed.extend(known.map(|(at, offset)| ((group.clone(), at), offset)));
        }
        Ok(found)
    }

    /// Whether everything is still there, and nothing went back, since `self` was seen.
    pub(super) fn check(&self, now: &Self) -> Check {
        let shrunk = went_back(&self.ends, &now.ends).map(ToString::to_string);
        let reset = went_back(&self.committed, &now.committed).map(|(group, at)| format!("{group} {at}"));
        let touched: Vec<String> = shrunk.chain(reset).collect();
        let evidence = words::EVIDENCE_UNTOUCHED.with(&[
            ("partitions", &self.ends.len()),
            ("offsets", &self.committed.len()),
            ("touched", &if touched.is_empty() { "-".to_owned() } else { touched.join(", ") }),
        ]);
        checks::decided("untouched", words::GOAL_UNTOUCHED, touched.is_empty(), evidence)
    }
}

/// Keys that are gone, or whose offset is lower than it was.
fn went_back<'a, K: Ord>(
    before: &'a BTreeMap<K, i64>,
    now: &'a BTreeMap<K, i64>,
) -> impl Iterator<Item = &'a K> {
    before.iter().filter(|(key, offset)| now.get(key).is_none_or(|now| now < *offset)).map(|(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    fn seen(end: i64, committed: Option<i64>) -> Bystanders {
        let at = TopicPartition::new("laravel-events", 0);
        Bystanders {
            ends: BTreeMap::from([(at.clone(), end)]),
            committed: committed
                .map(|offset| (("laravel-consumers".to_owned(), at), offset))
                .into_iter()
                .collect(),
        }
    }

    #[test]
    fn others_may_go_on_but_nothing_goes_back_or_away() {
        let before = seen(5, Some(3));
        assert_eq!(before.check(&seen(6, Some(4))).verdict, Verdict::Done);
        assert_eq!(before.check(&seen(4, Some(3))).verdict, Verdict::NotYet, "records are gone");
        assert_eq!(before.check(&seen(5, Some(2))).verdict, Verdict::NotYet, "a group was set back");
        assert_eq!(before.check(&seen(5, None)).verdict, Verdict::NotYet, "a group is gone");
        assert_eq!(before.check(&Bystanders::default()).verdict, Verdict::NotYet, "a topic is gone");
    }
}
