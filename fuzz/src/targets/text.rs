//! What people and programs write: languages of the command line, and JSON.

use std::str;

use jiff::Timestamp;
use kafkalab::broker::Settings;
use kafkalab::client::{Format, OffsetSpec, nest_emits, parse_json, write_json};
use kafkalab::contract::Envelope;
use kafkalab::escape::is_dangerous;
use kafkalab::lesson::CommandLine;

/// `consume --offset`
pub fn offsets(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Err(problem) = OffsetSpec::parse(text, Timestamp::UNIX_EPOCH) {
        assert!(!problem.to_string().is_empty());
    }
}

/// `consume --format`
pub fn format(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Err(problem) = Format::parse(text) {
        assert!(!problem.to_string().is_empty());
    }
}

/// `produce --input json` and `--input nest`: a record that was read is written and read as the same.
pub fn json(bytes: &[u8]) {
    if let Ok(record) = parse_json(bytes) {
        let mut written = Vec::new();
        write_json(&record.view(), &mut written);
        let again = parse_json(&written).expect("what we write can be read");
        let mut twice = Vec::new();
        write_json(&again.view(), &mut twice);
        assert_eq!(written, twice);
        let line = str::from_utf8(&written).ok().and_then(|text| text.strip_suffix('\n')).expect("a line");
        assert!(!line.chars().any(is_dangerous), "{line:?}");
    }
    if let Ok(value) = serde_json::from_slice(bytes) {
        nest_emits(&value);
    }
}

/// A message of phase 3.
pub fn contract(bytes: &[u8]) {
    Envelope::parse(bytes);
}

/// `-c NAME=VALUE`
pub fn settings(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Some((name, value)) = text.split_once('=') else { return };
    let mut settings = Settings::default();
    if settings.set(name, value).is_ok() {
        let shown = settings.iter().find(|(property, ..)| property.name == name);
        assert_eq!(shown.map(|(_, value, set)| (value, set)), Some((value.trim(), true)));
    }
}

/// A line at the tutorial's prompt.
pub fn typed(bytes: &[u8]) {
    if let Ok(line) = str::from_utf8(bytes) {
        CommandLine::parse(line);
    }
}
