//! What `phase4 verify` asks the broker about partitions, on a topic of its own.

use super::bench::Bench;
use super::{growth, keyed, keys, trap};
use crate::client::Partitioner;
use crate::commands::{Context, checks};
use crate::error::Result;
use crate::lanes::Sender;
use crate::report::Check;
use crate::words::phase4_partitions as words;

/// How many partitions the topic begins with.
const PARTITIONS: i32 = 3;
/// How many keys, and how many records with them.
const KEYS: usize = 6;
const RECORDS: u32 = 24;

/// Makes the checks, and deletes the topic.
pub(in crate::commands::phase4) async fn verify(context: &Context, made: &mut Vec<Check>) -> Result<()> {
    let mut bench = Bench::new(context, PARTITIONS).await?;
    let measured = context.unless_stopped(measure(&mut bench, made)).await;
    let deleted = bench.topic.delete().await;
    measured.and(deleted)
}

async fn measure(bench: &mut Bench<'_>, made: &mut Vec<Check>) -> Result<()> {
    let keys = keys::orders(KEYS);
    let keyed = keyed::measure(bench, Sender::Laravel, &keys, RECORDS).await?;
    let evidence = words::KEYED_EVIDENCE.with(&[("records", &RECORDS), ("kept", &keyed.kept())]);
    made.push(checks::decided("key-order", words::KEYED_GOAL, keyed.holds(KEYS, RECORDS), evidence));

    let partitioner = bench.app(Sender::Laravel).partitioner();
    let trap = trap::measure(bench, &keys, partitioner).await?;
    made.push(checks::decided("two-partitioners", words::TRAP_GOAL, trap.disagree(), trap.said()));

    let fix = trap::measure(bench, &keys, Partitioner::Murmur2Random).await?;
    made.push(checks::decided("one-partitioner", words::FIX_GOAL, fix.agree(), fix.said()));

    let grown = growth::measure(bench, Sender::Laravel, &keys).await?;
    made.push(checks::decided("growth", words::GROWTH_GOAL, grown.holds(), grown.said()));
    Ok(())
}
