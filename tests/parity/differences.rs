//! What differs between the brokers, and is meant to.

use super::run::Outcome;

/// A difference that is meant. One that is none any more is a problem too.
struct Meant {
    table: &'static str,
    /// What the names of the steps begin with.
    steps: &'static str,
    extent: Extent,
    reason: &'static str,
}

/// How much may differ.
#[derive(PartialEq, Eq)]
enum Extent {
    /// Only what an error says in words; codes and offsets are the same.
    Words,
    /// The whole answer.
    Whole,
}

const fn meant(table: &'static str, steps: &'static str, extent: Extent, reason: &'static str) -> Meant {
    Meant { table, steps, extent, reason }
}

const EVERYBODY: &str = "Apache Kafka fails on a principal that is named as everybody is; here it is refused";
const FAULTY_RECORDS: &str = "Apache Kafka names each faulty record of a batch";

#[rustfmt::skip]
const MEANT: &[Meant] = &[
    meant("records", "produce: two hours ahead", Extent::Words, FAULTY_RECORDS),
    meant("records", "produce: no key on a compacted topic", Extent::Words, FAULTY_RECORDS),
    meant("records", "produce: magic 3", Extent::Words, "Apache Kafka has a text for this one; its code says as much"),
    meant("records", "produce: a topic twice", Extent::Whole, "Apache Kafka takes one of both batches; no client does it"),
    meant("sasl", "SCRAM-SHA-256, a short proof", Extent::Whole, "Apache Kafka trips over it and closes; here it is a wrong proof"),
    meant("attacks", "SCRAM, a proof that is longer", Extent::Whole, "Apache Kafka trips over it and closes; here it is a wrong proof"),
    meant("attacks", "a SCRAM user named as everybody is in ACLs", Extent::Whole, EVERYBODY),
    meant("attacks", "the settings of the broker that hold passwords", Extent::Whole, "Apache Kafka lists them without their values; here there are none"),
    meant("sasl", "order: Metadata after the handshake", Extent::Whole, "Apache Kafka says 34 in the format of the request and closes; here it just closes"),
    meant("configs", "replace: one topic twice", Extent::Whole, "Apache Kafka trips over it and closes"),
    meant("configs", "configs: more of a topic", Extent::Whole, "Apache Kafka sets min.insync.replicas for the cluster, for its ELR feature"),
    meant("configs", "configs: with synonyms", Extent::Whole, "Apache Kafka has no default for log.retention.ms, but for log.retention.hours"),
];

/// What is wrong: each step that differs without being meant to, and each meant difference that is none.
pub fn check(table: &str, apache: &[Outcome], embedded: &[Outcome]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = vec![false; MEANT.len()];
    for (theirs, ours) in apache.iter().zip(embedded) {
        if theirs.text == ours.text {
            continue;
        }
        let index =
            MEANT.iter().position(|meant| meant.table == table && theirs.name.starts_with(meant.steps));
        let is_meant = index.is_some_and(|index| {
            MEANT[index].extent == Extent::Whole || without_words(&theirs.text) == without_words(&ours.text)
        });
        if let (true, Some(index)) = (is_meant, index) {
            seen[index] = true;
        } else {
            let (theirs_shown, ours_shown) = apart(&theirs.text, &ours.text);
            problems.push(format!("{}\n  Apache:   {theirs_shown}\n  embedded: {ours_shown}", theirs.name));
        }
    }
    let stale = MEANT.iter().zip(seen).filter(|(meant, seen)| meant.table == table && !seen);
    problems.extend(stale.map(|(meant, _)| format!("{}: no longer differs ({})", meant.steps, meant.reason)));
    problems
}

/// An answer without what its errors say.
fn without_words(text: &str) -> String {
    let unquoted: String = text.split('"').step_by(2).collect();
    let record = "BatchIndexAndErrorMessage { batch_index: 0, batch_index_error_message: Some() }";
    unquoted.replace(record, "").replace("error_message: Some()", "error_message: None")
}

/// Two texts from shortly before the place where they part.
fn apart<'a>(left: &'a str, right: &'a str) -> (&'a str, &'a str) {
    let same = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
    let from = left[..left.floor_char_boundary(same)].rfind(['{', '[']).unwrap_or(0);
    (&left[from..], &right[from..])
}
