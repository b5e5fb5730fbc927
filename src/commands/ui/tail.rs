//! The records of a topic as they arrive. Each broker is asked for its own partitions, over a connection of its own,
//! and answers as soon as there is something.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::Response;
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::{Asked, Asking};
use super::record::{IN_A_LIST, shown};
use super::stream::{self, Gone, Listener};
use crate::client::raw::RawError;
use crate::client::raw::batches::TopicLog;
use crate::commands::Context;

/// Records of each partition that are there before anything arrives.
const BEFORE: i64 = 20;
/// How long a broker may keep a question to which it has nothing to say; never as long as an answer is waited for.
const WAIT: Duration = Duration::from_secs(2);
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
    let mut asking = match Asking::new(&context, &asked) {
        Ok(asking) => asking,
        Err(problem) => return stream::problem(problem),
    };
    stream::answer(move |page| async move {
        let mut told = Value::Null;
        loop {
            let Err(failure) = follow(&context, &asked, &mut asking, &wanted.topic, &page).await;
            match failure {
                Ended::Gone => return Err(Gone),
                Ended::Failed(failure) => {
                    let error = asking.topic_failed(&wanted.topic, "READ", failure).await;
                    let problem = asking.problem(error);
                    if problem.block() != told {
                        told = problem.block();
                        page.tell_problem(&problem).await?;
                    }
                }
            }
            asking.hang_up();
            tokio::time::sleep(AGAIN).await;
        }
    })
}

enum Ended {
    Gone,
    Failed(RawError),
}

impl From<Gone> for Ended {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<RawError> for Ended {
    fn from(failure: RawError) -> Self {
        Self::Failed(failure)
    }
}

/// Tells where the topic stands, and then what comes, until something fails.
async fn follow(
    context: &Arc<Context>,
    asked: &Asked,
    asking: &mut Asking,
    topic: &str,
    page: &Listener,
) -> Result<std::convert::Infallible, Ended> {
    let log = TopicLog::open(asking.cluster().await?, topic).await?;
    let mut leaders: BTreeMap<i32, BTreeMap<i32, i64>> = BTreeMap::new();
    for bounds in &log.partitions {
        let first = (bounds.end - BEFORE).max(bounds.start);
        leaders.entry(bounds.leader).or_default().insert(bounds.partition, first);
    }
    // A principal that may describe the topic and not read it is told so before it is told anything else.
    let mut started = leaders.clone();
    for (leader, offsets) in &mut started {
        log.follow(asking.cluster().await?, *leader, offsets, Duration::ZERO).await?;
    }
    let partitions: Vec<Value> = log
        .partitions
        .iter()
        .map(|bounds| json!({ "partition": bounds.partition, "start": bounds.start, "end": bounds.end }))
        .collect();
    page.tell("start", &json!({ "partitions": partitions })).await?;
    let brokers = leaders.into_iter().map(|(leader, offsets)| {
        // The first one's connection is there already; the others are opened beside it.
        let asking = Asking::new(context, asked);
        of_leader(asking.ok(), &log, leader, offsets, page)
    });
    try_join_all(brokers).await?;
    // A topic without a partition cannot be.
    std::future::pending().await
}

async fn of_leader(
    asking: Option<Asking>,
    log: &TopicLog,
    leader: i32,
    mut offsets: BTreeMap<i32, i64>,
    page: &Listener,
) -> Result<(), Ended> {
    let Some(mut asking) = asking else { return Ok(()) };
    let wait = WAIT.min(asking.context.global.timeout / 2);
    let cluster = asking.cluster().await?;
    loop {
        let found = log.follow(cluster, leader, &mut offsets, wait).await?;
        if found.is_empty() {
            continue;
        }
        let skipped = found.len().saturating_sub(MOST);
        let newest: VecDeque<Value> =
            found.iter().skip(skipped).map(|stored| shown(stored, IN_A_LIST)).collect();
        page.tell("records", &json!({ "records": newest, "skipped": skipped })).await?;
        tokio::time::sleep(PAUSE).await;
    }
}
