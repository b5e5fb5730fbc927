//! kcat's output format: `%t` topic, `%p` partition, `%o` offset, `%k` key, `%s` value, `%h` headers, `%T` timestamp,
//! `%K` and `%S` the lengths of key and value; `\n`, `\r`, `\t`, `\\`, `\xHH` and `%%`.

use std::io::Write as _;

use super::record::RecordView;

/// A format, parsed once and written for every record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(Vec<u8>),
    Verb(Verb),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Topic,
    Partition,
    Offset,
    Key,
    Value,
    Headers,
    Timestamp,
    KeyLength,
    ValueLength,
}

/// Why a format is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A verb that does not exist.
    #[error("%{0} is not a verb")]
    UnknownVerb(char),
    /// `%` or `\` at the end.
    #[error("nothing follows the last {0}")]
    Unfinished(char),
    /// `\x` without two hexadecimal digits.
    #[error("\\x needs two hexadecimal digits")]
    BadHex,
}

/// How bytes of a record are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// As they are, for files and pipes.
    Raw,
    /// With control characters escaped, so that a record cannot drive the terminal that shows it.
    Escaped,
}

impl Format {
    /// Reads a format text.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let mut format = Self { parts: Vec::new() };
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '%' => match letters.next().ok_or(FormatError::Unfinished('%'))? {
                    '%' => format.literal(b"%"),
                    name => format.parts.push(Part::Verb(verb(name)?)),
                },
                '\\' => {
                    let escaped = match letters.next().ok_or(FormatError::Unfinished('\\'))? {
                        'n' => b'\n',
                        'r' => b'\r',
                        't' => b'\t',
                        '\\' => b'\\',
                        'x' => {
                            let digits: String = letters.by_ref().take(2).collect();
                            let ok = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                            let byte = ok.then(|| u8::from_str_radix(&digits, 16).ok()).flatten();
                            byte.ok_or(FormatError::BadHex)?
                        }
                        other => {
                            format.literal(b"\\");
                            format.literal(other.encode_utf8(&mut [0; 4]).as_bytes());
                            continue;
                        }
                    };
                    format.literal(&[escaped]);
                }
                other => format.literal(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        Ok(format)
    }

    fn literal(&mut self, bytes: &[u8]) {
        match self.parts.last_mut() {
            Some(Part::Literal(text)) => text.extend_from_slice(bytes),
            _ => self.parts.push(Part::Literal(bytes.to_vec())),
        }
    }

    /// Appends one record. A null key or value is written as nothing, its length as −1, as kcat does.
    pub fn write(&self, record: &RecordView<'_>, bytes: Bytes, out: &mut Vec<u8>) {
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.extend_from_slice(text),
                Part::Verb(verb) => write_verb(*verb, record, bytes, out),
            }
        }
    }
}

fn verb(name: char) -> Result<Verb, FormatError> {
    Ok(match name {
        't' => Verb::Topic,
        'p' => Verb::Partition,
        'o' => Verb::Offset,
        'k' => Verb::Key,
        's' => Verb::Value,
        'h' => Verb::Headers,
        'T' => Verb::Timestamp,
        'K' => Verb::KeyLength,
        'S' => Verb::ValueLength,
        other => return Err(FormatError::UnknownVerb(other)),
    })
}

fn write_verb(verb: Verb, record: &RecordView<'_>, bytes: Bytes, out: &mut Vec<u8>) {
    let length = |data: Option<&[u8]>| data.map_or(-1, |data| data.len() as i64);
    match verb {
        Verb::Topic => out.extend_from_slice(record.topic.as_bytes()),
        Verb::Key => write_bytes(record.key.unwrap_or_default(), bytes, out),
        Verb::Value => write_bytes(record.value.unwrap_or_default(), bytes, out),
        Verb::Headers => write_headers(record, bytes, out),
        Verb::Partition => write_number(record.partition.into(), out),
        Verb::Offset => write_number(record.offset, out),
        Verb::Timestamp => write_number(record.timestamp.unwrap_or(-1), out),
        Verb::KeyLength => write_number(length(record.key), out),
        Verb::ValueLength => write_number(length(record.value), out),
    }
}

fn write_number(number: i64, out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{number}");
}

fn write_headers(record: &RecordView<'_>, bytes: Bytes, out: &mut Vec<u8>) {
    for (index, (name, value)) in record.headers.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_bytes(name.as_bytes(), bytes, out);
        out.push(b'=');
        write_bytes(value.unwrap_or(b"NULL"), bytes, out);
    }
}

/// Bytes as text without control characters, for people.
pub fn escaped(data: &[u8]) -> String {
    let mut out = Vec::new();
    write_bytes(data, Bytes::Escaped, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends bytes as they are, or as text without control characters.
fn write_bytes(data: &[u8], bytes: Bytes, out: &mut Vec<u8>) {
    match bytes {
        Bytes::Raw => out.extend_from_slice(data),
        Bytes::Escaped => {
            for chunk in data.utf8_chunks() {
                for letter in chunk.valid().chars() {
                    if is_unsafe(letter) {
                        out.extend(letter.escape_default().map(|c| c as u8));
                    } else {
                        out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                }
                for byte in chunk.invalid() {
                    let _ = write!(out, "\\x{byte:02x}");
                }
            }
        }
    }
}

/// Control characters, and the marks that reorder or hide text.
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Record;

    fn record() -> Record {
        Record {
            topic: "t".into(),
            partition: 2,
            offset: 42,
            timestamp: Some(7),
            key: Some(b"alice".to_vec()),
            headers: vec![("a".into(), Some(b"1".to_vec())), ("a".into(), None)],
            ..Record::default()
        }
    }

    fn shown(format: &str, record: &Record, bytes: Bytes) -> String {
        let mut out = Vec::new();
        Format::parse(format).unwrap().write(&record.view(), bytes, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn every_verb_and_escape() {
        let text = shown(r"%t-%p-%o %k/%K [%s]/%S %h %T %%\t\\\x41\q\n", &record(), Bytes::Raw);
        assert_eq!(text, "t-2-42 alice/5 []/-1 a=1,a=NULL 7 %\t\\A\\q\n");
    }

    #[test]
    fn a_record_cannot_drive_the_terminal() {
        let mut record = record();
        record.value = Some("\u{1b}[2Jol\u{e1}\u{202e}\n\u{9b}".as_bytes().to_vec());
        assert_eq!(shown("%s", &record, Bytes::Escaped), "\\u{1b}[2Jolá\\u{202e}\\n\\u{9b}");
        record.value = Some(vec![b'a', 0xff]);
        assert_eq!(shown("%s", &record, Bytes::Escaped), "a\\xff");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(Format::parse("%z"), Err(FormatError::UnknownVerb('z')));
        assert_eq!(Format::parse("100%"), Err(FormatError::Unfinished('%')));
        assert_eq!(Format::parse("\\x4"), Err(FormatError::BadHex));
        assert_eq!(Format::parse("\\x+1"), Err(FormatError::BadHex));
    }

    proptest::proptest! {
        #[test]
        fn escaped_bytes_hold_no_control_character(data: Vec<u8>) {
            let mut out = Vec::new();
            write_bytes(&data, Bytes::Escaped, &mut out);
            let text = String::from_utf8(out).unwrap();
            proptest::prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
