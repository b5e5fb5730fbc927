//! What is fed with hostile bytes. A target panics if something is wrong; it says nothing of what the bytes mean.
//!
//! Each is a plain function. `fuzz/src/main.rs` gives it to libFuzzer, `tests/fuzz` feeds it on a stable compiler.

mod files;
mod logins;
mod logs;
mod requests;
mod text;

/// Feeds something with bytes.
pub type Target = fn(&[u8]);

/// All of them, by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("acl", files::acl),
    ("batch", logs::batch),
    ("contract", text::contract),
    ("format", text::format),
    ("journal", logs::journal),
    ("json", text::json),
    ("lesson", files::lesson),
    ("offsets", text::offsets),
    ("plain", logins::plain),
    ("profile", files::profile),
    ("request", requests::request),
    ("scram", logins::scram),
    ("segment", logs::segment),
    ("settings", text::settings),
    ("typed", text::typed),
];

/// The target of a name.
pub fn named(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
}
