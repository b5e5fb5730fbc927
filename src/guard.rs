//! Decodes what strangers send, requests and answers, without believing their lengths.
//!
//! `kafka-protocol` reserves memory for as many elements as an array says it has. A hostile count would make that
//! fail, and a failed reservation ends the process. So messages are decoded through a buffer that knows how much is
//! left: an element takes at least one byte, hence no honest length is larger than that.

use bytes::{Buf, Bytes, TryGetError};
use kafka_protocol::protocol::Decodable;
use kafka_protocol::protocol::buf::{ByteBuf, NotEnoughBytesError};

/// The largest body of a request other than Produce. Kafka has one limit for all, `socket.request.max.bytes`; but the
/// memory that an array of empty elements takes is many times its bytes.
pub(crate) const LARGEST_WITHOUT_RECORDS: usize = 16 * 1024 * 1024;

/// Decodes a message of a version. `flexible` tells whether that version has compact lengths (KIP-482).
///
/// In flexible versions every length is a varint, and can be judged at once. In older ones the length of an array looks
/// like any other number of 32 bits. There, numbers larger than what is left are made a little smaller at first: still
/// too large for a length, so that an array with such a length fails, without reserving more than there could be. If
/// nothing fails, no length was too large, and the bytes are decoded once more as they are.
pub(crate) fn decode<T: Decodable>(body: Bytes, version: i16, flexible: bool) -> anyhow::Result<T> {
    let mut guarded = Guarded { bytes: body.clone(), flexible, varint: Varint::default(), clamped: false };
    let decoded = T::decode(&mut guarded, version)?;
    if !guarded.clamped {
        return Ok(decoded);
    }
    T::decode(&mut { body }, version)
}

struct Guarded {
    bytes: Bytes,
    flexible: bool,
    varint: Varint,
    /// Whether a number was made smaller.
    clamped: bool,
}

/// What was read of a varint.
#[derive(Default)]
struct Varint {
    value: u64,
    bytes: u32,
}

impl Guarded {
    /// Fails for a varint that was left unfinished. Nothing honest does that, but a boolean of 0x80 looks like one.
    fn between_varints(&self) -> Result<(), TryGetError> {
        if self.varint.bytes == 0 { Ok(()) } else { Err(self.refuse()) }
    }

    fn refuse(&self) -> TryGetError {
        TryGetError { requested: usize::MAX, available: self.bytes.len() }
    }
}

impl Buf for Guarded {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn try_get_u8(&mut self) -> Result<u8, TryGetError> {
        let byte = self.bytes.try_get_u8()?;
        if self.flexible {
            self.varint.value |= u64::from(byte & 0x7f) << (7 * self.varint.bytes);
            self.varint.bytes += 1;
            let ended = byte < 0x80;
            // A compact length is one more than the length.
            let honest = self.varint.value <= self.bytes.len() as u64 + 1;
            match (ended, honest) {
                (true, true) => self.varint = Varint::default(),
                (false, _) if self.varint.bytes < 5 => {}
                _ => return Err(self.refuse()),
            }
        }
        Ok(byte)
    }

    fn try_get_i8(&mut self) -> Result<i8, TryGetError> {
        self.between_varints()?;
        self.bytes.try_get_i8()
    }

    fn try_get_i16(&mut self) -> Result<i16, TryGetError> {
        self.between_varints()?;
        self.bytes.try_get_i16()
    }

    fn try_get_i32(&mut self) -> Result<i32, TryGetError> {
        self.between_varints()?;
        let number = self.bytes.try_get_i32()?;
        let left = self.bytes.len();
        if self.flexible || usize::try_from(number).map_or(true, |number| number <= left) {
            return Ok(number);
        }
        self.clamped = true;
        i32::try_from(left + 1).map_err(|_| self.refuse())
    }

    fn try_get_i64(&mut self) -> Result<i64, TryGetError> {
        self.between_varints()?;
        self.bytes.try_get_i64()
    }
}

impl ByteBuf for Guarded {
    fn peek_bytes(&mut self, range: std::ops::Range<usize>) -> Bytes {
        self.bytes.slice(range)
    }

    fn get_bytes(&mut self, size: usize) -> Bytes {
        self.bytes.split_to(size)
    }

    fn try_get_bytes(&mut self, size: usize) -> Result<Bytes, NotEnoughBytesError> {
        if self.varint.bytes != 0 || size > self.bytes.len() {
            return Err(NotEnoughBytesError);
        }
        Ok(self.bytes.split_to(size))
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::{FetchRequest, MetadataRequest, ProduceRequest, RequestHeader};
    use kafka_protocol::protocol::Encodable;

    use super::*;

    fn encoded<T: Encodable>(message: &T, version: i16) -> Bytes {
        let mut bytes = Vec::new();
        message.encode(&mut bytes, version).unwrap();
        bytes.into()
    }

    #[test]
    fn honest_requests_come_through_unchanged() {
        let fetch = FetchRequest::default().with_max_bytes(i32::MAX).with_max_wait_ms(500).with_min_bytes(1);
        for (version, flexible) in [(4, false), (11, false), (12, true)] {
            assert_eq!(decode::<FetchRequest>(encoded(&fetch, version), version, flexible).unwrap(), fetch);
        }
        let produce = ProduceRequest::default().with_acks(-1).with_timeout_ms(30_000);
        for (version, flexible) in [(3, false), (9, true)] {
            assert_eq!(
                decode::<ProduceRequest>(encoded(&produce, version), version, flexible).unwrap(),
                produce
            );
        }
    }

    #[test]
    fn a_count_beyond_what_is_left_is_refused_before_anything_is_reserved() {
        let fixed: &[&[u8]] = &[&[0x7f, 0xff, 0xff, 0xff], &[0, 0, 0, 9, 0, 0]];
        for bytes in fixed {
            assert!(decode::<MetadataRequest>(Bytes::copy_from_slice(bytes), 0, false).is_err());
        }
        let compact: &[&[u8]] = &[&[0xff, 0xff, 0xff, 0xff, 0x0f], &[0x09, 0, 0], &[0x80; 8]];
        for bytes in compact {
            assert!(decode::<MetadataRequest>(Bytes::copy_from_slice(bytes), 9, true).is_err());
        }
    }

    #[test]
    fn a_boolean_cannot_hide_the_beginning_of_a_count() {
        // ListOffsets and others begin with other fields; here: topics null, then booleans of 0x80, then tags.
        let hiding: &[&[u8]] =
            &[&[0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x0f], &[0, 0x80, 0xff, 0xff, 0xff, 0xff, 0x0f]];
        for bytes in hiding {
            assert!(decode::<MetadataRequest>(Bytes::copy_from_slice(bytes), 9, true).is_err());
        }
    }

    #[test]
    fn headers_are_decoded_too() {
        let header = RequestHeader::default().with_request_api_key(3).with_request_api_version(9);
        assert_eq!(decode::<RequestHeader>(encoded(&header, 2), 2, true).unwrap(), header);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic_or_exhaust_memory(
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64),
            row in proptest::sample::select(crate::broker::api::APIS),
            version in 0..=12_i16,
        ) {
            if row.handles(version) {
                (row.decodes)(bytes.into(), version);
            }
        }
    }
}
