//! Runs the binary: every command, what it prints and how it exits.

#[path = "../support/mod.rs"]
mod support;

mod explain;
mod program;
