//! The topics that a principal may see, with where each partition begins and ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::asked::{Asked, Asking};
use super::watched::{View, watch};
use crate::client::raw::admin::records::{OffsetAt, list_offsets};
use crate::client::raw::admin::topics::{Topic, TopicPartition, list_topics};
use crate::client::raw::{BrokerError, Cluster, RawError};
use crate::commands::Context;
use crate::error::Result;
use crate::words::ui as words;

pub(super) async fn topics(State(context): State<Arc<Context>>, Query(asked): Query<Asked>) -> Response {
    watch::<Topics>(&context, &asked)
}

/// Offsets of partitions, or why there is none.
type Offsets = BTreeMap<TopicPartition, Result<i64, BrokerError>>;

struct Topics;

impl View for Topics {
    const EVENT: &'static str = "topics";
    const EVERY: Duration = Duration::from_millis(500);

    async fn look(asking: &mut Asking) -> Result<Value> {
        let looked = match asking.cluster().await {
            Ok(cluster) => look(cluster).await,
            Err(failure) => Err(failure),
        };
        match looked {
            Ok(topics) => Ok(json!({ "topics": topics })),
            Err(failure) => Err(asking.failed(words::TOPICS, failure).await),
        }
    }
}

async fn look(cluster: &mut Cluster) -> Result<Vec<Value>, RawError> {
    let topics = list_topics(cluster).await?;
    let asked = |at| -> BTreeMap<TopicPartition, OffsetAt> {
        let all = topics.iter().flat_map(|topic| places(topic).map(move |place| (place, at)));
        all.collect()
    };
    let starts = list_offsets(cluster, &asked(OffsetAt::Earliest)).await?;
    let ends = list_offsets(cluster, &asked(OffsetAt::Latest)).await?;
    Ok(topics
        .iter()
        .map(|topic| {
            let partitions = topic.partitions.iter().zip(places(topic)).map(|(partition, place)| {
                let known = |offsets: &Offsets| -> Option<i64> {
                    offsets.get(&place)?.as_ref().ok().copied()
                };
                json!({
                    "partition": partition.partition, "leader": partition.leader,
                    "start": known(&starts), "end": known(&ends),
                })
            });
            json!({
                "name": topic.name, "internal": topic.is_internal, "partitions": partitions.collect::<Vec<_>>(),
            })
        })
        .collect())
}

fn places(topic: &Topic) -> impl Iterator<Item = TopicPartition> {
    topic.partitions.iter().map(|partition| TopicPartition::new(&topic.name, partition.partition))
}
