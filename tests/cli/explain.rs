//! `kafkalab explain`: offline, so every word of its output can be compared.

use kafkalab::{catalog, kafka_error};
use snapbox::{assert_data_eq, str};

use super::program::kafkalab;
use crate::support::{java, require};

#[test]
fn an_error_is_explained_by_its_code() {
    let run = kafkalab(&["explain", "68"]);
    assert_data_eq!(
        run.stdout,
        str![[r#"
68 NON_EMPTY_GROUP (Kafka's own)
Also shown as: Broker: The group is not empty; GroupNotEmptyException

The group still has members, and what you asked for (deleting it, resetting its offsets) is possible only when it is empty. Otherwise the members' next commit would undo it.
The same request will fail again until something changes.

Why, the most likely first
  1. A consumer of the group is running.
  2. One was killed (`kill -9`) a moment ago and counts until its session time-out: 45 s for Laravel, 30 s for Nest.

How to tell
  The member list names client and host of whoever is still there.

What to type
    kafkalab groups describe laravel-consumers
    kafkalab explain consumer-group

"#]]
    );
    assert_eq!((run.stderr.as_str(), run.code), ("", 0));
}

#[test]
fn a_term_is_explained_in_portuguese() {
    let run = kafkalab(&["explain", "deslocamento", "--lang", "pt-BR"]);
    assert_data_eq!(
        run.stdout,
        str![[r#"
offset

O número de uma mensagem dentro da sua partição: 0, 1, 2 e assim por diante. Nunca muda e nunca se repete.

Por que importa
  Para saber onde parou, um leitor só precisa lembrar um número por partição. O offset 7 da partição 0 e o offset 7 da partição 1 não têm nada a ver um com o outro.

O que digitar
    kafkalab phase1 consume -o start

Leia em seguida
    kafkalab explain commit
    kafkalab explain lag
    kafkalab explain partition

"#]]
    );
    assert_eq!((run.stderr.as_str(), run.code), ("", 0));
}

#[test]
fn what_a_client_printed_needs_no_quotes() {
    let run = kafkalab(&["explain", "Local:", "Timed", "out"]);
    assert!(run.stdout.starts_with("-185 _TIMED_OUT"), "{run:?}");
    assert!(kafkalab(&["explain", "-185"]).stdout.starts_with("-185 _TIMED_OUT"));
}

#[test]
fn json_carries_the_same_in_one_object() {
    let run = kafkalab(&["explain", "TOPIC_AUTHORIZATION_FAILED", "--output", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer["command"], "explain");
    assert_eq!((&answer["code"], &answer["retriable"]), (&29.into(), &false.into()));
    assert_eq!(answer["causes"].as_array().map(Vec::len), Some(5));
}

#[test]
fn a_slip_exits_2_with_what_comes_close() {
    let run = kafkalab(&["explain", "ofset"]);
    assert_data_eq!(
        run.stderr,
        str![[r#"
error: `ofset` is no error code, no error's name and no term that kafkalab knows
  hint  Did you mean `offset`?
  try   kafkalab explain offset
        kafkalab explain _NO_OFFSET
        kafkalab explain OFFSET_OUT_OF_RANGE

"#]]
    );
    assert_eq!((run.stdout.as_str(), run.code), ("", 2));
}

#[test]
fn nonsense_exits_2_and_says_what_could_be_asked() {
    let run = kafkalab(&["explain", "xyzzy"]);
    assert_data_eq!(
        run.stderr,
        str![[r#"
error: `xyzzy` is no error code, no error's name and no term that kafkalab knows
  hint  `kafkalab explain` alone lists the terms; the codes run from -1 to 133,
        librdkafka's own from -199 to -137.
  try   kafkalab explain

"#]]
    );
    assert_eq!(run.code, 2);
    let json = kafkalab(&["explain", "xyzzy", "--output", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(answer["error"]["exit_code"], 2);
}

#[test]
fn without_a_question_it_lists_the_terms() {
    let run = kafkalab(&["explain"]);
    assert!(run.stdout.contains("consumer-group") && run.code == 0, "{run:?}");
}

/// `<tr><td>NAME</td><td>code</td><td>True</td><td>description</td></tr>`
fn row(line: &str) -> Option<[&str; 4]> {
    let cells = line.strip_prefix("<tr><td>")?.strip_suffix("</td></tr>")?;
    cells.split("</td><td>").collect::<Vec<_>>().try_into().ok()
}

#[test]
fn the_errors_are_those_of_apache_kafka_and_found_by_its_own_words() {
    if !require("jdk") {
        return;
    }
    // It prints the table of the protocol's documentation.
    let output = java::command().arg("org.apache.kafka.common.protocol.Errors").output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<[&str; 4]> = table.lines().filter_map(row).collect();
    assert_eq!(rows.len(), kafka_error::ERRORS.len(), "{table}");
    let mut lost = Vec::new();
    for [name, code, retriable, words] in rows {
        let known = kafka_error::by_name(name).unwrap_or_else(|| panic!("{name} is unknown"));
        let is_retriable = if known.retriable { "True" } else { "False" };
        assert_eq!((known.code.to_string().as_str(), is_retriable), (code, retriable), "{name}");
        let found = catalog::find(words);
        let leads = matches!(found, Some(catalog::Entry::Error(found)) if found.name == name);
        if !words.is_empty() && !leads {
            lost.push(format!("{code} {name}: {words}"));
        }
    }
    assert!(lost.is_empty(), "not found by Kafka's words: {lost:#?}");
}
