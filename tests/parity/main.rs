//! The same operations on the embedded broker and on Apache Kafka, with the same outcome.
//!
//! A table is a list of [`case::Case`]s: names, ACLs, topics, and requests as bytes. [`run::run`] plays a table on one
//! broker and writes down each whole answer, with only those parts taken out that no two brokers share (see
//! [`canonical`]). Nothing is stored: what one broker answers is what the other must. Differences that are meant stand
//! in [`differences`].
//!
//! In reading order: [`case`], [`requests`] (one short function per request), [`canonical`], [`run`], then the tables,
//! and in [`attacks`] one of what an attacker tries, whose rows also say what must come of it.
#![allow(unreachable_pub, reason = "a test binary has no outside")]
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod canonical;
mod case;
mod differences;
mod explain;
mod requests;
mod run;
mod tables;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use case::Case;
use run::Outcome;
use support::Lab;

/// Longer than any step takes; a broker that answers later hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Plays a table on both brokers: what came of it on Apache Kafka, if that is here, and on the embedded one.
fn play(cases: &[Case]) -> (Option<Vec<Outcome>>, Vec<Outcome>) {
    // One table at a time: they share the rights of analytics.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (apache, embedded) = (Lab::apache(), Lab::embedded());
    std::thread::scope(|scope| {
        let apache = apache.map(|apache| scope.spawn(|| run::run(apache, cases)));
        let embedded = scope.spawn(|| run::run(embedded, cases));
        (apache.map(|apache| apache.join().unwrap()), embedded.join().unwrap())
    })
}

/// Plays a table on both brokers and compares.
fn compare(table: &str, cases: &[Case]) {
    let (Some(on_apache), on_embedded) = play(cases) else { return };
    let problems = differences::check(table, &on_apache, &on_embedded);
    assert!(
        problems.is_empty(),
        "{} of {} outcomes differ:\n{}",
        problems.len(),
        on_apache.len(),
        problems.join("\n")
    );
}

#[test]
fn access() {
    compare("access", &tables::access::cases());
}

#[test]
fn sasl() {
    compare("sasl", &tables::sasl::cases());
}

#[test]
fn listing() {
    compare("listing", &tables::listing::cases());
}

#[test]
fn groups() {
    compare("groups", &tables::groups::cases());
}

#[test]
fn records() {
    compare("records", &tables::records::cases());
}

#[test]
fn admin() {
    compare("admin", &tables::admin::cases());
}

#[test]
fn configs() {
    compare("configs", &tables::configs::cases());
}

#[test]
fn the_tables_hold_at_least_300_comparisons() {
    let all = [
        tables::access::cases(),
        tables::sasl::cases(),
        tables::listing::cases(),
        tables::groups::cases(),
        tables::records::cases(),
        tables::admin::cases(),
        tables::configs::cases(),
    ];
    let count: usize = all.iter().flatten().map(|case| case.steps.len()).sum();
    assert!(count >= 300, "{count}");
}
