//! From what was found to a verdict. Pure: each function takes a goal and the facts that somebody gathered, and says
//! whether it is met, else why not, and what was seen.

mod record;

use serde::Serialize;
use serde_json::{Value, json};

pub use self::record::{NewRecords, record};
use super::goal::{AclGoal, CommittedGoal, Goal, GroupGoal, TopicGoal};
use super::reason::Reason;
use crate::escape::escape;
use crate::report::Verdict;
use crate::words::{Lang, Message, lesson as words};

/// What became of one goal.
#[derive(Debug, Clone)]
pub struct GoalResult {
    /// The goal, as it is shown.
    pub goal: Message,
    /// Whether it is met.
    pub verdict: Verdict,
    /// Why not; `None` if it is met.
    pub reason: Option<Reason>,
    /// What the broker said, or what kafkalab saw: the diagnosis of the learner's own state.
    pub evidence: Message,
}

impl GoalResult {
    /// The fields of the verdict's JSON.
    pub fn to_json(&self, lang: Lang) -> Value {
        json!({
            "goal": self.goal.in_lang(lang), "verdict": self.verdict, "reason": self.reason.map(Reason::id),
            "evidence": self.evidence.in_lang(lang),
        })
    }
}

/// The verdict of a step: done if every goal is, could not check if any could not.
pub fn verdict_of(results: &[GoalResult]) -> Verdict {
    if results.is_empty() {
        Verdict::NotYet
    } else {
        Verdict::of_all(results.iter().map(|result| result.verdict))
    }
}

/// A decision about a goal: met or not, with what was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Why it is not met; `None` if it is.
    pub reason: Option<Reason>,
    /// What was seen.
    pub evidence: Message,
}

impl Decision {
    pub(super) fn met(evidence: Message) -> Self {
        Self { reason: None, evidence }
    }

    pub(super) fn not_met(reason: Reason, evidence: Message) -> Self {
        Self { reason: Some(reason), evidence }
    }

    /// Nobody could be asked.
    pub fn could_not(problem: &dyn std::fmt::Display) -> Self {
        let problem = escape(&problem.to_string()).into_owned();
        Self::not_met(Reason::Unreachable, words::COULD_NOT_ASK.with(&[("problem", &problem)]))
    }

    /// The result of this goal.
    pub fn of(self, goal: &Goal) -> GoalResult {
        let verdict = match self.reason {
            None => Verdict::Done,
            Some(Reason::Unreachable) => Verdict::CouldNotCheck,
            Some(_) => Verdict::NotYet,
        };
        GoalResult { goal: goal.message(), verdict, reason: self.reason, evidence: self.evidence }
    }
}

/// Given how many partitions the topic has; `None` if there is no such topic.
pub fn topic(goal: &TopicGoal, partitions: Option<u32>) -> Decision {
    let Some(partitions) = partitions else { return no_topic(&goal.topic) };
    let evidence = words::SEEN_TOPIC.with(&[("topic", &goal.topic), ("partitions", &partitions)]);
    match partitions >= goal.partitions {
        true => Decision::met(evidence),
        false => Decision::not_met(Reason::TooFewPartitions, evidence),
    }
}

/// How far a group has come in one partition of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The partition.
    pub partition: i32,
    /// What was committed when the step began; `None` for nothing.
    pub before: Option<i64>,
    /// What is committed now.
    pub now: Option<i64>,
    /// The offset that the next record gets.
    pub end: i64,
}

/// Given the group's places in every partition of the topic; `None` if there is no such topic.
pub fn committed(goal: &CommittedGoal, places: Option<&[Place]>) -> Decision {
    let Some(places) = places else { return no_topic(&goal.topic) };
    let (group, topic) = (&goal.group, &goal.topic);
    if places.iter().all(|place| place.now.is_none()) {
        let evidence = words::SEEN_NO_OFFSETS.with(&[("group", group), ("topic", topic)]);
        return Decision::not_met(Reason::NotCommitted, evidence);
    }
    let offset = |offset: Option<i64>| offset.map_or_else(|| "-".to_owned(), |offset| offset.to_string());
    let told =
        places.iter().filter(|place| place.now.is_some()).map(|place| match place.before == place.now {
            true => format!("{}: {}", place.partition, offset(place.now)),
            false => format!("{}: {} > {}", place.partition, offset(place.before), offset(place.now)),
        });
    let told = told.collect::<Vec<_>>().join("; ");
    if !places.iter().any(|place| place.now > place.before) {
        let evidence =
            words::SEEN_SAME_OFFSETS.with(&[("group", group), ("topic", topic), ("places", &told)]);
        return Decision::not_met(Reason::NotCommitted, evidence);
    }
    let lag: i64 = places.iter().map(|place| (place.end - place.now.unwrap_or(0)).max(0)).sum();
    if goal.caught_up && lag > 0 {
        let evidence = words::SEEN_LAG.with(&[("group", group), ("topic", topic), ("lag", &lag)]);
        return Decision::not_met(Reason::NotCaughtUp, evidence);
    }
    Decision::met(words::SEEN_OFFSETS.with(&[("group", group), ("topic", topic), ("places", &told)]))
}

