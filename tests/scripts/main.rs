//! Golden scripts of the state machines, and tests of files that no program reads at run time.

#[path = "../support/mod.rs"]
mod support;

mod compose;
