//! How fast kafkalab is, beside what people would use instead.
//!
//! ```sh
//! cargo bench --bench peers                     # everything; about an hour
//! cargo bench --bench peers -- fresh commands   # some of it
//! cargo bench --bench peers -- --runs 3 --records 100000 start
//! ```
//!
//! Each figure is measured in turns, one run of each broker or program after the other, and compared run by run; the
//! tables show the middle run, and the smallest and largest in brackets. It asserts nothing. Needs Linux, a JDK, Maven,
//! Go and kcat.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark: it prints, panics, and nobody imports it"
)]

mod accounts;
mod brokers;
mod clients;
mod commands;
mod growth;
mod idle;
mod latency;
mod pairs;
mod start;
#[allow(unused_imports, reason = "its unit tests run with the tests")]
#[path = "../../tests/support/mod.rs"]
mod support;
mod throughput;

use std::env;

/// Measures, and prints what came out.
type Measure = fn(&Plan);

/// What there is to measure, in the order of the tables.
const MEASUREMENTS: [(&str, Measure); 8] = [
    ("start", start::measure),
    ("idle", idle::measure),
    ("throughput", throughput::measure),
    ("fresh", throughput::measure_fresh),
    ("durable", throughput::measure_durable),
    ("latency", latency::measure),
    ("commands", commands::measure),
    ("growth", growth::measure),
];

/// How much to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Runs of each side.
    pub runs: usize,
    /// Records of a bulk run.
    pub records: u64,
}

fn main() {
    let mut plan = Plan { runs: 5, records: 1_000_000 };
    let mut wanted = Vec::new();
    // Cargo itself adds `--bench`.
    let mut words = env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|n| n.parse::<u64>().ok()).expect("a number follows");
        match word.as_str() {
            "--runs" => plan.runs = number() as usize,
            "--records" => plan.records = number(),
            _ => wanted.push(word),
        }
    }
    for need in ["jdk", "go", "kcat"] {
        assert!(support::require(need), "the benchmark needs {need}");
    }
    let unknown = wanted.iter().find(|name| MEASUREMENTS.iter().all(|(known, _)| known != name));
    assert!(unknown.is_none(), "there is no {unknown:?}; there are {:?}", MEASUREMENTS.map(|(name, _)| name));
    for (name, measure) in MEASUREMENTS {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            measure(&plan);
        }
    }
}
