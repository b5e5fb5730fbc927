//! The records inside a batch: walked in place, never copied, nothing allocated for a length that was only claimed.
//!
//! The broker looks inside a batch only where it must: to check uncompressed ones, to find an offset by timestamp,
//! and to read its own journals. Layout: Apache Kafka's `DefaultRecord`.

use bytes::{Bytes, BytesMut};
use kafka_protocol::compression::{self, Compressor};

use super::batch::{BatchHeader, HEADER_LEN};
use super::decompress::{MAX_RECORDS, decompress};
use super::encode::put_varint;

/// How the records of a batch are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// Snappy in the framing of snappy-java.
    Snappy,
    /// LZ4 frames.
    Lz4,
    /// Zstandard, since Produce v7.
    Zstd,
}

impl Compression {
    /// Where the codec is in a batch's attributes.
    pub(super) const BITS: i16 = 0x07;

    /// The codec in the lowest three bits of a batch's attributes.
    pub fn from_attributes(attributes: i16) -> Option<Compression> {
        match attributes & Compression::BITS {
            0 => Some(Compression::None),
            1 => Some(Compression::Gzip),
            2 => Some(Compression::Snappy),
            3 => Some(Compression::Lz4),
            4 => Some(Compression::Zstd),
            _ => None,
        }
    }
}

/// One record, borrowed from its batch. Headers are checked but not kept: the broker has no use for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Milliseconds after the batch's `base_timestamp`.
    pub timestamp_delta: i64,
    /// Offset, from the batch's `base_offset`.
    pub offset_delta: i32,
    /// The key, if there is one.
    pub key: Option<&'a [u8]>,
    /// The value; none is a tombstone.
    pub value: Option<&'a [u8]>,
}

/// The bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record is malformed")]
pub struct Malformed;

/// Walks over uncompressed records until the bytes end or make no sense.
pub fn walk(records: &[u8]) -> impl Iterator<Item = Result<Record<'_>, Malformed>> {
    walk_raw(records).map(|record| record.map(|(_, record)| record))
}

/// The same, each record with its own bytes.
pub(super) fn walk_raw(records: &[u8]) -> impl Iterator<Item = Result<(&[u8], Record<'_>), Malformed>> {
    let mut rest = records;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let before = rest;
        let record = next_record(&mut rest);
        if record.is_err() {
            rest = &[];
        }
        Some(record.map(|record| (&before[..before.len() - rest.len()], record)))
    })
}

/// The records of one whole batch, decompressed if need be.
pub fn uncompressed(batch: &Bytes) -> Result<Bytes, Malformed> {
    uncompressed_up_to(MAX_RECORDS, batch)
}

/// The same; [`Malformed`] also if there are more than `limit` bytes of them.
pub(super) fn uncompressed_up_to(limit: usize, batch: &Bytes) -> Result<Bytes, Malformed> {
    let header = BatchHeader::read(batch).ok_or(Malformed)?;
    match header.compression().ok_or(Malformed)? {
        Compression::None => Ok(batch.slice(HEADER_LEN..)),
        codec => decompress(codec, &batch[HEADER_LEN..], limit).map(Bytes::from),
    }
}

/// Records in the codec of their batch.
pub(super) fn compressed(codec: Compression, records: &[u8]) -> Result<Bytes, Malformed> {
    let mut out = BytesMut::new();
    let put = |plain: &mut BytesMut| {
        plain.extend_from_slice(records);
        Ok(())
    };
    match codec {
        Compression::None => return Ok(Bytes::copy_from_slice(records)),
        Compression::Gzip => compression::Gzip::compress(&mut out, put),
        Compression::Snappy => compression::Snappy::compress(&mut out, put),
        Compression::Lz4 => compression::Lz4::compress(&mut out, put),
        Compression::Zstd => compression::Zstd::compress(&mut out, put),
    }
    .map_err(|_| Malformed)?;
    Ok(out.freeze())
}

/// Appends a record, given in its own bytes, with another timestamp delta.
pub(super) fn shifted(raw: &[u8], shift: i64, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let mut rest = raw;
    length(&mut rest)?;
    let attributes = take(&mut rest, 1)?;
    let delta = varint(&mut rest)?.wrapping_add(shift);
    let mut body = attributes.to_vec();
    put_varint(&mut body, delta);
    body.extend_from_slice(rest);
    put_varint(out, body.len() as i64);
    out.extend_from_slice(&body);
    Ok(())
}

fn next_record<'a>(rest: &mut &'a [u8]) -> Result<Record<'a>, Malformed> {
    let size = length(rest)?.ok_or(Malformed)?;
    let mut body = take(rest, size)?;
    take(&mut body, 1)?; // attributes: unused in format v2
    let timestamp_delta = varint(&mut body)?;
    let offset_delta = i32::try_from(varint(&mut body)?).map_err(|_| Malformed)?;
    let key = nullable(&mut body)?;
    let value = nullable(&mut body)?;
    let headers = length(&mut body)?.ok_or(Malformed)?;
    for _ in 0..headers {
        nullable(&mut body)?.ok_or(Malformed)?;
        nullable(&mut body)?;
    }
    if !body.is_empty() {
        return Err(Malformed);
    }
    Ok(Record { timestamp_delta, offset_delta, key, value })
}

fn nullable<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Malformed> {
    match length(rest)? {
        None => Ok(None),
        Some(size) => take(rest, size).map(Some),
    }
}

/// A length; −1 stands for null.
fn length(rest: &mut &[u8]) -> Result<Option<usize>, Malformed> {
    match varint(rest)? {
        -1 => Ok(None),
        size => usize::try_from(size).map(Some).map_err(|_| Malformed),
    }
}

fn take<'a>(rest: &mut &'a [u8], size: usize) -> Result<&'a [u8], Malformed> {
    let (taken, left) = rest.split_at_checked(size).ok_or(Malformed)?;
    *rest = left;
    Ok(taken)
}

/// A zigzag varint of at most ten bytes.
fn varint(rest: &mut &[u8]) -> Result<i64, Malformed> {
    let mut raw = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, left) = rest.split_first().ok_or(Malformed)?;
        *rest = left;
        raw |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok((raw >> 1) as i64 ^ -((raw & 1) as i64));
        }
    }
    Err(Malformed)
}
