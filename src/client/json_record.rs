//! A record as one line of JSON, both ways, without loss: bytes that are not UTF-8 travel in Base64, null stays
//! null, headers keep order and duplicates.

use std::borrow::Cow;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::record::{Record, RecordView, TimestampType};
use crate::escape::is_dangerous;

/// Appends the record as one JSON object and a newline.
pub fn write_json(record: &RecordView<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"topic\":");
    write_text(record.topic, out);
    // Writing to a Vec cannot fail.
    let _ = write!(out, ",\"partition\":{},\"offset\":{}", record.partition, record.offset);
    match record.timestamp {
        Some(ms) => {
            let _ =
                write!(out, ",\"timestamp_ms\":{ms},\"timestamp_type\":\"{}\"", record.timestamp_type.name());
        }
        None => out.extend_from_slice(b",\"timestamp_ms\":null,\"timestamp_type\":null"),
    }
    write_bytes("key", record.key, out);
    write_bytes("value", record.value, out);
    out.extend_from_slice(b",\"headers\":[");
    for (index, (name, value)) in record.headers.iter().enumerate() {
        out.extend_from_slice(if index > 0 { b",{\"name\":" } else { b"{\"name\":" });
        write_text(name, out);
        write_bytes("value", *value, out);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}\n");
}

/// `,"name":"text"`, or the same in Base64 with `,"name_encoding":"base64"`.
fn write_bytes(name: &str, bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    let _ = write!(out, ",\"{name}\":");
    match bytes.map(|bytes| std::str::from_utf8(bytes).map_err(|_| bytes)) {
        None => out.extend_from_slice(b"null"),
        Some(Ok(text)) => write_text(text, out),
        Some(Err(bytes)) => {
            let _ = write!(out, "\"{}\",\"{name}_encoding\":\"base64\"", STANDARD.encode(bytes));
        }
    }
}

/// A JSON string. JSON allows the control characters beyond ASCII and those that turn the direction of writing, and
/// terminals obey them: they are written as `\u009b` is, which reads back as the same.
fn write_text(text: &str, out: &mut Vec<u8>) {
    let start = out.len();
    // Neither a str nor a Vec can make this fail.
    let _ = serde_json::to_writer(&mut *out, text);
    // In UTF-8 such a character is DEL or begins with one of these bytes; most texts have none.
    if text.bytes().any(|byte| matches!(byte, 0x7f | 0xc2 | 0xe2)) {
        let written = out.split_off(start);
        for character in String::from_utf8_lossy(&written).chars() {
            if is_dangerous(character) {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            } else {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

/// Why a line is not a record.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, or not the fields of a record; the words name the place.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A field is said to be Base64 and is not.
    #[error("{field} is not Base64: {source}")]
    Base64 {
        /// The field.
        field: &'static str,
        /// What the decoder said.
        source: base64::DecodeError,
    },
    /// An encoding that does not exist.
    #[error("{field}_encoding can only be \"base64\", not {encoding:?}")]
    Encoding {
        /// The field.
        field: &'static str,
        /// What was given.
        encoding: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow, default)]
    topic: Cow<'a, str>,
    #[serde(default)]
    partition: i32,
    #[serde(default)]
    offset: i64,
    #[serde(default)]
    timestamp_ms: Option<i64>,
    #[serde(borrow, default)]
    timestamp_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    key: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    key_encoding: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "present")]
    value: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    value_encoding: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    headers: Vec<HeaderLine<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderLine<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    value: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    value_encoding: Option<Cow<'a, str>>,
}

/// An `Option` that may be null but not absent: a forgotten value must not become a tombstone.
fn present<'de: 'a, 'a, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Cow<'a, str>>, D::Error> {
    Option::<Cow<'a, str>>::deserialize(input)
}

/// Reads one line. Only `value` is required. A field that is not known is an error, because dropping it would lose
/// what someone meant to send.
pub fn parse_json(line: &[u8]) -> Result<Record, JsonError> {
    let line: Line<'_> = serde_json::from_slice(line)?;
    let timestamp_type = match line.timestamp_type.as_deref() {
        Some("LogAppendTime") => TimestampType::LogAppendTime,
        _ if line.timestamp_ms.is_some() => TimestampType::CreateTime,
        _ => TimestampType::NotAvailable,
    };
    let headers = line
        .headers
        .into_iter()
        .map(|header| Ok((header.name.into_owned(), decode("value", header.value, header.value_encoding)?)))
        .collect::<Result<_, JsonError>>()?;
    Ok(Record {
        topic: line.topic.into_owned(),
        partition: line.partition,
        offset: line.offset,
        timestamp: line.timestamp_ms,
        timestamp_type,
        key: decode("key", line.key, line.key_encoding)?,
        value: decode("value", line.value, line.value_encoding)?,
        headers,
    })
}

