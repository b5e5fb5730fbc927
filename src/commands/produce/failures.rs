//! Why records were not written, and which.

use crate::client::Failure;

/// Ranges of failed records that are named; then only their number is.
const NAMED_RANGES: usize = 200;

/// The reasons, each with the numbers of its records.
#[derive(Debug, Default)]
pub(super) struct Failures(Vec<(Failure, Ranges)>);

impl Failures {
    /// A record was not written. Gives the reason back if it is the first for it. Sequences begin with 0, numbers with
    /// 1.
    pub(super) fn add(&mut self, sequence: u64, failure: Failure) -> Option<&Failure> {
        let (failure, records) = self.of(failure);
        records.add(sequence + 1);
        (records.count == 1).then_some(failure)
    }

    /// Takes those of somebody else.
    pub(super) fn absorb(&mut self, others: Failures) {
        for (failure, records) in others.0 {
            self.of(failure).1.absorb(records);
        }
    }

    fn of(&mut self, failure: Failure) -> (&Failure, &mut Ranges) {
        let alike = |(known, _): &(Failure, Ranges)| known.code == failure.code && known.kind == failure.kind;
        let at = self.0.iter().position(alike).unwrap_or_else(|| {
            self.0.push((failure, Ranges::default()));
            self.0.len() - 1
        });
        let (failure, records) = &mut self.0[at];
        (failure, records)
    }

    /// Each reason, and the numbers of its records as text.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Failure, String)> {
        self.0.iter().map(|(failure, ranges)| (failure, ranges.to_string()))
    }

    /// Whether every record was written.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many records they are.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|(_, ranges)| ranges.count).sum()
    }
}

/// Numbers as ranges, such as `3, 7-9`.
#[derive(Debug, Default)]
struct Ranges {
    ranges: Vec<(u64, u64)>,
    count: u64,
}

impl Ranges {
    fn add(&mut self, number: u64) {
        self.count += 1;
        let beside = |(first, last): &&mut (u64, u64)| *last + 1 == number || *first == number + 1;
        let full = self.ranges.len() >= NAMED_RANGES;
        match self.ranges.iter_mut().find(beside) {
            Some((first, last)) => (*first, *last) = ((*first).min(number), (*last).max(number)),
            None if full => {}
            None => self.ranges.push((number, number)),
        }
    }

    fn absorb(&mut self, others: Ranges) {
        self.count += others.count;
        let free = NAMED_RANGES.saturating_sub(self.ranges.len());
        self.ranges.extend(others.ranges.into_iter().take(free));
    }
}

impl std::fmt::Display for Ranges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut ranges = self.ranges.clone();
        ranges.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if before.1 + 1 >= first => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        let named: u64 = merged.iter().map(|(first, last)| last - first + 1).sum();
        for (index, (first, last)) in merged.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            if first == last { write!(f, "{comma}{first}")? } else { write!(f, "{comma}{first}-{last}")? }
        }
        if named < self.count { write!(f, ", … ({})", self.count) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_ranges_in_any_order() {
        let mut ranges = Ranges::default();
        [9, 3, 7, 8, 1].into_iter().for_each(|number| ranges.add(number));
        assert_eq!(ranges.to_string(), "1, 3, 7-9");
    }

    #[test]
    fn endless_failures_are_counted_not_listed() {
        let mut ranges = Ranges::default();
        (0..1000).for_each(|number| ranges.add(number * 2));
        assert!(ranges.to_string().ends_with(", … (1000)"));
        assert_eq!(ranges.ranges.len(), NAMED_RANGES);
    }
}
