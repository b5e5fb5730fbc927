//! What the client library of this program can do.

use super::check::Seen;
use crate::client::library;
use crate::error::Kind;
use crate::words::doctor as words;

/// librdkafka's names of what the lab uses.
const NEEDED: [&str; 7] = ["sasl_plain", "sasl_scram", "ssl", "gzip", "snappy", "lz4", "zstd"];

/// The version of librdkafka, and whether everything that the lab uses was built into it.
pub(super) fn check() -> Seen {
    let features = library::features();
    let (there, missing): (Vec<&str>, Vec<&str>) =
        NEEDED.iter().partition(|name| features.iter().any(|feature| feature == *name));
    let line = words::LIBRARY_HAS.with(&[("version", &library::version()), ("features", &there.join(", "))]);
    if missing.is_empty() {
        Seen::passed(line)
    } else {
        Seen::failed(Kind::Failed, line).and(words::LIBRARY_LACKS.with(&[("features", &missing.join(", "))]))
    }
}
