//! A record held against the contract. Pure: a record goes in, what is wrong with it comes out.

use jsonschema::Validator;
use serde_json::Value;

use super::Source;

/// The JSON Schema of a value, built in.
const SCHEMA: &str = include_str!("../../phases/phase3/contract.json");

/// The largest integer up to which JavaScript's numbers are exact: 2^53.
const EXACT: u64 = 1 << 53;

/// The header that only laravel-kafka writes.
const LARAVEL_HEADER: &str = "laravel-kafka::message-id";

/// A record as the broker stores it.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// `none`, `gzip`, `snappy`, `lz4` or `zstd`: that of its batch.
    pub codec: &'static str,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// A rule of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The codec is one that KafkaJS cannot read.
    Codec,
    /// The key is the order's id, and not empty.
    Key,
    /// The key is the order's id, and this one is another.
    KeyDiffers,
    /// All records of a key lie in one partition, or their order is lost; whoever looks at one record cannot see it.
    Scattered,
    /// Headers are strings.
    Header,
    /// No record without a value.
    Tombstone,
    /// The value is UTF-8.
    Utf8,
    /// The value is JSON.
    Json,
    /// A field that must be there.
    Missing,
    /// A field has another type.
    Type,
    /// `key`, `value` and `headers` are no fields of a value: Nest would take it for a whole record.
    Reserved,
    /// An integer beyond 2^53, which JavaScript rounds.
    Integer,
    /// Another rule of the schema.
    Schema,
}

impl Rule {
    /// A stable name for JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Codec => "codec",
            Self::Key => "empty-key",
            Self::KeyDiffers => "key-differs",
            Self::Scattered => "key-in-two-partitions",
            Self::Header => "header-not-a-string",
            Self::Tombstone => "tombstone",
            Self::Utf8 => "invalid-utf8",
            Self::Json => "invalid-json",
            Self::Missing => "missing-field",
            Self::Type => "wrong-type",
            Self::Reserved => "reserved-field",
            Self::Integer => "integer-over-2^53",
            Self::Schema => "schema",
        }
    }
}

/// One thing that is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: Rule,
    /// Where: a JSON pointer such as `/data/pedido_id`, the name of a header or a codec.
    pub place: String,
}

/// The contract, ready to check records.
#[derive(Debug)]
pub struct Contract(Validator);

impl Contract {
    /// The contract that is built in.
    ///
    /// # Errors
    /// What is wrong with the schema itself.
    pub fn new() -> Result<Self, String> {
        let schema: Value = serde_json::from_str(SCHEMA).map_err(|error| error.to_string())?;
        let validator = jsonschema::options().should_validate_formats(true).build(&schema);
        validator.map(Self).map_err(|error| error.to_string())
    }

    /// Everything that is wrong with a record, in a fixed order.
    pub fn examine(&self, sample: &Sample) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut add = |rule, place: String| found.push(Finding { rule, place });
        if !matches!(sample.codec, "none" | "gzip") {
            add(Rule::Codec, sample.codec.to_owned());
        }
        if sample.key.as_ref().is_none_or(Vec::is_empty) {
            add(Rule::Key, String::new());
        }
        for (name, value) in &sample.headers {
            if value.as_deref().is_none_or(|value| std::str::from_utf8(value).is_err()) {
                add(Rule::Header, name.clone());
            }
        }
        match sample.value.as_deref().map(std::str::from_utf8) {
            None => add(Rule::Tombstone, String::new()),
            Some(Err(_)) => add(Rule::Utf8, String::new()),
            Some(Ok(text)) => match serde_json::from_str::<Value>(text) {
                Err(_) => add(Rule::Json, String::new()),
                Ok(value) => found.extend(self.value(&value, sample.key.as_deref())),
            },
        }
        found.sort();
        found
    }

    fn value(&self, value: &Value, key: Option<&[u8]>) -> Vec<Finding> {
        let mut found: Vec<Finding> = self.0.iter_errors(value).map(|error| finding(&error)).collect();
        let order = value.pointer("/data/pedido_id").and_then(Value::as_str);
        if let (Some(order), Some(key)) = (order, key.filter(|key| !key.is_empty()))
            && order.as_bytes() != key
        {
            found.push(Finding { rule: Rule::KeyDiffers, place: "/data/pedido_id".to_owned() });
        }
        inexact(value, &mut String::new(), &mut found);
        found
    }
}

fn finding(error: &jsonschema::ValidationError<'_>) -> Finding {
    use jsonschema::error::ValidationErrorKind as Kind;
    let path = error.instance_path().to_string();
    let (rule, place) = match error.kind() {
        Kind::Required { property } => {
            (Rule::Missing, format!("{path}/{}", property.as_str().unwrap_or_default()))
        }
        Kind::Type { .. } => (Rule::Type, path),
        Kind::FalseSchema => (Rule::Reserved, path),
        _ => (Rule::Schema, path),
    };
    Finding { rule, place }
}

