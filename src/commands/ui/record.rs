//! A record as the page is given it: text, never bytes, and only as much of it as can be looked at.

use serde_json::{Value, json};

use crate::client::escaped;
use crate::client::raw::batches::Stored;
use kafka_protocol::records::TimestampType;

/// Bytes of a field in a list.
pub(super) const IN_A_LIST: usize = 2_000;
/// Bytes of a field of one record that is opened.
pub(super) const OPENED: usize = 1 << 20;

/// The record with fields of at most so many bytes.
pub(super) fn shown(stored: &Stored, most: usize) -> Value {
    let record = &stored.record;
    let headers = record.headers.iter().map(|(name, value)| {
        json!({ "name": name.as_str(), "value": value.as_ref().map(|value| field(value, most)) })
    });
    let timestamp_type = match record.timestamp_type {
        TimestampType::Creation => "CreateTime",
        TimestampType::LogAppend => "LogAppendTime",
    };
    json!({
        "partition": stored.partition, "offset": record.offset,
        "timestamp_ms": (record.timestamp >= 0).then_some(record.timestamp), "timestamp_type": timestamp_type,
        "key": record.key.as_ref().map(|key| field(key, most)),
        "value": record.value.as_ref().map(|value| field(value, most)),
        "headers": headers.collect::<Vec<_>>(), "codec": stored.codec,
    })
}

/// Bytes as text: as they are where they are UTF-8, else with the others escaped.
fn field(bytes: &[u8], most: usize) -> Value {
    let whole = bytes.len() <= most;
    let (text, encoding) = match std::str::from_utf8(bytes) {
        Ok(text) => (text[..text.floor_char_boundary(most)].to_owned(), "utf-8"),
        Err(_) => (escaped(&bytes[..bytes.len().min(most)]), "escaped"),
    };
    json!({ "text": text, "bytes": bytes.len(), "cut": !whole, "encoding": encoding })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_cut_between_letters_and_says_so() {
        assert_eq!(field("ação".as_bytes(), 3)["text"], "aç");
        assert_eq!(field("ação".as_bytes(), 3)["cut"], true);
        assert_eq!(field("ação".as_bytes(), 2)["text"], "a");
        assert_eq!(
            field(b"<b>", 100),
            json!({ "text": "<b>", "bytes": 3, "cut": false, "encoding": "utf-8" })
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_escaped() {
        let field = field(b"a\xff\x00", 100);
        assert_eq!((&field["text"], &field["encoding"]), (&json!("a\\xff\\u{0}"), &json!("escaped")));
    }
}
