//! The manners on the wire of the two frameworks, so that a record made here looks like theirs.

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::partitioner::Partitioner;

/// Whose manners a command imitates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Persona {
    /// laravel-kafka 2.10.3 on php-rdkafka, so librdkafka with the settings of `config/kafka.php`.
    Laravel,
    /// `@nestjs/microservices` with `Transport.KAFKA` on KafkaJS 2.2.4.
    Nest,
    /// No manners: librdkafka's own defaults.
    #[default]
    Plain,
}

impl Persona {
    /// The persona of a name in a profile.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Laravel, Self::Nest, Self::Plain].into_iter().find(|persona| persona.name() == name)
    }

    /// Its name in a profile.
    pub fn name(self) -> &'static str {
        match self {
            Self::Laravel => "laravel",
            Self::Nest => "nest",
            Self::Plain => "plain",
        }
    }

    /// Who chooses the partition of a key. laravel-kafka sets no `partitioner`, which leaves librdkafka's default;
    /// KafkaJS's `DefaultPartitioner` is murmur2 as in Java.
    pub fn partitioner(self) -> Partitioner {
        match self {
            Self::Laravel | Self::Plain => Partitioner::ConsistentRandom,
            Self::Nest => Partitioner::Murmur2Random,
        }
    }

    /// The codec: laravel-kafka's `KAFKA_COMPRESSION_TYPE` defaults to `snappy`, KafkaJS compresses nothing.
    pub fn compression(self) -> &'static str {
        match self {
            Self::Laravel => "snappy",
            Self::Nest | Self::Plain => "none",
        }
    }

    /// What the framework appends to a group's id. Nest's `ServerKafka` adds `-server` to the `groupId` it is
    /// given, unless `postfixId` says otherwise.
    pub fn group_postfix(self) -> &'static str {
        match self {
            Self::Nest => "-server",
            Self::Laravel | Self::Plain => "",
        }
    }

    /// The header that the framework adds to each record: laravel-kafka's `MESSAGE_ID_KEY`, a new UUID v4 every
    /// time. Nest's `emit()` adds none.
    pub fn message_id(self) -> Option<(String, Option<Vec<u8>>)> {
        match self {
            Self::Laravel => {
                let mut id = vec![0; Hyphenated::LENGTH];
                Self::renew_id(&mut id);
                Some(("laravel-kafka::message-id".to_owned(), Some(id)))
            }
            Self::Nest | Self::Plain => None,
        }
    }

    /// Another value for [`message_id`](Self::message_id)'s header, in its place.
    pub fn renew_id(id: &mut [u8]) {
        Uuid::new_v4().hyphenated().encode_lower(id);
    }

    /// A JSON body in the framework's spelling: PHP's `json_encode` escapes `/` and everything beyond ASCII,
    /// `JSON.stringify` neither.
    pub fn json(self, body: &serde_json::Value) -> String {
        let plain = body.to_string();
        match self {
            Self::Laravel => php_spelling(&plain),
            Self::Nest | Self::Plain => plain,
        }
    }
}

/// The key and value that Nest's `KafkaRequestSerializer` makes of what is given to `emit()` (NestJS 12, read in
/// `packages/microservices/serializers/kafka-request.serializer.ts`): an object with a `key` or a `value` is taken for
/// a whole record, so that everything else in it is lost; a string is sent as it is, and all else as JSON.
pub fn nest_emits(body: &serde_json::Value) -> (Option<String>, Option<String>) {
    use serde_json::Value;
    let spelled = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(Persona::Nest.json(other)),
    };
    match body {
        Value::Object(fields) if fields.contains_key("key") || fields.contains_key("value") => {
            let field = |name| fields.get(name).and_then(spelled);
            (field("key"), field("value"))
        }
        other => (None, spelled(other)),
    }
}

/// In valid JSON a `/` or a letter beyond ASCII can only stand inside a string, so no parser is needed.
fn php_spelling(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 8);
    for letter in json.chars() {
        match letter {
            '/' => out.push_str("\\/"),
            ascii if ascii.is_ascii() => out.push(ascii),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn php_and_javascript_spell_json_differently() {
        let body = serde_json::json!({"nome": "João", "url": "https://a", "x": "😀"});
        assert_eq!(
            Persona::Laravel.json(&body),
            r#"{"nome":"Jo\u00e3o","url":"https:\/\/a","x":"\ud83d\ude00"}"#
        );
        assert_eq!(Persona::Nest.json(&body), r#"{"nome":"João","url":"https://a","x":"😀"}"#);
        let back: serde_json::Value = serde_json::from_str(&Persona::Laravel.json(&body)).unwrap();
        assert_eq!(back, body);
    }

    #[test]
    fn nest_takes_an_object_with_a_value_for_a_whole_record() {
        let trapped = serde_json::json!({"event": "PedidoPago", "value": 10, "data": {"pedido_id": "1"}});
        assert_eq!(nest_emits(&trapped), (None, Some("10".to_owned())));
        let safe = serde_json::json!({"event": "PedidoPago"});
        assert_eq!(nest_emits(&safe), (None, Some(r#"{"event":"PedidoPago"}"#.to_owned())));
    }

    #[test]
    fn only_laravel_adds_an_id_and_a_new_one_each_time() {
        let first = Persona::Laravel.message_id().unwrap();
        assert_eq!(first.0, "laravel-kafka::message-id");
        assert_ne!(first, Persona::Laravel.message_id().unwrap());
        assert_eq!(Persona::Nest.message_id(), None);
    }
}
