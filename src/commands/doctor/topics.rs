//! Whether a phase's topics are there, as its own principal sees them.

use std::collections::BTreeMap;

use super::access;
use super::check::Seen;
use crate::client::raw::BrokerError;
use crate::client::raw::admin::topics::{Topic, describe_topics};
use crate::commands::connect;
use crate::error::Kind;
use crate::profile::{Profile, ProfileName};
use crate::words::doctor as words;

const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const TOPIC_AUTHORIZATION_FAILED: i16 = 29;

/// Looks for the topics of a profile.
pub(super) async fn check(profile: &Profile) -> Seen {
    let names: Vec<&str> = [&profile.topic, &profile.dead_letter_topic]
        .into_iter()
        .flatten()
        .map(|name| name.value.as_str())
        .collect();
    let found = async {
        let mut cluster = access::cluster(profile).await?;
        describe_topics(&mut cluster, &names).await
    };
    match found.await {
        Ok(found) => judge(profile, &names, &found),
        Err(failure) => Seen::failed(Kind::Failed, failure.to_string()).next("kafkalab status"),
    }
}

fn judge(profile: &Profile, names: &[&str], found: &BTreeMap<String, Result<Topic, BrokerError>>) -> Seen {
    let seen = names.iter().map(|name| one(profile, name, found.get(*name)));
    seen.reduce(Seen::with).unwrap_or_else(|| Seen::skipped(words::NO_TOPIC))
}

fn one(profile: &Profile, name: &str, found: Option<&Result<Topic, BrokerError>>) -> Seen {
    match found {
        Some(Ok(topic)) => {
            Seen::passed(words::TOPIC_THERE.with(&[("topic", &name), ("count", &topic.partitions.len())]))
        }
        Some(Err(error)) if error.code == TOPIC_AUTHORIZATION_FAILED => {
            Seen::skipped(words::TOPIC_HIDDEN.with(&[("topic", &name)]))
        }
        Some(Err(error)) if error.code != UNKNOWN_TOPIC_OR_PARTITION => {
            Seen::failed(Kind::Failed, format!("{name}: {error}"))
                .next(format!("kafkalab explain {}", error.code))
        }
        _ if creates_its_own(profile.name) => Seen::passed(words::TOPIC_LATER.with(&[("topic", &name)])),
        _ => Seen::failed(Kind::NotMet, words::TOPIC_ABSENT.with(&[("topic", &name)]))
            .next("kafkalab up")
            .next(format!(
                "kafkalab topics create {name} --partitions {}{}",
                profile.partitions.value,
                connect::server_flag(profile)
            )),
    }
}

/// Phases 0 and 4 create their topics as part of the lesson; `up` creates those of the others.
fn creates_its_own(phase: ProfileName) -> bool {
    matches!(phase, ProfileName::Phase0 | ProfileName::Phase4)
}
