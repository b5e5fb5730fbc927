use std::collections::{BTreeSet, HashMap};

use clap::Parser as _;

use super::*;
use crate::cli::Cli;

const LANGS: [Lang; 2] = [Lang::En, Lang::PtBr];

#[test]
fn the_files_are_well_formed() {
    if let Err(problem) = Catalog::read() {
        panic!("{problem}");
    }
}

#[test]
fn every_error_of_kafka_is_here_once_under_its_own_name() {
    for known in kafka_error::ERRORS {
        let entry = error(known.code.into()).unwrap_or_else(|| panic!("{} is missing", known.name));
        assert_eq!(entry.name, known.name, "{}", known.code);
    }
    assert_eq!(
        errors().iter().filter(|entry| !entry.is_local()).count(),
        kafka_error::ERRORS.len(),
        "a code that Kafka does not have"
    );
    assert!(errors().windows(2).all(|pair| pair[0].code < pair[1].code), "a code occurs twice");
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
fn what_the_lab_can_show_is_told_apart_and_has_a_command() {
    for entry in errors() {
        for text in LANGS.map(|lang| entry.text(lang)) {
            assert!(!text.causes.is_empty(), "{}: no cause", entry.name);
            if entry.lab {
                assert!(text.tell.is_some() && !entry.r#try.is_empty(), "{}: nothing to try", entry.name);
            }
        }
    }
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
fn both_languages_say_the_same_things() {
    for entry in errors() {
        let [en, pt] = LANGS.map(|lang| entry.text(lang));
        assert_eq!(en.causes.len(), pt.causes.len(), "{}: causes", entry.name);
        let optional = |text: &ErrorText| [text.tell.is_some(), text.laravel.is_some(), text.nest.is_some()];
        assert_eq!(optional(en), optional(pt), "{}: a text has one language only", entry.name);
    }
}

#[test]
fn every_text_is_a_sentence() {
    for text in every_text() {
        assert!(text.ends_with(['.', '!', '`', ')']), "not ended: {text}");
        assert_eq!(text.matches('`').count() % 2, 0, "an open backtick: {text}");
        assert!(!text.contains("  ") && text.trim() == text, "stray spaces: {text}");
    }
}

#[test]
fn a_spelling_means_one_term() {
    let mut owners = HashMap::new();
    for term in terms() {
        assert!(term.see.iter().all(|name| terms().iter().any(|other| other.name == *name)), "{}", term.name);
        for lang in LANGS {
            for alias in term.text(lang).aliases.iter().chain([&term.name]) {
                let owner = owners.entry(alias).or_insert(&term.name);
                assert_eq!(*owner, &term.name, "{alias}");
            }
        }
    }
}

#[test]
fn every_command_of_ours_is_one_that_the_program_takes() {
    for line in every_command() {
        let words = split(&line);
        if let Err(problem) = Cli::try_parse_from(&words) {
            panic!("{line}\n{problem}");
        }
    }
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

fn every_text() -> impl Iterator<Item = &'static str> {
    let errors = errors().iter().flat_map(|entry| LANGS.map(|lang| entry.text(lang))).flat_map(|text| {
        let optional = [&text.tell, &text.laravel, &text.nest].into_iter().flatten();
        std::iter::once(&text.meaning).chain(&text.causes).chain(optional)
    });
    let terms = terms()
        .iter()
        .flat_map(|term| LANGS.map(|lang| term.text(lang)))
        .flat_map(|text| [&text.meaning, &text.reason]);
    errors.chain(terms).map(String::as_str)
}

/// Every command line of kafkalab in the catalogue: those to try, and those within a text.
fn every_command() -> impl Iterator<Item = String> {
    let to_try = errors().iter().flat_map(|entry| &entry.r#try).chain(terms().iter().map(|term| &term.r#try));
    let within = every_text().flat_map(|text| text.split('`').skip(1).step_by(2)).map(str::to_owned);
    to_try.cloned().chain(within).filter(|line| line.starts_with("kafkalab "))
}

/// A command line as a shell would split it; the catalogue quotes with `"` only.
fn split(line: &str) -> Vec<String> {
    line.split('"')
        .enumerate()
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        })
        .collect()
}
