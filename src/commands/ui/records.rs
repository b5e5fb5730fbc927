//! Records of a partition from an offset on, and one record as a whole.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::{Asked, Asking, Problem};
use super::record::{IN_A_LIST, OPENED, shown};
use crate::client::raw::batches::{Bounds, Stored, TopicLog};
use crate::client::raw::{BrokerError, Cluster, RawError};
use crate::commands::Context;
use crate::error::{Error, Kind};
use crate::words::ui as words;

/// Kafka's UNKNOWN_TOPIC_OR_PARTITION.
const UNKNOWN_PARTITION: i16 = 3;
/// Records of one answer.
const MOST: usize = 500;

/// Which records.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    topic: String,
    partition: i32,
    from: i64,
    limit: usize,
}

/// Which record.
#[derive(Debug, Deserialize)]
pub(super) struct One {
    topic: String,
    partition: i32,
    offset: i64,
}

pub(super) async fn records(
    State(context): State<Arc<Context>>,
    Query(asked): Query<Asked>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Problem> {
    let mut asking = Asking::new(&context, &asked)?;
    let (bounds, found) =
        read(&mut asking, &page.topic, page.partition, page.from, page.limit.clamp(1, MOST)).await?;
    let records: Vec<Value> = found.iter().map(|stored| shown(stored, IN_A_LIST)).collect();
    Ok(Json(json!({ "start": bounds.start, "end": bounds.end, "records": records })))
}

pub(super) async fn record(
    State(context): State<Arc<Context>>,
    Query(asked): Query<Asked>,
    Query(one): Query<One>,
) -> Result<Json<Value>, Problem> {
    let mut asking = Asking::new(&context, &asked)?;
    let (_, found) = read(&mut asking, &one.topic, one.partition, one.offset, 1).await?;
    match found.first().filter(|stored| stored.record.offset == one.offset) {
        Some(stored) => Ok(Json(shown(stored, OPENED))),
        None => Err(asking.problem(Error::new(
            Kind::Failed,
            words::NO_RECORD.with(&[
                ("topic", &one.topic),
                ("partition", &one.partition),
                ("offset", &one.offset),
            ]),
        ))),
    }
}

async fn read(
    asking: &mut Asking,
    topic: &str,
    partition: i32,
    from: i64,
    limit: usize,
) -> Result<(Bounds, Vec<Stored>), Problem> {
    match async { from_offset(asking.cluster().await?, topic, partition, from, limit).await }.await {
        Ok(found) => Ok(found),
        Err(failure) => {
            let error = asking.topic_failed(topic, "READ", failure).await;
            Err(asking.problem(error))
        }
    }
}

async fn from_offset(
    cluster: &mut Cluster,
    topic: &str,
    partition: i32,
    from: i64,
    limit: usize,
) -> Result<(Bounds, Vec<Stored>), RawError> {
    let log = TopicLog::open(cluster, topic).await?;
    let Some(bounds) = log.partitions.iter().find(|bounds| bounds.partition == partition) else {
        return Err(BrokerError { code: UNKNOWN_PARTITION, message: None }.into());
    };
    let (mut next, mut found) = (from.max(bounds.start), Vec::new());
    while next < bounds.end && found.len() < limit {
        let (records, after) = log.read(cluster, bounds, next, limit - found.len()).await?;
        found.extend(records);
        next = after;
    }
    Ok((*bounds, found))
}
