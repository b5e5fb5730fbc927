//! `--keys`: so many keys, or these.

/// The keys, each once, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keys(pub Vec<String>);

/// More keys than this are no picture any more.
const MOST: usize = 1000;

/// More of the learner's keys than these make no better picture.
const DRAWN: usize = 6;

/// The first of the keys, for a picture of how the records of each lie.
pub(super) fn drawn(keys: &[String]) -> &[String] {
    &keys[..keys.len().min(DRAWN)]
}

/// So many keys that parts of them can be told in whole per cent.
pub(super) const MEASURED: usize = 1000;

/// `pedido-1` and so on.
pub(super) fn orders(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("pedido-{number}")).collect()
}

/// `6` is `pedido-1` to `pedido-6`; anything else is a list with commas between.
pub(super) fn parse(text: &str) -> Result<Keys, String> {
    if let Ok(count) = text.parse::<usize>() {
        return match count {
            1..=MOST => Ok(Keys(orders(count))),
            _ => Err(format!("1 to {MOST} keys")),
        };
    }
    let mut keys: Vec<String> = Vec::new();
    for key in text.split(',') {
        // librdkafka's two partitioners disagree on what an empty key is (librdkafka#4510).
        if key.is_empty() {
            return Err("a key may not be empty".to_owned());
        }
        if !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
    }
    if keys.len() > MOST { Err(format!("1 to {MOST} keys")) } else { Ok(Keys(keys)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_list() {
        assert_eq!(parse("2").unwrap().0, ["pedido-1", "pedido-2"]);
        assert_eq!(parse("alice,bob,alice").unwrap().0, ["alice", "bob"]);
        assert!(
            parse("").is_err() && parse("a,,b").is_err() && parse("0").is_err() && parse("9999").is_err()
        );
    }
}
