//! What was measured, in turn, and how two of it compare.

use std::fmt;

/// A figure's runs, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct Runs(Vec<f64>);

impl Runs {
    /// Adds the next run.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.spread().median
    }

    /// Smallest, middle and largest.
    pub fn spread(&self) -> Spread {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        Spread { min: at(0), median: at(sorted.len() / 2), max: at(sorted.len().saturating_sub(1)) }
    }

    /// This over `other`, run by run: each pair was measured in one turn, so that a machine that changes its speed
    /// changes both.
    pub fn over(&self, other: &Runs) -> Spread {
        Runs(self.0.iter().zip(&other.0).map(|(a, b)| a / b).collect()).spread()
    }
}

/// Smallest, middle and largest of some runs.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    min: f64,
    median: f64,
    max: f64,
}

impl fmt::Display for Spread {
    /// `2.31 (2.18–2.40)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}–{})", short(self.median), short(self.min), short(self.max))
    }
}

/// Three digits that count: `0.123`, `12.3`, `123,000`.
pub fn short(value: f64) -> String {
    match value.abs() {
        v if !v.is_finite() => "–".to_owned(),
        v if v >= 1000.0 => grouped(value.round() as i64),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn grouped(value: i64) -> String {
    let digits = value.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap_or("")).collect();
    groups.join(",")
}
