//! Golden scripts of the state machines, and tests of files that no program reads at run time.
//!
//! A golden script holds commands, `---`, and what the state machine does about them: test and documentation at once.
//! `UPDATE_GOLDEN=1 cargo test --test scripts` writes the traces anew, for a person to read in the diff.

mod acl;
mod apps;
mod compose;
mod dlq;
mod golden;
mod group;
mod group_trace;
mod session;
#[path = "../support/mod.rs"]
mod support;

#[test]
fn group_scripts_hold() {
    golden::check("group", group::Machine::default);
}

#[test]
fn dead_letter_scripts_hold() {
    golden::check("dlq", dlq::Member::default);
}
