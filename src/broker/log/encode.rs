//! Making a record batch: for the broker's own journals, and for tests.

use bytes::Bytes;

use super::batch::{CRC_START, HEADER_LEN, LOG_OVERHEAD};

/// A record to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewRecord<'a> {
    /// The key, if it has one.
    pub key: Option<&'a [u8]>,
    /// The value.
    pub value: &'a [u8],
    /// Milliseconds since 1970.
    pub timestamp: i64,
}

/// One uncompressed batch, as a producer without idempotence would send it: the base offset is 0.
///
/// At least one record; a batch without records is none, and [`Batch::parse`](super::Batch::parse) refuses it.
pub fn encode(records: &[NewRecord<'_>]) -> Bytes {
    let base_timestamp = records.first().map_or(0, |first| first.timestamp);
    let max_timestamp = records.iter().map(|record| record.timestamp).max().unwrap_or(0);
    let count = records.len() as i32;
    let mut batch = vec![0; HEADER_LEN];
    batch[12..16].copy_from_slice(&(-1i32).to_be_bytes()); // leader_epoch
    batch[16] = 2; // magic
    batch[23..27].copy_from_slice(&(count - 1).to_be_bytes()); // last_offset_delta
    batch[27..35].copy_from_slice(&base_timestamp.to_be_bytes());
    batch[35..43].copy_from_slice(&max_timestamp.to_be_bytes());
    batch[43..57].fill(0xff); // producer_id, producer_epoch, base_sequence: −1 each
    batch[57..61].copy_from_slice(&count.to_be_bytes());
    let mut body = Vec::new();
    for (delta, record) in records.iter().enumerate() {
        body.clear();
        body.push(0); // attributes
        put_varint(&mut body, record.timestamp - base_timestamp);
        put_varint(&mut body, delta as i64);
        put_nullable(&mut body, record.key);
        put_nullable(&mut body, Some(record.value));
        put_varint(&mut body, 0); // headers
        put_varint(&mut batch, body.len() as i64);
        batch.extend_from_slice(&body);
    }
    let length = (batch.len() - LOG_OVERHEAD) as i32;
    batch[8..12].copy_from_slice(&length.to_be_bytes());
    let crc = crc32c::crc32c(&batch[CRC_START..]);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
    batch.into()
}

fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => put_varint(out, -1),
        Some(bytes) => {
            put_varint(out, bytes.len() as i64);
            out.extend_from_slice(bytes);
        }
    }
}

/// Zigzag, seven bits a byte, lowest first.
pub(super) fn put_varint(out: &mut Vec<u8>, value: i64) {
    let mut raw = ((value << 1) ^ (value >> 63)) as u64;
    while raw >= 0x80 {
        out.push(raw as u8 | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}