/// Given the ACLs of the goal's principal on its resource, in Kafka's words, and whether the goal's own is among them.
pub fn acl(goal: &AclGoal, is_there: bool, others: &[String]) -> Decision {
    let own = || {
        let (permission, operation) = (goal.permission.to_uppercase(), &goal.operation);
        format!("{permission} {operation} {} {}", goal.pattern.to_uppercase(), goal.name)
    };
    let evidence = match is_there {
        true => words::SEEN_ACL.with(&[("acl", &own())]),
        false if others.is_empty() => words::SEEN_NO_ACL.into(),
        false => words::SEEN_OTHER_ACLS.with(&[
            ("principal", &goal.principal),
            ("name", &goal.name),
            ("acls", &others.join("; ")),
        ]),
    };
    match (goal.present, is_there) {
        (true, false) => Decision::not_met(Reason::NoAcl, evidence),
        (false, true) => Decision::not_met(Reason::AclStillThere, evidence),
        _ => Decision::met(evidence),
    }
}

/// A group as its coordinator describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenGroup {
    /// `Stable`, `Empty`, ….
    pub state: String,
    /// How many members it has.
    pub members: u32,
}

/// Given the group; `None` if there is none.
pub fn group(goal: &GroupGoal, found: Option<&SeenGroup>) -> Decision {
    let Some(found) = found else {
        return Decision::not_met(Reason::NoGroup, words::SEEN_NO_GROUP.with(&[("group", &goal.group)]));
    };
    let evidence = words::SEEN_GROUP.with(&[
        ("group", &goal.group),
        ("state", &found.state),
        ("members", &found.members),
    ]);
    match found.members >= goal.members {
        true => Decision::met(evidence),
        false => Decision::not_met(Reason::TooFewMembers, evidence),
    }
}

fn no_topic(topic: &str) -> Decision {
    Decision::not_met(Reason::NoTopic, words::SEEN_NO_TOPIC.with(&[("topic", &topic)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_needs_its_partitions() {
        let goal = TopicGoal { topic: "t".to_owned(), partitions: 3 };
        assert_eq!(topic(&goal, None).reason, Some(Reason::NoTopic));
        assert_eq!(topic(&goal, Some(1)).reason, Some(Reason::TooFewPartitions));
        assert_eq!(topic(&goal, Some(6)).reason, None);
    }

    #[test]
    fn a_group_must_move_and_where_wanted_reach_the_end() {
        let goal = |caught_up| CommittedGoal { group: "g".to_owned(), topic: "t".to_owned(), caught_up };
        let place = |before, now, end| Place { partition: 0, before, now, end };
        let reason = |caught_up, place: Place| committed(&goal(caught_up), Some(&[place])).reason;
        assert_eq!(committed(&goal(false), None).reason, Some(Reason::NoTopic));
        assert_eq!(reason(false, place(None, None, 3)), Some(Reason::NotCommitted));
        assert_eq!(reason(false, place(Some(2), Some(2), 3)), Some(Reason::NotCommitted));
        assert_eq!(reason(false, place(Some(2), Some(0), 3)), Some(Reason::NotCommitted), "it went back");
        assert_eq!(reason(false, place(None, Some(0), 3)), None);
        assert_eq!(reason(true, place(Some(1), Some(2), 3)), Some(Reason::NotCaughtUp));
        assert_eq!(reason(true, place(Some(1), Some(3), 3)), None);
    }

    #[test]
    fn an_acl_must_be_there_or_must_not() {
        let goal = |present| AclGoal {
            principal: "User:laravel".to_owned(),
            operation: "READ".to_owned(),
            resource: "group".to_owned(),
            name: "laravel-".to_owned(),
            pattern: "prefixed".to_owned(),
            permission: "allow".to_owned(),
            present,
        };
        assert_eq!(acl(&goal(true), false, &[]).reason, Some(Reason::NoAcl));
        assert_eq!(acl(&goal(true), true, &[]).reason, None);
        assert_eq!(acl(&goal(false), true, &[]).reason, Some(Reason::AclStillThere));
        assert_eq!(acl(&goal(false), false, &["ALLOW WRITE".to_owned()]).reason, None);
    }

    #[test]
    fn a_group_needs_its_members() {
        let goal = GroupGoal { group: "g".to_owned(), members: 2 };
        let with = |members| SeenGroup { state: "Stable".to_owned(), members };
        assert_eq!(group(&goal, None).reason, Some(Reason::NoGroup));
        assert_eq!(group(&goal, Some(&with(1))).reason, Some(Reason::TooFewMembers));
        assert_eq!(group(&goal, Some(&with(3))).reason, None);
    }

    #[test]
    fn a_broker_that_is_away_is_never_a_wrong_answer() {
        let goal = Goal::Topic(TopicGoal { topic: "t".to_owned(), partitions: 1 });
        let done = topic(&TopicGoal { topic: "t".to_owned(), partitions: 1 }, Some(1)).of(&goal);
        let not_yet = no_topic("t").of(&goal);
        let away = Decision::could_not(&"gone").of(&goal);
        assert_eq!(away.verdict, Verdict::CouldNotCheck);
        assert_eq!(verdict_of(&[done.clone(), done.clone()]), Verdict::Done);
        assert_eq!(verdict_of(&[done.clone(), not_yet.clone()]), Verdict::NotYet);
        assert_eq!(verdict_of(&[not_yet, away, done]), Verdict::CouldNotCheck);
        assert_eq!(verdict_of(&[]), Verdict::NotYet, "nothing is not done by itself");
    }
}
