//! The orders that a run sends, and the handler that reads them: as it was written first, and after the fix.

use serde_json::{Value, json};

use crate::client::Outgoing;

/// A record that a run sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    /// `pedido-7`.
    pub key: String,
    /// The event.
    pub value: String,
    /// Whether the handler as it was written first fails with it.
    pub is_poison: bool,
}

impl Order {
    /// The record that it is in this topic.
    pub(super) fn record<'a>(&'a self, topic: &'a str) -> Outgoing<'a> {
        Outgoing {
            topic,
            partition: None,
            timestamp: None,
            key: Some(self.key.as_bytes()),
            value: Some(self.value.as_bytes()),
            headers: &[],
        }
    }
}

/// Orders, `poison` of them with a price that a person typed: `"19,90"` instead of 1990. The first of those comes
/// after a third of the others, and they are spread evenly over the rest.
pub(super) fn orders(records: u32, poison: u32) -> Vec<Order> {
    let start = (records / 3).min(records.saturating_sub(poison));
    let step = ((records - start) / poison.max(1)).max(1);
    let is_poison = |number: u32| {
        number >= start && (number - start).is_multiple_of(step) && (number - start) / step < poison
    };
    let order = |number: u32| {
        let is_poison = is_poison(number);
        let key = format!("pedido-{}", number + 1);
        let total = if is_poison { json!("19,90") } else { json!(1990) };
        let value = json!({
            "event": "PedidoPago", "data": { "pedido_id": key, "total_centavos": total }, "version": 1,
        });
        Order { key, value: value.to_string(), is_poison }
    };
    (0..records).map(order).collect()
}

/// The code that handles an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Handler {
    /// It trusts that a price is a number of cents.
    #[default]
    AsWritten,
    /// It also reads a price that a person typed.
    Fixed,
}

/// An exception of the handler, as a dead letter tells of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub(super) struct Exception {
    /// The name of its class.
    pub class: &'static str,
    /// Its message. It may quote the record, which is hostile input.
    pub message: String,
}

impl Handler {
    /// Handles a record: the price in cents.
    pub(super) fn handle(self, value: Option<&[u8]>) -> Result<u64, Exception> {
        let value = value.ok_or_else(|| exception("InvalidOrder", "a record without a value"))?;
        let event: Value = serde_json::from_slice(value).map_err(|error| {
            let text = String::from_utf8_lossy(value);
            let start: String = text.chars().take(60).collect();
            exception("JsonException", format!("{error}, in {start}"))
        })?;
        let total = &event["data"]["total_centavos"];
        match (self, total) {
            (_, Value::Number(cents)) if cents.is_u64() => Ok(cents.as_u64().unwrap_or_default()),
            (Self::Fixed, Value::String(typed)) if cents_of(typed).is_some() => {
                Ok(cents_of(typed).unwrap_or_default())
            }
            _ => Err(exception("TypeError", format!("total_centavos must be of type int, {total} given"))),
        }
    }
}

fn exception(class: &'static str, message: impl Into<String>) -> Exception {
    Exception { class, message: message.into() }
}

/// `19,90` as 1990.
fn cents_of(typed: &str) -> Option<u64> {
    let (whole, cents) = typed.split_once(',')?;
    (cents.len() == 2).then_some(())?;
    whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(cents.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_poison_and_the_fix_reads_them() {
        for (records, poison) in [(30, 1), (1000, 1), (10, 10), (1, 1), (7, 3), (5, 0)] {
            let orders = orders(records, poison);
            assert_eq!(orders.len(), records as usize);
            let dead = orders
                .iter()
                .filter(|order| Handler::AsWritten.handle(Some(order.value.as_bytes())).is_err());
            let dead: Vec<_> = dead.collect();
            assert_eq!(dead.len(), poison as usize, "{poison} of {records}");
            assert!(dead.iter().all(|order| order.is_poison));
            assert!(
                orders.iter().all(|order| Handler::Fixed.handle(Some(order.value.as_bytes())) == Ok(1990))
            );
        }
    }

    #[test]
    fn what_is_no_order_fails_before_and_after_the_fix() {
        for value in [None, Some(&b"\x1b[2J"[..]), Some(b"{}"), Some(br#"{"data":{"total_centavos":"1,9"}}"#)]
        {
            assert!(Handler::AsWritten.handle(value).is_err());
            assert!(Handler::Fixed.handle(value).is_err(), "{value:?}");
        }
    }
}
