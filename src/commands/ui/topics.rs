//! The topics that a principal may see, with where each partition begins and ends.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::asked::{Asked, Asking};
use super::watched::{View, watch};
use crate::client::raw::admin::records::Logs;
use crate::client::raw::admin::topics::{Topic, TopicPartition, list_topics};
use crate::client::raw::{Cluster, RawError};
use crate::commands::Context;
use crate::error::Result;
use crate::words::ui as words;

pub(super) async fn topics(State(context): State<Arc<Context>>, Query(asked): Query<Asked>) -> Response {
    watch::<Topics>(&context, &asked)
}

struct Topics;

impl View for Topics {
    const EVENT: &'static str = "topics";
    const EVERY: Duration = Duration::from_millis(500);

    async fn look(asking: &mut Asking) -> Result<Value> {
        match async { look(asking.cluster().await?).await }.await {
            Ok(topics) => Ok(json!({ "topics": topics })),
            Err(failure) => Err(asking.failed(words::TOPICS, failure).await),
        }
    }
}

async fn look(cluster: &mut Cluster) -> Result<Vec<Value>, RawError> {
    let topics = list_topics(cluster).await?;
    let logs = Logs::of(cluster, &topics.iter().flat_map(places).collect()).await?;
    Ok(topics
        .iter()
        .map(|topic| {
            let partitions = topic.partitions.iter().zip(places(topic)).map(|(partition, place)| {
                json!({
                    "partition": partition.partition, "leader": partition.leader,
                    "start": logs.start(&place), "end": logs.end(&place),
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
