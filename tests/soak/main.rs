//! Long mixed load on the embedded broker: clients of every kind come and go, and what they took is free again.
//!
//! The load comes in tides: all of it begins, does its work and leaves, so that the broker's process can be measured
//! between two tides, when it holds nothing for anybody. `KAFKALAB_SOAK=10m` asks for more than half a minute.
//!
//! In reading order: [`soak`] (the test), [`tide`] (one tide), [`orders`] (what stays from tide to tide and must be
//! right in the end), [`visitors`] (clients without manners), [`sample`] (what a process takes).
#![cfg(target_os = "linux")]
#![allow(unreachable_pub, reason = "a test binary exports nothing")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "test code: a panic is how it reports")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../durability/client.rs"]
#[allow(dead_code, reason = "shared with the suite beside this one")]
mod client;

mod orders;
mod sample;
mod soak;
mod tide;
mod visitors;
