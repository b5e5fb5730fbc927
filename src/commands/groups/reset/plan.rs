//! Where a reset puts each partition: pure arithmetic.

use std::collections::BTreeMap;

use crate::client::raw::admin::topics::TopicPartition;
use crate::client::{LogBounds, OffsetSpec, Point};
use crate::commands::groups::PartitionPlace;

/// One partition of a reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Move {
    /// The place as it is before.
    pub place: PartitionPlace,
    /// Where it is put: between the start and the end of the log, both included.
    pub after: i64,
    /// Whether what was asked for lies outside the log, so that an end of it was taken.
    pub clamped: bool,
    /// Whether a time was asked for that is younger than every record, so that the end was taken.
    pub too_late: bool,
}

impl Move {
    /// Records that were read and will be again; negative for records that will be skipped. 0 where the group has
    /// committed nothing yet.
    pub(super) fn back(&self) -> i64 {
        if self.place.committed.is_some() { self.place.next() - self.after } else { 0 }
    }

    /// The place as it will be.
    pub(super) fn moved(&self) -> PartitionPlace {
        PartitionPlace { committed: Some(self.after), ..self.place.clone() }
    }
}

/// The move of each place whose log is known. `found` holds the offset of the first record at or after the time that
/// was asked for, absent or negative where there is none.
pub(super) fn plan(to: Point, places: &[PartitionPlace], found: &BTreeMap<TopicPartition, i64>) -> Vec<Move> {
    let one = |place: &PartitionPlace| {
        let (start, end) = (place.log_start?, place.log_end?);
        let from_time = found.get(&place.at()).copied().filter(|offset| *offset >= 0);
        let bounds = LogBounds { start, end, from_time, until_time: None };
        let (offset, _) = OffsetSpec { from: to, until: None }.resolve(bounds, false);
        let asked = match to {
            Point::At(offset) => offset,
            Point::AfterStart(n) => start.saturating_add(n),
            Point::BeforeEnd(n) => end.saturating_sub(n),
            Point::Start | Point::End | Point::Time(_) => offset,
        };
        Some(Move {
            place: place.clone(),
            after: offset.clamp(start, end),
            clamped: !(start..=end).contains(&asked),
            too_late: matches!(to, Point::Time(_)) && from_time.is_none(),
        })
    };
    places.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::picture::sample::place;
    use super::*;

    /// The log holds offsets 2 to 4.
    fn one(to: Point, committed: Option<i64>, found: Option<i64>) -> Move {
        let place = place(0, committed, None);
        let found = found.map(|offset| (place.at(), offset)).into_iter().collect();
        plan(to, &[place], &found).remove(0)
    }

    #[test]
    fn every_form_of_a_place() {
        for (to, after) in [
            (Point::Start, 2),
            (Point::End, 5),
            (Point::At(3), 3),
            (Point::At(5), 5),
            (Point::AfterStart(1), 3),
            (Point::BeforeEnd(1), 4),
        ] {
            let moved = one(to, Some(4), None);
            assert_eq!((moved.after, moved.clamped, moved.too_late), (after, false, false), "{to:?}");
        }
        assert_eq!(one(Point::Time(9), Some(4), Some(3)).after, 3);
    }

    #[test]
    fn what_lies_outside_the_log_is_put_at_its_nearest_end() {
        for (to, after) in [
            (Point::At(0), 2),
            (Point::At(999_999), 5),
            (Point::AfterStart(9), 5),
            (Point::BeforeEnd(9), 2),
            (Point::BeforeEnd(i64::MAX), 2),
        ] {
            let moved = one(to, Some(4), None);
            assert_eq!((moved.after, moved.clamped), (after, true), "{to:?}");
        }
    }

    #[test]
    fn a_time_after_every_record_is_the_end() {
        for found in [None, Some(-1)] {
            let moved = one(Point::Time(9), Some(4), found);
            assert_eq!((moved.after, moved.too_late), (5, true));
        }
    }

    #[test]
    fn what_is_read_again_and_what_is_skipped() {
        assert_eq!(one(Point::Start, Some(4), None).back(), 2);
        assert_eq!(one(Point::End, Some(4), None).back(), -1);
        assert_eq!(one(Point::End, Some(0), None).back(), -3, "deleted records are not skipped");
        assert_eq!(one(Point::End, None, None).back(), 0);
    }

    #[test]
    fn a_partition_whose_log_is_unknown_is_not_moved() {
        let unknown = PartitionPlace { log_end: None, ..place(0, Some(4), None) };
        assert_eq!(plan(Point::Start, &[unknown], &BTreeMap::new()), []);
    }
}
