use std::collections::BTreeSet;

use super::*;

#[test]
fn the_catalogue_is_complete() {
    if let Err(flaw) = built_in() {
        panic!("{}: {}", flaw.place, flaw.problem.in_lang(Lang::En));
    }
    assert_eq!(told(Catalog::built_in()), Vec::<String>::new());
    let of_kafka = errors().iter().filter(|entry| !entry.is_local()).count();
    assert_eq!(of_kafka, kafka_error::ERRORS.len(), "a code that Kafka does not have");
}

fn told(catalog: &Catalog) -> Vec<String> {
    let told = |flaw: &Flaw| format!("{}: {}", flaw.place, flaw.problem.in_lang(Lang::En));
    lint(catalog).iter().map(told).collect()
}

/// The catalogue with one text of its files replaced by another.
fn with(part: &str, other: &str) -> Vec<String> {
    let mut files = ERROR_FILES.iter().chain([&TERM_FILE]);
    assert!(files.any(|(_, text)| text.contains(part)), "{part}");
    told(&Catalog::read(|_, text| Ok(text.replacen(part, other, 1))).unwrap())
}

#[test]
fn every_flaw_of_a_catalogue_is_found_at_its_line() {
    let finds = |part: &str, other: &str, wanted: &str| {
        let flaws = with(part, other);
        let place = |flaw: &String| flaw.starts_with("phases/") && flaw.contains(wanted);
        assert!(flaws.iter().any(place), "{part} > {other}: {flaws:#?}");
    };
    finds("code = 29\n", "code = 1029\n", "TOPIC_AUTHORIZATION_FAILED (29) is not explained");
    finds("\"TOPIC_AUTHORIZATION_FAILED\"", "\"DENIED\"", "Kafka calls the error 29");
    finds("code = 29\n", "code = 30\n", "30 is explained twice");
    finds("see = [", "see = [\"nowhere\", ", "phases/terms.toml:");
    finds("name = \"offset\"", "name = \"broker\"", "has no term offset");
}

/// What librdkafka makes of a code, if it has one of this number: its name for C, and its words.
fn of_librdkafka(code: i32) -> Option<(String, String)> {
    use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
    let known = RDKafkaRespErr::try_from(code).ok()?;
    let shown = RDKafkaErrorCode::from(known).to_string();
    let words = shown.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'))?;
    Some((format!("{known:?}").trim_start_matches("RD_KAFKA_RESP_ERR_").to_owned(), words.to_owned()))
}

/// Marks of where librdkafka's own codes begin and end; no client ever shows them.
const LIBRDKAFKA_MARKS: [i32; 2] = [-200, -100];

#[test]
fn every_error_of_librdkafka_is_here_in_its_own_words() {
    let own = (-300..-1).filter(|code| !LIBRDKAFKA_MARKS.contains(code));
    let own: Vec<_> = own.filter_map(|code| Some((code, of_librdkafka(code)?))).collect();
    assert!(own.len() > 50, "librdkafka has only {} errors of its own", own.len());
    for (code, (name, words)) in own {
        let entry = error(code).unwrap_or_else(|| panic!("{code} {name} is missing"));
        assert_eq!(entry.name, name, "{code}");
        assert!(entry.shown.contains(&words), "{name} does not say: {words}");
    }
}

#[test]
fn what_librdkafka_says_of_a_brokers_error_leads_to_it() {
    let lost: Vec<String> = errors()
        .iter()
        .filter(|entry| !entry.is_local() && entry.code != 0)
        .filter_map(|entry| {
            // It has the numbers of some errors and no words for them: `Err-130?`.
            let (_, words) = of_librdkafka(entry.code).filter(|(_, words)| !words.starts_with("Err-"))?;
            let leads = matches!(find(&words), Some(Entry::Error(found)) if found.code == entry.code);
            (!leads).then(|| format!("{} {}: {words}", entry.code, entry.name))
        })
        .collect();
    assert!(lost.is_empty(), "not found by librdkafka's words: {lost:#?}");
}

#[test]
fn every_error_that_our_broker_names_is_one_that_the_lab_can_show() {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/broker")];
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let code = std::fs::read_to_string(&path).unwrap();
            let words: BTreeSet<_> = code.split(|letter: char| !letter.is_alphanumeric()).collect();
            // `TopicAuthorizationFailed`, as kafka-protocol writes it; `None` is Rust's.
            for known in
                words.into_iter().filter(|word| *word != "None").filter_map(camel_case).filter_map(by_name)
            {
                found += 1;
                assert!(known.lab, "{} can send {}, which is not marked lab", path.display(), known.name);
            }
        }
    }
    assert!(found > 30, "the scan found only {found} names");
}

#[test]
fn people_find_an_error_however_they_write_it() {
    let code = |query: &str| match find(query) {
        Some(Entry::Error(entry)) => Some(entry.code),
        _ => None,
    };
    for query in [
        "29",
        "err=29",
        "TOPIC_AUTHORIZATION_FAILED",
        "topic authorization failed",
        "Broker: Topic authorization failed",
        "TopicAuthorizationException",
        "Subscribed topic not available: nest-events: Broker: Topic authorization failed",
    ] {
        assert_eq!(code(query), Some(29), "{query}");
    }
    for query in
        ["-195", "_TRANSPORT", "transport", "Local: Broker transport failure", "RD_KAFKA_RESP_ERR__TRANSPORT"]
    {
        assert_eq!(code(query), Some(-195), "{query}");
    }
    assert_eq!(code("Crash: KafkaJSGroupCoordinatorNotFound: Failed to find group coordinator"), Some(30));
    assert_eq!(
        code("SASL authentication error: Authentication failed: Invalid username or password"),
        Some(58)
    );
    assert_eq!(code("Flush returned with error code -185: 'Local: Timed out'"), Some(-185));
    assert_eq!(code("MSG_SIZE_TOO_LARGE"), Some(10));
    assert_eq!(code("30000"), None);
}

#[test]
fn people_find_a_term_in_either_language() {
    let name = |query: &str| match find(query) {
        Some(Entry::Term(term)) => Some(term.name.as_str()),
        _ => None,
    };
    for (query, wanted) in [
        ("offset", "offset"),
        ("deslocamento", "offset"),
        ("Partição", "partition"),
        ("grupo", "consumer-group"),
        ("consumer group", "consumer-group"),
        ("DLQ", "dead-letter"),
        ("schema", "contract"),
    ] {
        assert_eq!(name(query), Some(wanted), "{query}");
    }
}

#[test]
fn a_slip_is_answered_with_what_comes_close() {
    assert!(find("TOPIC_AUTORIZATION_FAILED").is_none());
    assert_eq!(nearest("TOPIC_AUTORIZATION_FAILED")[0], "TOPIC_AUTHORIZATION_FAILED");
    assert_eq!(nearest("ofset")[0], "offset");
    assert!(nearest("xyzzy").is_empty());
}

fn camel_case(word: &str) -> Option<&str> {
    let mixed = word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.contains(|c: char| c.is_lowercase());
    mixed.then_some(word)
}

fn by_name(name: &str) -> Option<&'static ErrorEntry> {
    kafka_error::by_name(name).and_then(|known| error(known.code.into()))
}
