//! One fuzz target, the one whose name the binary has.
#![no_main]

mod targets;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    static TARGET: OnceLock<targets::Target> = OnceLock::new();
    let target = TARGET.get_or_init(|| targets::named(env!("CARGO_BIN_NAME")).expect("a target has this name"));
    target(bytes);
});
