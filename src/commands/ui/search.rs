//! Records that hold a text, in constant memory: one answer of the broker after the other is read and let go.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::Response;
use kafka_protocol::records::Record;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::asked::Asked;
use super::record::{IN_A_LIST, shown};
use super::stream::{self, Ended, Gone, Listener};
use crate::client::raw::Cluster;
use crate::client::raw::batches::{Bounds, TopicLog};
use crate::commands::Context;

/// Hits that are told; a person who gets more should ask for less.
const MOST_HITS: usize = 500;
/// Between two words about how far it is.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// What to look for. A part that is not given fits every record; texts are found whatever their case.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    topic: String,
    partition: Option<i32>,
    key: Option<String>,
    value: Option<String>,
    header: Option<String>,
    /// Milliseconds since 1970.
    since: Option<i64>,
    until: Option<i64>,
}

pub(super) async fn search(
    State(context): State<Arc<Context>>,
    Query(asked): Query<Asked>,
    Query(wanted): Query<Wanted>,
) -> Response {
    stream::asking(&context, &asked, |mut asking, page| async move {
        let wanted = wanted.in_lower_case();
        match async { through(asking.cluster().await?, &wanted, &page).await }.await {
            Ok(done) => page.tell("done", &done).await,
            Err(Ended::Gone) => Err(Gone),
            Err(Ended::Failed(failure)) => {
                let error = asking.topic_failed(&wanted.topic, "READ", failure).await;
                page.tell_problem(&asking.problem(error)).await?;
                std::future::pending().await
            }
        }
    })
}

async fn through(cluster: &mut Cluster, wanted: &Wanted, page: &Listener) -> Result<Value, Ended> {
    let log = TopicLog::open(cluster, &wanted.topic).await?;
    let asked = |bounds: &&Bounds| wanted.partition.is_none_or(|partition| partition == bounds.partition);
    let total: i64 = log.partitions.iter().filter(asked).map(|bounds| bounds.end - bounds.start).sum();
    let (mut read, mut hits, mut told) = (0, 0, Instant::now());
    for bounds in log.partitions.iter().filter(asked) {
        let mut next = bounds.start;
        while next < bounds.end {
            let (records, after) = log.read(cluster, bounds, next, usize::MAX).await?;
            read += after - next;
            next = after;
            let fitting = records.iter().filter(|stored| wanted.fits(&stored.record));
            let fitting: Vec<Value> =
                fitting.take(MOST_HITS - hits).map(|stored| shown(stored, IN_A_LIST)).collect();
            if !fitting.is_empty() {
                hits += fitting.len();
                page.tell("found", &json!({ "records": fitting })).await?;
            }
            if hits == MOST_HITS {
                return Ok(json!({ "read": read, "found": hits, "limited": true }));
            }
            if told.elapsed() >= PROGRESS_EVERY {
                page.tell("progress", &json!({ "read": read, "total": total, "found": hits })).await?;
                told = Instant::now();
            }
        }
    }
    Ok(json!({ "read": read, "found": hits, "limited": false }))
}

impl Wanted {
    /// A form leaves what is not filled in empty.
    fn in_lower_case(self) -> Self {
        let text =
            |given: Option<String>| given.filter(|text| !text.is_empty()).map(|text| text.to_lowercase());
        Self { key: text(self.key), value: text(self.value), header: text(self.header), ..self }
    }

    fn fits(&self, record: &Record) -> bool {
        let is_within = self.since.is_none_or(|since| record.timestamp >= since)
            && self.until.is_none_or(|until| record.timestamp <= until);
        is_within
            && holds(record.key.as_deref(), self.key.as_deref())
            && holds(record.value.as_deref(), self.value.as_deref())
            && self.header.as_deref().is_none_or(|text| {
                record.headers.iter().any(|(name, value)| {
                    holds(Some(name.as_bytes()), Some(text)) || holds(value.as_deref(), Some(text))
                })
            })
    }
}

/// Whether a field holds a text that is in lower case; any field holds none.
fn holds(field: Option<&[u8]>, text: Option<&str>) -> bool {
    let Some(text) = text else { return true };
    field.is_some_and(|field| {
        // Most fields are ASCII, where no copy is needed.
        if field.is_ascii() && text.is_ascii() {
            field.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
        } else {
            String::from_utf8_lossy(field).to_lowercase().contains(text)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_whatever_its_case() {
        assert!(holds(Some(b"PedidoCriado"), Some("pedidoc")));
        assert!(holds(Some("AÇÃO".as_bytes()), Some("ação")));
        assert!(!holds(Some(b"pedido"), Some("pedidos")));
        assert!(!holds(None, Some("a")));
        assert!(holds(None, None));
    }

    #[test]
    fn a_time_that_is_not_given_does_not_count() {
        let at = |ms| Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: 0,
            producer_id: -1,
            producer_epoch: -1,
            timestamp_type: kafka_protocol::records::TimestampType::Creation,
            offset: 0,
            sequence: 0,
            timestamp: ms,
            key: None,
            value: None,
            headers: Default::default(),
        };
        let since = Wanted { since: Some(5), ..Wanted::default() };
        assert_eq!([4, 5, 6].map(|ms| since.fits(&at(ms))), [false, true, true]);
        let until = Wanted { until: Some(5), ..Wanted::default() };
        assert_eq!([4, 5, 6].map(|ms| until.fits(&at(ms))), [true, true, false]);
        assert!(Wanted::default().fits(&at(-1)));
    }

    #[test]
    fn a_field_that_was_not_filled_in_fits_everything() {
        let wanted = Wanted { key: Some(String::new()), value: Some("X".to_owned()), ..Wanted::default() };
        let wanted = wanted.in_lower_case();
        assert_eq!((wanted.key, wanted.value.as_deref()), (None, Some("x")));
    }
}
