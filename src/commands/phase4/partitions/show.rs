//! What the chapters show alike.

use serde_json::{Value, json};

use crate::lanes::{KeyOrder, Lanes};
use crate::prediction::Prediction;
use crate::report::{Report, Table};
use crate::words::{Message, phase4_partitions as words};

/// The topic in commands to paste: that of a run is deleted when it ends.
pub(super) const MINE: &str = "phase4-mine";

/// A report that begins with what became of the prediction.
pub(super) fn predicted(predicted: &Prediction, happened: usize) -> Report {
    let report = Report::default();
    match predicted.compared(happened) {
        Some(compared) => report.line(compared),
        None => report,
    }
}

/// How many keys kept their order, and the first that did not.
pub(super) fn order(lanes: &Lanes, orders: &[KeyOrder]) -> Message {
    match orders.iter().find(|order| !order.kept()) {
        None => words::ORDER_KEPT.with(&[("keys", &orders.len())]),
        Some(broken) if broken.partitions.len() == 1 => words::ORDER_SWAPPED
            .with(&[("key", &lanes.keys[broken.key]), ("partitions", &listed(broken.partitions.iter()))]),
        Some(broken) => words::ORDER_BROKEN.with(&[
            ("broken", &orders.iter().filter(|order| !order.kept()).count()),
            ("keys", &orders.len()),
            ("key", &lanes.keys[broken.key]),
            ("partitions", &listed(broken.partitions.iter())),
        ]),
    }
}

/// The same for programs: one object a key.
pub(super) fn order_json(lanes: &Lanes, orders: &[KeyOrder]) -> Value {
    let order = |order: &KeyOrder| {
        json!({ "key": lanes.keys[order.key], "partitions": order.partitions, "records": order.records,
            "ascending": order.ascending, "kept": order.kept() })
    };
    orders.iter().map(order).collect()
}

/// A row a partition: its records, its share of all, and a bar of 20 columns for all.
pub(super) fn shares(counts: &[usize]) -> Table {
    let all = counts.iter().sum::<usize>();
    let rows = counts.iter().enumerate().map(|(partition, count)| {
        let bar = "#".repeat((count * 20).div_ceil(all.max(1)));
        vec![partition.to_string(), count.to_string(), format!("{}%", percent(*count, all)), bar]
    });
    Table { head: vec!["PARTITION", "RECORDS", "SHARE", "LOAD"], rows: rows.collect() }
}

/// A part of all, rounded to whole per cent; nothing of nothing is nothing.
pub(super) fn percent(part: usize, all: usize) -> usize {
    (part * 100 + all / 2).checked_div(all).unwrap_or(0)
}

/// Numbers for a sentence.
pub(super) fn listed<T: std::fmt::Display>(numbers: impl Iterator<Item = T>) -> String {
    numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_parts_of_all() {
        assert_eq!(percent(1, 3), 33);
        assert_eq!((percent(2, 3), percent(0, 0)), (67, 0));
        let table = shares(&[9, 0, 1]);
        assert_eq!(table.rows[0], ["0", "9", "90%", "##################"]);
        assert_eq!(table.rows[1], ["1", "0", "0%", ""]);
    }
}
