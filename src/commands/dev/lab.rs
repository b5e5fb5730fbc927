//! Topics and groups that a lesson names are the lab's: those of a profile, or such that an ACL file names.

use crate::acl::{AclSet, PatternType, ResourceType};
use crate::commands::{Context, connect};
use crate::error::Error;
use crate::flaw::Flaw;
use crate::lesson::{Goal, Lessons};
use crate::profile::{Profile, ProfileName};
use crate::words::{Message, lint as words};

pub(super) fn lint(context: &Context, lessons: &Lessons) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut profiles = Vec::new();
    for (name, _, path, _) in ProfileName::ALL {
        match context.profile(name) {
            Ok(profile) => profiles.push(profile),
            Err(error) => flaws.push(flaw_of(&format!("phases/{path}"), error)),
        }
    }
    let acls = context.acl_files().map(|files| files.set()).unwrap_or_else(|error| {
        flaws.push(flaw_of("acls", error));
        AclSet::default()
    });
    for step in lessons.steps() {
        for goal in &step.checks {
            let (topic, group) = match goal {
                Goal::Topic(goal) => (Some(&goal.topic), None),
                Goal::Record(goal) => (Some(&goal.topic), None),
                Goal::Committed(goal) => (Some(&goal.topic), Some(&goal.group)),
                Goal::Group(goal) => (None, Some(&goal.group)),
                Goal::Acl(_) | Goal::Ran(_) => (None, None),
            };
            if let Some(topic) = topic
                && !profiles.iter().any(|profile| has_topic(profile, topic))
                && !is_named(&acls, ResourceType::Topic, topic)
            {
                flaws.push(step.flaw(topic, words::UNKNOWN_TOPIC.with(&[("topic", topic)])));
            }
            if let Some(group) = group
                && !profiles.iter().any(|profile| connect::group(profile).as_ref() == Some(group))
                && !is_named(&acls, ResourceType::Group, group)
            {
                flaws.push(step.flaw(group, words::UNKNOWN_GROUP.with(&[("group", group)])));
            }
        }
    }
    flaws
}

fn has_topic(profile: &Profile, topic: &str) -> bool {
    [&profile.topic, &profile.dead_letter_topic].into_iter().flatten().any(|known| known.value == topic)
}

/// Whether an ACL names this resource, or a beginning of its name.
fn is_named(acls: &AclSet, resource: ResourceType, name: &str) -> bool {
    acls.iter().any(|acl| {
        acl.resource_type == resource
            && match acl.pattern_type {
                PatternType::Prefixed => name.starts_with(&acl.resource_name),
                _ => acl.resource_name == name,
            }
    })
}

/// An error that knows its place keeps it.
fn flaw_of(path: &str, error: Error) -> Flaw {
    match error.doing {
        Message::At(place, problem) => Flaw::new(place, *problem),
        problem => Flaw::new(path, problem),
    }
}