fn decode(
    field: &'static str,
    text: Option<Cow<'_, str>>,
    encoding: Option<Cow<'_, str>>,
) -> Result<Option<Vec<u8>>, JsonError> {
    match (text, encoding.as_deref()) {
        (None, _) => Ok(None),
        (Some(text), None) => Ok(Some(text.into_owned().into_bytes())),
        (Some(text), Some("base64")) => {
            STANDARD.decode(text.as_bytes()).map(Some).map_err(|source| JsonError::Base64 { field, source })
        }
        (Some(_), Some(other)) => Err(JsonError::Encoding { field, encoding: other.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(record: &Record) -> String {
        let mut out = Vec::new();
        write_json(&record.view(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_terminal_is_driven_and_nothing_is_lost() {
        let value = "\u{7f}\u{9b}2J é \u{202e}\u{2026}".to_owned();
        let record =
            Record { value: Some(value.clone().into_bytes()), ..parse_json(br#"{"value":null}"#).unwrap() };
        let written = line(&record);
        assert!(written.contains(r#""\u007f\u009b2J é \u202e…""#), "{written}");
        assert_eq!(parse_json(written.as_bytes()).unwrap().value, Some(value.into_bytes()));
    }

    #[test]
    fn one_line_with_the_fields_in_order() {
        let record = Record {
            topic: "t".into(),
            partition: 1,
            offset: 2,
            timestamp: Some(3),
            timestamp_type: TimestampType::CreateTime,
            key: None,
            value: Some(vec![0xff, 0xfe]),
            headers: vec![("h".into(), Some(b"a\n\"b".to_vec())), ("h".into(), None)],
        };
        assert_eq!(
            line(&record),
            concat!(
                r#"{"topic":"t","partition":1,"offset":2,"timestamp_ms":3,"timestamp_type":"CreateTime","#,
                r#""key":null,"value":"//4=","value_encoding":"base64","#,
                r#""headers":[{"name":"h","value":"a\n\"b"},{"name":"h","value":null}]}"#,
                "\n"
            )
        );
    }

    #[test]
    fn only_the_value_is_required_and_null_is_a_tombstone() {
        assert_eq!(parse_json(br#"{"value":"hi"}"#).unwrap().value.as_deref(), Some(&b"hi"[..]));
        assert_eq!(parse_json(br#"{"value":null,"key":"k"}"#).unwrap().value, None);
        assert!(parse_json(br#"{"key":"k"}"#).is_err(), "a forgotten value is no tombstone");
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        for bad in [
            r#"{"value":"hi","keyy":"k"}"#,
            r#"{"value":{"a":1}}"#,
            r#"{"value":"*","value_encoding":"base64"}"#,
            r#"{"value":"a","value_encoding":"hex"}"#,
            r#"["value"]"#,
            "hi",
            "",
        ] {
            assert!(parse_json(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    prop_compose! {
        fn any_record()(
            (topic, partition, offset) in ("[a-z.]{1,9}", 0..99_i32, 0..i64::MAX),
            timestamp in proptest::option::of(0..i64::MAX),
            key in any::<Option<Vec<u8>>>(),
            value in prop_oneof![any::<Option<Vec<u8>>>(), any::<String>().prop_map(|s| Some(s.into_bytes()))],
            headers in any::<Vec<(String, Option<Vec<u8>>)>>(),
        ) -> Record {
            let timestamp_type =
                if timestamp.is_some() { TimestampType::CreateTime } else { TimestampType::NotAvailable };
            Record { topic, partition, offset, timestamp, timestamp_type, key, value, headers }
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_on_the_way(record in any_record()) {
            let text = line(&record);
            prop_assert_eq!(text.matches('\n').count(), 1);
            prop_assert_eq!(parse_json(text.trim_end().as_bytes()).unwrap(), record);
        }
    }
}
