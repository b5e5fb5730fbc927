//! What differs between the brokers, and is meant to.

use super::run::Outcome;

/// Table, beginning of the step's name, reason. An entry that no longer differs is a problem too.
const MEANT: &[(&str, &str, &str)] = &[
    (
        "sasl",
        "SCRAM-SHA-256, a short proof",
        "Apache Kafka trips over it and closes; here it is a wrong proof",
    ),
    ("sasl", "order: ApiVersions after the handshake", BETWEEN),
    ("sasl", "order: Metadata after the handshake", BETWEEN),
    ("sasl", "order: two handshakes", BETWEEN),
    ("records", "produce: two hours ahead", FAULTY_RECORDS),
    ("records", "produce: no key on a compacted topic", FAULTY_RECORDS),
    ("records", "produce: magic 3", "Apache Kafka has a text for this one, whose code says as much"),
    (
        "records",
        "produce: a topic twice",
        "Apache Kafka takes one of both batches, here both count; no client does it",
    ),
    (
        "admin",
        "configs: more of a topic",
        "Apache Kafka sets min.insync.replicas for the cluster, for its ELR feature",
    ),
    (
        "admin",
        "configs: with synonyms",
        "Apache Kafka shows no default for log.retention.ms, but for log.retention.hours",
    ),
];

/// A client that sends something else between handshake and token is broken, and learns as much from a close.
const BETWEEN: &str =
    "Apache Kafka answers with error 34 in the request's own format and closes; here it just closes";

const FAULTY_RECORDS: &str =
    "Apache Kafka names each faulty record in its own words; the code and offsets are the same";

/// What is wrong: each step that differs without being meant to, and each meant difference that is none.
pub fn check(table: &str, apache: &[Outcome], embedded: &[Outcome]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = vec![false; MEANT.len()];
    for (theirs, ours) in apache.iter().zip(embedded) {
        if theirs.text == ours.text {
            continue;
        }
        let meant = MEANT.iter().position(|(of, name, _)| *of == table && theirs.name.starts_with(name));
        match meant {
            Some(index) => seen[index] = true,
            None => {
                let (theirs_shown, ours_shown) = apart(&theirs.text, &ours.text);
                problems
                    .push(format!("{}\n  Apache:   {theirs_shown}\n  embedded: {ours_shown}", theirs.name));
            }
        }
    }
    let stale = MEANT.iter().zip(seen).filter(|((of, ..), seen)| *of == table && !seen);
    problems.extend(stale.map(|((_, name, reason), _)| format!("{name}: no longer differs ({reason})")));
    problems
}

/// Two texts from shortly before the place where they part.
fn apart<'a>(left: &'a str, right: &'a str) -> (&'a str, &'a str) {
    let same = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
    let from = left[..left.floor_char_boundary(same)].rfind(['{', '[']).unwrap_or(0);
    (&left[from..], &right[from..])
}
