//! What the broker refused about topics and groups, as error blocks: the right that is missing, or the name that was meant.

use super::{Context, trouble};
use crate::client::raw::admin::{groups, topics};
use crate::client::raw::{BrokerError, Cluster, RawError};
use crate::client::{self, Failure, Need};
use crate::error::{Error, Kind};
use crate::profile::Profile;
use crate::toml_reader;
use crate::words::{Message, groups as words, input};

const TOPIC_AUTHORIZATION_FAILED: i16 = 29;
const GROUP_AUTHORIZATION_FAILED: i16 = 30;
pub(super) const GROUP_ID_NOT_FOUND: i16 = 69;

/// The error block of a request that needs `operation` on the group.
pub(super) async fn of_group(
    context: &Context,
    profile: &Profile,
    cluster: &mut Cluster,
    (group, operation): (&str, &'static str),
    doing: Message,
    failure: RawError,
) -> Error {
    match failure {
        RawError::Broker(error) if error.code == GROUP_ID_NOT_FOUND => {
            unknown_group(profile, cluster, group, Some(error)).await
        }
        RawError::Broker(error) if error.code == GROUP_AUTHORIZATION_FAILED => {
            denied(context, profile, doing, client::on_group(operation, group), &error).await
        }
        other => trouble::explain_raw(profile, doing, &other).await,
    }
}

/// The error block of a request that needs `operation` on the topic.
pub(super) async fn of_topic(
    context: &Context,
    profile: &Profile,
    cluster: &mut Cluster,
    (topic, operation): (&str, &'static str),
    doing: Message,
    failure: impl Into<RawError>,
) -> Error {
    const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
    match failure.into() {
        RawError::Broker(error) if error.code == TOPIC_AUTHORIZATION_FAILED => {
            denied(context, profile, doing, client::on_topic(operation, topic), &error).await
        }
        RawError::Broker(error) if error.code == UNKNOWN_TOPIC_OR_PARTITION => {
            let known = topics::list_topics(cluster).await.unwrap_or_default();
            let known: Vec<&str> = known.iter().map(|topic| topic.name.as_str()).collect();
            let block = said(Error::new(Kind::Failed, doing), &error).identity(profile.identity());
            near(block.hint(words::UNKNOWN_TOPIC.with(&[("topic", &topic)])), topic, &known)
                .next("kafkalab topics list")
        }
        other => trouble::explain_raw(profile, doing, &other).await,
    }
}

/// There is no such group: the nearest name that the principal may see. Brokers before 4.0 have no error for it.
pub(super) async fn unknown_group(
    profile: &Profile,
    cluster: &mut Cluster,
    group: &str,
    error: Option<BrokerError>,
) -> Error {
    let known = groups::list_groups(cluster).await.unwrap_or_default();
    let known: Vec<&str> = known.iter().map(|group| group.group_id.as_str()).collect();
    let block = Error::new(Kind::Failed, words::DESCRIBING.with(&[("group", &group)]));
    let block = match &error {
        Some(error) => said(block, error),
        None => block,
    };
    let block = block.identity(profile.identity()).hint(words::UNKNOWN.with(&[("group", &group)]));
    near(block, group, &known).next("kafkalab groups list")
}

async fn denied(
    context: &Context,
    profile: &Profile,
    doing: Message,
    need: Need,
    error: &BrokerError,
) -> Error {
    let words = error.message.clone().unwrap_or_else(|| error.name().to_owned());
    let failure = Failure {
        code: Some(client::Code::new(error.name(), i32::from(error.code))),
        ..Failure::new(client::Kind::Authorization, words).needing([need])
    };
    trouble::explain(context, profile, doing, &failure).await
}

fn said(block: Error, error: &BrokerError) -> Error {
    let words = error.message.clone().unwrap_or_else(|| error.name().to_owned());
    block.said(words, error.name(), i32::from(error.code))
}

fn near(block: Error, name: &str, known: &[&str]) -> Error {
    match toml_reader::nearest(name, known) {
        Some(near) => block.hint(input::DID_YOU_MEAN.with(&[("near", &near)])),
        None => block,
    }
}
