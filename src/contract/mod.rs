//! The contract of `integracao-pedidos`: what a message of the two applications must look like.
//!
//! Pure: no clock, no randomness, no broker. The key of a message is its order's id. The value is one JSON object, the
//! [`Envelope`]; money in it is in integer cents.

mod check;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub use check::{Contract, Finding, Rule, Sample, producer};

/// What happened to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventName {
    /// The order was created.
    PedidoCriado,
    /// The order was paid.
    PedidoPago,
    /// The order was cancelled.
    PedidoCancelado,
    /// Somebody was told about the order.
    PedidoNotificado,
}

impl EventName {
    /// Every event of the contract.
    pub const ALL: [Self; 4] =
        [Self::PedidoCriado, Self::PedidoPago, Self::PedidoCancelado, Self::PedidoNotificado];

    /// As it stands in `event`.
    pub fn name(self) -> &'static str {
        match self {
            Self::PedidoCriado => "PedidoCriado",
            Self::PedidoPago => "PedidoPago",
            Self::PedidoCancelado => "PedidoCancelado",
            Self::PedidoNotificado => "PedidoNotificado",
        }
    }
}

/// Who made a message, as it stands in `source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The Laravel application.
    Laravel,
    /// The Nest application.
    Nest,
}

impl Source {
    /// Both applications.
    pub const ALL: [Self; 2] = [Self::Laravel, Self::Nest];

    /// As it stands in `source`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Laravel => "laravel",
            Self::Nest => "nest",
        }
    }
}

/// The value of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// What happened.
    pub event: EventName,
    /// The order: `data.pedido_id`, and the key of the record.
    pub order: String,
    /// What `data` says besides `pedido_id`.
    pub data: Map<String, Value>,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Made once by the producer, so that a consumer can tell a repetition.
    pub id: Uuid,
    /// Who says so.
    pub source: Source,
}

/// The contract's version, `version` in the envelope.
pub const VERSION: i64 = 1;

impl Envelope {
    /// The object to send. The time has as many digits as the source's own library writes: Laravel's `toISOString()`
    /// six, JavaScript's three.
    pub fn to_json(&self) -> Value {
        let mut data = Map::from_iter([("pedido_id".to_owned(), json!(self.order))]);
        data.extend(self.data.clone());
        let timestamp = match self.source {
            Source::Laravel => format!("{:.6}", self.timestamp),
            Source::Nest => format!("{:.3}", self.timestamp),
        };
        json!({
            "event": self.event.name(),
            "data": data,
            "timestamp": timestamp,
            "id": self.id.to_string(),
            "version": VERSION,
            "source": self.source.name(),
        })
    }

    /// The message in a record's value; `None` where the value is not one of the contract.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let mut object: Value = serde_json::from_slice(value).ok()?;
        let text = |name: &str| object.get(name)?.as_str();
        let event = EventName::ALL.into_iter().find(|event| Some(event.name()) == text("event"))?;
        let source = Source::ALL.into_iter().find(|source| Some(source.name()) == text("source"))?;
        let (timestamp, id) = (text("timestamp")?.parse().ok()?, text("id")?.parse().ok()?);
        let mut data = std::mem::take(object.get_mut("data")?.as_object_mut()?);
        let order = data.shift_remove("pedido_id")?.as_str()?.to_owned();
        Some(Self { event, order, data, timestamp, id, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(source: Source) -> Envelope {
        Envelope {
            event: EventName::PedidoCriado,
            order: "pedido-1".into(),
            data: Map::from_iter([("total_centavos".to_owned(), json!(1990))]),
            timestamp: "2026-01-01T12:00:00.123456Z".parse().unwrap(),
            id: Uuid::nil(),
            source,
        }
    }

    #[test]
    fn each_side_writes_time_in_its_own_way() {
        assert_eq!(
            envelope(Source::Laravel).to_json().to_string(),
            concat!(
                r#"{"event":"PedidoCriado","data":{"pedido_id":"pedido-1","total_centavos":1990},"#,
                r#""timestamp":"2026-01-01T12:00:00.123456Z","id":"00000000-0000-0000-0000-000000000000","#,
                r#""version":1,"source":"laravel"}"#
            )
        );
        assert_eq!(envelope(Source::Nest).to_json()["timestamp"], "2026-01-01T12:00:00.123Z");
    }

    #[test]
    fn what_is_written_can_be_read() {
        let written = envelope(Source::Laravel);
        assert_eq!(Envelope::parse(written.to_json().to_string().as_bytes()), Some(written));
        assert_eq!(Envelope::parse(br#"{"event":"PedidoCriado"}"#), None);
        assert_eq!(Envelope::parse(b"\xff"), None);
    }
}
