//! Which record lies in which partition, as one picture: a lane for each partition, its records in the order of their
//! offsets, each with the letter of its key. Pure: it is built from records that were read back, and `ui` draws it.

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};

/// A record as it was read back from the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The partition it lies in.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// Its key; `None` is null.
    pub key: Option<String>,
    /// How manyth of its key it was when it was sent, from 1.
    pub number: u32,
    /// Who sent it.
    pub sender: Sender,
}

/// Who sent a record. Written in the case of its letter, so that two senders of one key can be told apart without
/// colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    // No doc comments: they would be the help of flags that are not about letters.
    #[allow(missing_docs, reason = "the type says it: in upper case")]
    Laravel,
    #[allow(missing_docs, reason = "in lower case")]
    Nest,
}

impl Sender {
    /// Its name, which is that of its principal too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Laravel => "laravel",
            Self::Nest => "nest",
        }
    }
}

/// The picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lanes {
    /// The keys in the order of their letters.
    pub keys: Vec<String>,
    /// One a partition, in the order of their numbers; a partition without records has an empty one.
    pub lanes: Vec<Lane>,
}

/// The records of one partition, in the order of their offsets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lane {
    /// The partition.
    pub partition: i32,
    /// Its records.
    pub cells: Vec<Cell>,
}

/// One record of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The offset.
    pub offset: i64,
    /// Which of [`Lanes::keys`]; `None` for a record without a key.
    pub key: Option<usize>,
    /// How manyth of its key it was when it was sent, from 1.
    pub number: u32,
    /// Who sent it.
    pub sender: Sender,
}

/// What became of the records of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOrder {
    /// Which of [`Lanes::keys`].
    pub key: usize,
    /// The partitions that hold its records.
    pub partitions: BTreeSet<i32>,
    /// How many there are.
    pub records: usize,
    /// Whether in each of those partitions the records lie in the order in which they were sent.
    pub ascending: bool,
}

impl KeyOrder {
    /// Whether every reader gets the records of the key in the order in which they were sent: Kafka keeps an order
    /// within a partition and none between two.
    pub fn kept(&self) -> bool {
        self.ascending && self.partitions.len() <= 1
    }
}

impl Lanes {
    /// The lanes of `partitions` partitions. A key that is not among `keys` gets the next letter.
    pub fn new(partitions: i32, keys: &[String], records: impl IntoIterator<Item = Seen>) -> Self {
        let mut keys = keys.to_vec();
        let mut cells: BTreeMap<i32, Vec<Cell>> =
            (0..partitions).map(|number| (number, Vec::new())).collect();
        for record in records {
            let key = record.key.map(|key| match keys.iter().position(|known| *known == key) {
                Some(index) => index,
                None => {
                    keys.push(key);
                    keys.len() - 1
                }
            });
            let Seen { offset, number, sender, .. } = record;
            cells.entry(record.partition).or_default().push(Cell { offset, key, number, sender });
        }
        let lanes = cells.into_iter().map(|(partition, mut cells)| {
            cells.sort_by_key(|cell| cell.offset);
            Lane { partition, cells }
        });
        Self { lanes: lanes.collect(), keys }
    }

    /// The letters of a key: `A` to `Z`, then `AA`, as a spreadsheet counts its columns.
    pub fn letter(mut key: usize) -> String {
        let mut letters = Vec::new();
        loop {
            letters.push(char::from(b'A' + (key % 26) as u8));
            if key < 26 {
                return letters.into_iter().rev().collect();
            }
            key = key / 26 - 1;
        }
    }

    /// For each key that has records, where they lie and whether their order held.
    pub fn order(&self) -> Vec<KeyOrder> {
        let mut orders: BTreeMap<usize, KeyOrder> = BTreeMap::new();
        for lane in &self.lanes {
            let mut last: BTreeMap<usize, u32> = BTreeMap::new();
            for cell in &lane.cells {
                let Some(key) = cell.key else { continue };
                let order = orders.entry(key).or_insert_with(|| KeyOrder {
                    key,
                    partitions: BTreeSet::new(),
                    records: 0,
                    ascending: true,
                });
                order.partitions.insert(lane.partition);
                order.records += 1;
                if last.insert(key, cell.number).is_some_and(|before| before >= cell.number) {
                    order.ascending = false;
                }
            }
        }
        orders.into_values().collect()
    }

    /// How many records each lane has, in the order of the partitions.
    pub fn counts(&self) -> Vec<usize> {
        self.lanes.iter().map(|lane| lane.cells.len()).collect()
    }

    /// The same picture for programs.
    pub fn to_json(&self) -> Value {
        let cell = |cell: &Cell| {
            json!({
                "offset": cell.offset,
                "key": cell.key.map(|key| &self.keys[key]),
                "letter": cell.key.map(Self::letter),
                "number": cell.number,
                "from": cell.sender,
            })
        };
        let lanes = self.lanes.iter().map(|lane| {
            json!({ "partition": lane.partition, "records": lane.cells.iter().map(cell).collect::<Vec<_>>() })
        });
        json!(lanes.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(partition: i32, offset: i64, key: &str, number: u32) -> Seen {
        Seen { partition, offset, key: Some(key.to_owned()), number, sender: Sender::Laravel }
    }

    #[test]
    fn a_lane_is_in_the_order_of_its_offsets() {
        let lanes = Lanes::new(2, &[], [seen(1, 7, "a", 2), seen(1, 3, "a", 1)]);
        assert_eq!(lanes.counts(), [0, 2]);
        assert_eq!(lanes.lanes[1].cells.iter().map(|cell| cell.offset).collect::<Vec<_>>(), [3, 7]);
        assert!(lanes.order()[0].kept());
    }

    #[test]
    fn a_broken_order_is_seen() {
        let swapped = Lanes::new(1, &[], [seen(0, 0, "a", 2), seen(0, 1, "a", 1)]);
        assert!(!swapped.order()[0].ascending);
        let repeated = Lanes::new(1, &[], [seen(0, 0, "a", 1), seen(0, 1, "a", 1)]);
        assert!(!repeated.order()[0].kept());
        let torn = Lanes::new(2, &[], [seen(0, 0, "a", 1), seen(1, 0, "a", 2), seen(0, 1, "b", 1)]);
        let [a, b] = &torn.order()[..] else { panic!("two keys") };
        assert!(a.ascending && !a.kept() && b.kept());
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!(
            [0, 25, 26, 51, 52, 701, 702].map(Lanes::letter),
            ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
        );
    }

    #[test]
    fn programs_get_the_same_picture() {
        let lanes = Lanes::new(1, &["pedido-1".to_owned()], [seen(0, 5, "pedido-1", 1)]);
        let expected = json!([{ "partition": 0, "records": [
            { "offset": 5, "key": "pedido-1", "letter": "A", "number": 1, "from": "laravel" }
        ] }]);
        assert_eq!(lanes.to_json(), expected);
    }
}
