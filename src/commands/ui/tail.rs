//! The records of a topic as they arrive, at the pace of somebody who looks.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::{Asked, Asking};
use super::record::{IN_A_LIST, shown};
use super::stream::{self, Ended, Gone, Listener};
use crate::commands::Context;
use crate::commands::arrivals::Arrivals;
use crate::commands::broker::live::PAGE_CLIENT_ID;

/// Records of each partition that are there before anything arrives.
const BEFORE: i64 = 20;
/// Records of one event, and the pause after it: nobody can read more, and a page must stay quick.
const MOST: usize = 200;
const PAUSE: Duration = Duration::from_millis(100);
/// Before it tries again after a failure.
const AGAIN: Duration = Duration::from_secs(1);

/// Which topic.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    topic: String,
}

pub(super) async fn tail(
    State(context): State<Arc<Context>>,
    Query(asked): Query<Asked>,
    Query(wanted): Query<Wanted>,
) -> Response {
    stream::asking(&context, &asked, |mut asking, page| async move {
        let mut told = Value::Null;
        loop {
            match follow(&asking, &wanted.topic, &page).await {
                Err(Ended::Gone) => return Err(Gone),
                Err(Ended::Failed(failure)) => {
                    let error = asking.topic_failed(&wanted.topic, "READ", failure).await;
                    let problem = asking.problem(error);
                    if problem.block() != told {
                        told = problem.block();
                        page.tell_problem(&problem).await?;
                    }
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    })
}

/// Tells where the topic stands, and then what comes, until something fails.
async fn follow(asking: &Asking, topic: &str, page: &Listener) -> Result<Infallible, Ended> {
    let patience = asking.context.global.timeout;
    let mut arrivals = Arrivals::open(PAGE_CLIENT_ID, &asking.profile, patience, topic, BEFORE).await?;
    let partitions = arrivals.log.partitions.iter();
    let partitions = partitions
        .map(|bounds| json!({ "partition": bounds.partition, "start": bounds.start, "end": bounds.end }));
    page.tell("start", &json!({ "partitions": partitions.collect::<Vec<_>>() })).await?;
    loop {
        let found = arrivals.next().await?;
        let skipped = found.len().saturating_sub(MOST);
        let newest: Vec<Value> = found.iter().skip(skipped).map(|stored| shown(stored, IN_A_LIST)).collect();
        page.tell("records", &json!({ "records": newest, "skipped": skipped })).await?;
        tokio::time::sleep(PAUSE).await;
    }
}