/// Integers that JavaScript would round, wherever they stand.
fn inexact(value: &Value, path: &mut String, found: &mut Vec<Finding>) {
    let mut below = |name: &str, value: &Value| {
        let length = path.len();
        path.push('/');
        path.push_str(name);
        inexact(value, path, found);
        path.truncate(length);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| below(name, value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| below(&index.to_string(), item));
        }
        Value::Number(number) => {
            let integer = number.as_i64().map(i64::unsigned_abs).or_else(|| number.as_u64());
            // Beyond 64 bits only a float is left of it, and such a float is always whole.
            let exact = match integer {
                Some(integer) => integer <= EXACT,
                None => number.as_f64().is_none_or(|float| float.abs() <= EXACT as f64),
            };
            if !exact {
                found.push(Finding { rule: Rule::Integer, place: path.clone() });
            }
        }
        _ => {}
    }
}

/// Who made a record: what its `source` says, else the library that its headers give away.
pub fn producer(sample: &Sample) -> Option<Source> {
    let object: Option<Value> = sample.value.as_deref().and_then(|value| serde_json::from_slice(value).ok());
    let said = object.as_ref().and_then(|object| object.get("source")).and_then(Value::as_str);
    let named = Source::ALL.into_iter().find(|source| Some(source.name()) == said);
    let by_header =
        || sample.headers.iter().any(|(name, _)| name == LARAVEL_HEADER).then_some(Source::Laravel);
    named.or_else(by_header)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"event":"PedidoCriado","data":{"pedido_id":"p-1","total_centavos":10},
        "timestamp":"2026-01-01T12:00:00.000Z","id":"0b0e6a2e-5d3b-4a55-9a55-0d2f1f9d0b11","version":1,"source":"nest"}"#;

    fn sample(value: &str) -> Sample {
        Sample {
            codec: "gzip",
            key: Some(b"p-1".to_vec()),
            value: Some(value.as_bytes().to_vec()),
            ..Sample::default()
        }
    }

    fn broken(sample: &Sample) -> Vec<(&'static str, String)> {
        let found = Contract::new().expect("the schema is valid").examine(sample);
        found.into_iter().map(|finding| (finding.rule.name(), finding.place)).collect()
    }

    #[test]
    fn a_good_message_breaks_no_rule() {
        assert_eq!(broken(&sample(GOOD)), []);
        assert_eq!(broken(&sample(&GOOD.replace(".000Z", ".000000+00:00"))), []);
    }

    #[test]
    fn each_rule_is_found_where_it_is_broken() {
        let value = |from: &str, to: &str| {
            assert!(GOOD.contains(from), "{from}");
            broken(&sample(&GOOD.replace(from, to)))
        };
        let one = |rule, place: &str| vec![(rule, place.to_owned())];
        assert_eq!(value(r#""version":1,"#, ""), one("missing-field", "/version"));
        assert_eq!(value(r#""version":1"#, r#""version":"1""#), one("wrong-type", "/version"));
        assert_eq!(value(":10}", ":10.5}"), one("wrong-type", "/data/total_centavos"));
        assert_eq!(value(r#""version":1"#, r#""version":1,"value":2"#), one("reserved-field", "/value"));
        assert_eq!(value(":10}", ":9007199254740993}"), one("integer-over-2^53", "/data/total_centavos"));
        assert_eq!(value(".000Z", ".000-03:00"), one("schema", "/timestamp"));
        assert_eq!(value("PedidoCriado", "PedidoNovo"), one("schema", "/event"));
        assert_eq!(value("\"p-1\"", "\"p-2\""), one("key-differs", "/data/pedido_id"));
        assert_eq!(broken(&sample("{")), one("invalid-json", ""));
        let with = |change: &dyn Fn(&mut Sample)| {
            let mut changed = sample(GOOD);
            change(&mut changed);
            broken(&changed)
        };
        assert_eq!(with(&|sample| sample.codec = "snappy"), one("codec", "snappy"));
        assert_eq!(with(&|sample| sample.key = None), one("empty-key", ""));
        assert_eq!(with(&|sample| sample.value = None), one("tombstone", ""));
        assert_eq!(with(&|sample| sample.value = Some(vec![b'"', 0xff])), one("invalid-utf8", ""));
        let header = |sample: &mut Sample| sample.headers = vec![("n".into(), Some(vec![0xff]))];
        assert_eq!(with(&header), one("header-not-a-string", "n"));
    }

    #[test]
    fn the_producer_is_named_by_source_or_by_its_library() {
        assert_eq!(producer(&sample(GOOD)), Some(Source::Nest));
        let mut headless = sample("{");
        assert_eq!(producer(&headless), None);
        headless.headers.push((LARAVEL_HEADER.into(), Some(b"1".to_vec())));
        assert_eq!(producer(&headless), Some(Source::Laravel));
    }
}
