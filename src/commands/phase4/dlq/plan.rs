//! What a redrive does with each dead letter. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::letter::Origin;
use super::letters::Letter;
use crate::client::legal_name;

/// How far the redrives have come in a partition of the dead-letter topic: what the redrive group commits, with the
/// letters that were held back in the commit's metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// The first offset that no redrive has looked at.
    pub next: i64,
    /// Offsets before that which were not sent back, and could be.
    pub held: BTreeSet<i64>,
}

/// Kafka keeps 4096 bytes of metadata; an offset and its comma take at most 20.
const MOST_HELD: usize = 200;
const HELD: &str = "held=";

impl Position {
    /// From a committed offset and its metadata. Metadata of others says that nothing is held back.
    pub(super) fn parse(next: i64, metadata: &str) -> Self {
        let held = metadata.strip_prefix(HELD).unwrap_or_default().split(',');
        Self { next, held: held.filter_map(|offset| offset.parse().ok()).collect() }
    }

    /// The metadata of the commit.
    pub(super) fn metadata(&self) -> String {
        if self.held.is_empty() {
            return String::new();
        }
        let held: Vec<String> = self.held.iter().map(i64::to_string).collect();
        format!("{HELD}{}", held.join(","))
    }

    /// Whether a redrive has dealt with the letter at this offset.
    pub(super) fn has_passed(&self, offset: i64) -> bool {
        offset < self.next && !self.held.contains(&offset)
    }

    /// Whether one more can be held back.
    pub(super) fn has_room(&self) -> bool {
        self.held.len() < MOST_HELD
    }

    /// The letter at this offset was looked at, and held back or not.
    pub(super) fn pass(&mut self, offset: i64, held: bool) {
        self.next = self.next.max(offset + 1);
        if held {
            self.held.insert(offset);
        } else {
            self.held.remove(&offset);
        }
    }
}

/// What is to become of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// An earlier redrive has dealt with it.
    Passed,
    /// It goes back to its origin, for the so-many-th time.
    Send(u32),
    /// Another letter of the same record came first: its writer died before it could commit.
    Duplicate(Origin),
    /// It was sent back so many times already and died again.
    TooOften(u32),
    /// It does not say where it comes from.
    NoOrigin,
    /// It claims to come from a topic that this dead-letter topic does not belong to.
    Foreign,
    /// Its topic or partition is not there any more.
    Gone,
    /// It is back already: a redrive sent it and died before it could commit.
    Back,
}

impl Fate {
    /// Whether the letter stays, so that a later redrive may send it.
    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::TooOften(_) | Self::NoOrigin | Self::Foreign | Self::Gone)
    }

    /// A name for JSON.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Passed => "redriven",
            Self::Send(_) => "waiting",
            Self::Duplicate(_) => "duplicate",
            Self::TooOften(_) => "redriven_too_often",
            Self::NoOrigin => "no_origin",
            Self::Foreign => "foreign_origin",
            Self::Gone => "origin_gone",
            Self::Back => "already_back",
        }
    }
}

/// What a redrive goes by.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// The dead-letter topic.
    pub dead_letters: String,
    /// A record that was sent back so often is not sent again.
    pub limit: u32,
    /// Unless this is set.
    pub again: bool,
    /// How many partitions the topics have that are there. `None`: nobody has looked.
    pub topics: Option<BTreeMap<String, usize>>,
    /// Letters whose records were found in their topics.
    pub back: BTreeSet<Origin>,
}

/// The fate of each letter; the letters are ordered by partition and offset.
pub(super) fn fates(letters: &[Letter], positions: &BTreeMap<i32, Position>, rules: &Rules) -> Vec<Fate> {
    let mut first: BTreeMap<&Origin, Origin> = BTreeMap::new();
    let mut fates = Vec::with_capacity(letters.len());
    for letter in letters {
        let position = positions.get(&letter.record.partition);
        let passed = position.is_some_and(|position| position.has_passed(letter.record.offset));
        let earlier = letter.death.as_ref().and_then(|death| first.get(&death.origin).cloned());
        if let (Some(death), None) = (&letter.death, &earlier) {
            first.insert(&death.origin, letter.place());
        }
        fates.push(match (earlier, &letter.death) {
            (Some(first), _) => Fate::Duplicate(first),
            (None, _) if passed => Fate::Passed,
            (None, None) => Fate::NoOrigin,
            (None, Some(death)) => fate(letter, &death.origin, rules),
        });
    }
    fates
}

/// The fate of a letter that nobody has dealt with.
fn fate(letter: &Letter, origin: &Origin, rules: &Rules) -> Fate {
    if !belongs(&rules.dead_letters, &origin.topic) {
        return Fate::Foreign;
    }
    if let Some(topics) = &rules.topics {
        let partitions = topics.get(&origin.topic).copied().unwrap_or(0);
        if usize::try_from(origin.partition).is_ok_and(|partition| partition >= partitions) {
            return Fate::Gone;
        }
    }
    if rules.back.contains(&letter.place()) {
        return Fate::Back;
    }
    if letter.redriven >= rules.limit && !rules.again {
        return Fate::TooOften(letter.redriven);
    }
    Fate::Send(letter.redriven.saturating_add(1))
}

