//! Runs the binary: every command, what it prints and how it exits.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

#[path = "../support/mod.rs"]
mod support;

mod acl;
mod bulk;
mod bytes;
mod consume;
mod contract;
mod dev;
mod dlq;
mod doctor;
mod explain;
mod failures;
mod groups;
mod hostile;
mod killed;
mod lab;
mod lessons;
mod offline;
mod phase0;
mod phase3;
mod phase4_groups;
mod phase4_partitions;
mod produce;
mod program;
mod readme;
mod slow;
mod stopped;
mod tutorial;
mod vanishing;
mod verify;
mod watching;
