//! `kafkalab topics describe TOPIC --watch`: each record in the lane of its partition, as it arrives.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::json;

use super::{Context, connect};
use crate::client::escaped;
use crate::client::raw::batches::Stored;
use crate::commands::arrivals::Arrivals;
use crate::commands::refusal;
use crate::error::Result;
use crate::lanes::{Lanes, Seen, Sender};
use crate::profile::ProfileName;
use crate::report::{Block, Report};
use crate::words::topics as words;

/// What the watcher calls itself.
const CLIENT_ID: &str = "kafkalab-watch";
/// Records of each partition that are there before anything arrives.
const BEFORE: i64 = 10;
/// Records of each partition that are shown.
const SHOWN: usize = 30;
/// Between two drawings: more often nobody can look.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn run(context: &Context, topic: &str) -> Result<Report> {
    let profile = context.lab_profile(ProfileName::Admin).await?;
    context.tidies_up();
    let patience = context.global.timeout;
    let refused = async |failure| {
        let doing = words::READING.with(&[("topic", &topic)]);
        match connect::cluster(context, &profile, words::ASKING).await {
            Ok(mut cluster) => {
                refusal::of_topic(context, &profile, &mut cluster, (topic, "READ"), doing, failure).await
            }
            Err(error) => error,
        }
    };
    let mut arrivals = match Arrivals::open(CLIENT_ID, &profile, patience, topic, BEFORE).await {
        Ok(arrivals) => arrivals,
        Err(failure) => return Err(refused(failure).await),
    };
    context.streams();
    context.ui.note(words::WATCHING.with(&[("topic", &topic)]));
    let mut window = Window::new(arrivals.log.partitions.len());
    let mut picture = context.ui.picture();
    if context.ui.draws_in_place() {
        picture.show(&[Block::Lanes(window.lanes())])?;
    }
    loop {
        let found = tokio::select! {
            () = context.stop.cancelled() => return Ok(Report::streamed()),
            found = arrivals.next() => found,
        };
        let found = match found {
            Ok(found) => found,
            Err(failure) => return Err(refused(failure).await),
        };
        if context.ui.draws_in_place() {
            found.iter().for_each(|stored| window.add(stored));
            picture.show(&[Block::Lanes(window.lanes())])?;
            tokio::time::sleep(PAUSE).await;
        } else {
            found.iter().try_for_each(|stored| line(context, topic, stored))?;
        }
    }
}

/// A record on a line of its own, where there is no picture.
fn line(context: &Context, topic: &str, stored: &Stored) -> Result<()> {
    let key = key(stored);
    let (partition, offset) = (stored.partition, stored.record.offset);
    if context.ui.is_json() {
        let line = json!({
            "topic": topic, "partition": partition, "offset": offset, "key": key,
            "timestamp_ms": stored.record.timestamp,
        });
        return context.ui.data_line(&line.to_string());
    }
    let shown = key.unwrap_or_else(|| words::NO_KEY.get(context.lang()).to_owned());
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("partition", &partition), ("offset", &offset), ("key", &shown)];
    context.ui.data_line(&words::ARRIVED.fill(context.lang(), &values))
}

/// The key as a person may read it.
fn key(stored: &Stored) -> Option<String> {
    stored.record.key.as_deref().map(escaped)
}

/// The newest records of each partition.
struct Window {
    partitions: BTreeMap<i32, VecDeque<Seen>>,
    /// The keys in the order in which they came, and how often each did: a key keeps its letter.
    keys: Vec<String>,
    counts: BTreeMap<Option<String>, u32>,
}

impl Window {
    fn new(partitions: usize) -> Self {
        let numbers = 0..i32::try_from(partitions).unwrap_or(i32::MAX);
        let partitions = numbers.map(|number| (number, VecDeque::new())).collect();
        Self { partitions, keys: Vec::new(), counts: BTreeMap::new() }
    }

    fn add(&mut self, stored: &Stored) {
        let key = key(stored);
        let number = self.counts.entry(key.clone()).or_default();
        *number += 1;
        let number = *number;
        if let Some(key) = &key
            && number == 1
        {
            self.keys.push(key.clone());
        }
        let (partition, offset) = (stored.partition, stored.record.offset);
        let lane = self.partitions.entry(partition).or_default();
        lane.push_back(Seen { partition, offset, key, number, sender: Sender::Laravel });
        if lane.len() > SHOWN {
            lane.pop_front();
        }
    }

    fn lanes(&self) -> Lanes {
        let partitions = i32::try_from(self.partitions.len()).unwrap_or(i32::MAX);
        Lanes::new(partitions, &self.keys, self.partitions.values().flatten().cloned())
    }
}