/// Whether dead letters of a topic lie in this dead-letter topic: `pedidos-dlq` is that of `pedidos` and of whatever
/// begins with `pedidos-`. What a letter says of itself is hostile input, and whoever sends it back may have more
/// rights than whoever wrote it.
fn belongs(dead_letters: &str, topic: &str) -> bool {
    let base = dead_letters.strip_suffix("-dlq").unwrap_or(dead_letters);
    let below = topic.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    below && topic != dead_letters && legal_name(topic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Record;
    use crate::commands::phase4::dlq::letter::{Death, header, headers};
    use crate::commands::phase4::dlq::orders::Exception;

    const DLQ: &str = "pedidos-dlq";

    /// A letter at partition and offset, of a record at another place, that was sent back so often.
    fn letter(at: (i32, i64), (topic, partition, offset): (&str, i32, i64), redriven: u32) -> Letter {
        let origin = Origin { topic: topic.to_owned(), partition, offset };
        let time = jiff::Timestamp::UNIX_EPOCH;
        let (group, reason) = ("g".to_owned(), "no".to_owned());
        let death = Death { origin, group, attempts: 3, reason, first_failure: time, last_failure: time };
        let exception = Exception { class: "E", message: "no".to_owned() };
        let mut record = Record { topic: DLQ.to_owned(), partition: at.0, offset: at.1, ..Record::default() };
        if redriven > 0 {
            record.headers = vec![(header::REDRIVEN.to_owned(), Some(redriven.to_string().into_bytes()))];
        }
        record.headers = headers(&record, &death, &exception);
        Letter::of(record)
    }

    fn rules() -> Rules {
        Rules { dead_letters: DLQ.to_owned(), limit: 1, ..Rules::default() }
    }

    #[test]
    fn a_letter_goes_back_once() {
        let letters = [letter((0, 0), ("pedidos", 0, 7), 0), letter((0, 1), ("pedidos-1", 1, 7), 0)];
        let mut positions = BTreeMap::new();
        assert_eq!(fates(&letters, &positions, &rules()), [Fate::Send(1), Fate::Send(1)]);
        positions.insert(0, Position { next: 1, ..Position::default() });
        assert_eq!(fates(&letters, &positions, &rules()), [Fate::Passed, Fate::Send(1)]);
    }

    #[test]
    fn a_second_letter_of_the_same_record_is_a_duplicate_also_after_the_first_went_back() {
        let letters = [letter((0, 0), ("pedidos", 0, 7), 0), letter((2, 0), ("pedidos", 0, 7), 0)];
        let duplicate = Fate::Duplicate(letters[0].place());
        let mut positions = BTreeMap::new();
        assert_eq!(fates(&letters, &positions, &rules()), [Fate::Send(1), duplicate.clone()]);
        positions.insert(0, Position { next: 1, ..Position::default() });
        assert_eq!(fates(&letters, &positions, &rules()), [Fate::Passed, duplicate]);
    }

    #[test]
    fn what_died_again_is_held_back_until_somebody_insists() {
        let letters = [letter((0, 0), ("pedidos", 0, 8), 1)];
        let mut positions = BTreeMap::from([(0, Position::default())]);
        assert_eq!(fates(&letters, &positions, &rules()), [Fate::TooOften(1)]);
        positions.get_mut(&0).unwrap().pass(0, true);
        assert_eq!(fates(&letters, &positions, &rules()), [Fate::TooOften(1)], "it is not forgotten");
        let again = Rules { again: true, ..rules() };
        assert_eq!(fates(&letters, &positions, &again), [Fate::Send(2)]);
        positions.get_mut(&0).unwrap().pass(0, false);
        assert_eq!(fates(&letters, &positions, &again), [Fate::Passed]);
    }

    #[test]
    fn a_letter_cannot_choose_where_it_goes() {
        for (topic, fate) in [
            ("pedidos", Fate::Send(1)),
            ("pedidos-2", Fate::Send(1)),
            (DLQ, Fate::Foreign),
            ("laravel-events", Fate::Foreign),
            ("pedidosx", Fate::Foreign),
            ("pedidos-\u{1b}[2J", Fate::Foreign),
        ] {
            let letters = [letter((0, 0), (topic, 0, 7), 0)];
            assert_eq!(fates(&letters, &BTreeMap::new(), &rules()), [fate], "{topic}");
        }
    }

    #[test]
    fn a_letter_of_a_topic_or_partition_that_is_gone_stays() {
        let letters = [letter((0, 0), ("pedidos", 2, 7), 0), letter((0, 1), ("pedidos-1", 3, 7), 0)];
        let topics = Some(BTreeMap::from([("pedidos-1".to_owned(), 3)]));
        let rules = Rules { topics, ..rules() };
        assert_eq!(fates(&letters, &BTreeMap::new(), &rules), [Fate::Gone, Fate::Gone]);
    }

    #[test]
    fn what_a_killed_redrive_sent_is_not_sent_again() {
        let letters = [letter((0, 0), ("pedidos", 0, 7), 0)];
        let rules = Rules { back: BTreeSet::from([letters[0].place()]), ..rules() };
        assert_eq!(fates(&letters, &BTreeMap::new(), &rules), [Fate::Back]);
    }

    #[test]
    fn what_is_held_back_survives_the_commit() {
        let mut position = Position::default();
        position.pass(0, false);
        position.pass(1, true);
        position.pass(2, true);
        position.pass(1, false);
        assert_eq!((position.next, position.metadata()), (3, "held=2".to_owned()));
        assert_eq!(Position::parse(3, "held=2"), position);
        assert_eq!(Position::parse(3, "somebody else's"), Position { next: 3, ..Position::default() });
        let full = Position { next: i64::MAX, held: (0..MOST_HELD as i64).map(|n| i64::MAX - n).collect() };
        assert!(full.metadata().len() <= 4096 && !full.has_room());
    }
}
