//! What was there when a step began, so that only what came since counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::goal::Goal;

/// The state that a step's goals are measured from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// When the step began, in milliseconds since 1970. Runs before that do not count.
    pub at_ms: i64,
    /// Where each partition of a topic ended. A topic that did not exist is not here.
    #[serde(default)]
    pub log_ends: BTreeMap<String, BTreeMap<i32, i64>>,
    /// What each group had committed, by topic and partition. What was not committed is not here.
    #[serde(default)]
    pub committed: BTreeMap<String, BTreeMap<String, BTreeMap<i32, i64>>>,
}

impl Baseline {
    /// The topics whose ends these goals are measured from.
    pub fn topics_of(goals: &[Goal]) -> Vec<&str> {
        let topics = goals.iter().filter_map(|goal| match goal {
            Goal::Record(goal) => Some(goal.topic.as_str()),
            _ => None,
        });
        unique(topics)
    }

    /// The groups whose offsets these goals are measured from.
    pub fn groups_of(goals: &[Goal]) -> Vec<&str> {
        let groups = goals.iter().filter_map(|goal| match goal {
            Goal::Committed(goal) => Some(goal.group.as_str()),
            _ => None,
        });
        unique(groups)
    }

    /// The first new offset of a partition that ends at `end` now. A log that is shorter than it was belongs to a
    /// topic that was deleted and created again: all of it is new.
    pub fn first_new(&self, topic: &str, partition: i32, end: i64) -> i64 {
        let before = self.log_ends.get(topic).and_then(|ends| ends.get(&partition)).copied().unwrap_or(0);
        if before > end { 0 } else { before }
    }

    /// What a group had committed for a partition; `None` for nothing.
    pub fn committed_at(&self, group: &str, topic: &str, partition: i32) -> Option<i64> {
        self.committed.get(group)?.get(topic)?.get(&partition).copied()
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_came_since_is_new() {
        let baseline =
            Baseline { log_ends: [("t".to_owned(), [(0, 5)].into())].into(), ..Baseline::default() };
        assert_eq!(baseline.first_new("t", 0, 9), 5);
        assert_eq!(baseline.first_new("t", 0, 2), 0, "deleted and created again");
        assert_eq!(baseline.first_new("t", 1, 9), 0, "a partition that was added");
        assert_eq!(baseline.first_new("u", 0, 9), 0, "a topic that was created");
    }
}
