//! What the broker was asked to keep, it keeps: kills, rolls, retention, and files that Apache's own tool reads.
#![allow(unreachable_pub, reason = "a test binary exports nothing")]
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

#[path = "../support/mod.rs"]
mod support;

mod client;
mod damaged;
mod disk;
mod files;
mod keyed;
mod kills;
mod load;
mod refused;
