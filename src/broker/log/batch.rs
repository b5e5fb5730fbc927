//! Record batches (format v2): the header read in place, and the checks a batch must pass before it may be stored.
//!
//! Layout and rules: Apache Kafka's `DefaultRecordBatch`, `LogValidator` and `ProduceRequest.validateRecords`.
//! A batch is stored as the producer made it. Only `base_offset` and `leader_epoch` are changed, which lie outside
//! the checksum for that very reason.

use bytes::Bytes;

use super::error::AppendError;
use super::records::{self, Compression, Malformed};

/// Bytes of the fixed part of a batch; the records follow.
pub const HEADER_LEN: usize = 61;
/// `base_offset` and `batch_length`, which `batch_length` does not count.
pub const LOG_OVERHEAD: usize = 12;
/// `leader_epoch` follows them; magic, checksum and the rest follow it.
const LEADER_EPOCH_END: usize = 16;
/// The checksum covers everything from here on.
pub(super) const CRC_START: usize = 21;
/// The only record format that Kafka 4 accepts.
const MAGIC_V2: i8 = 2;
/// In the attributes: `base_timestamp` is the time from which compaction may drop the tombstones of the batch.
pub(super) const DELETE_HORIZON: i16 = 0x40;
/// Stands for "the producer gave no timestamp".
pub const NO_TIMESTAMP: i64 = -1;
/// Stands for "not an idempotent producer".
pub const NO_PRODUCER_ID: i64 = -1;

/// The fixed part of a record batch, under Kafka's field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Offset of the first record.
    pub base_offset: i64,
    /// Bytes after this field.
    pub batch_length: i32,
    /// Epoch of the leader that appended the batch.
    pub leader_epoch: i32,
    /// Format version, 2.
    pub magic: i8,
    /// CRC-32C of all that follows this field.
    pub crc: u32,
    /// Codec (bits 0 to 2), timestamp type (3), transactional (4), control (5), delete horizon (6).
    pub attributes: i16,
    /// Offset of the last record, from `base_offset`.
    pub last_offset_delta: i32,
    /// Timestamp of the first record, milliseconds since 1970; the others are deltas to it.
    pub base_timestamp: i64,
    /// Largest timestamp in the batch.
    pub max_timestamp: i64,
    /// Idempotent producer, or −1.
    pub producer_id: i64,
    /// Its instance.
    pub producer_epoch: i16,
    /// Sequence number of the first record.
    pub base_sequence: i32,
    /// Number of records.
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads the header at the beginning of `bytes`; `None` if fewer than [`HEADER_LEN`] bytes are there.
    ///
    /// Nothing is judged here: what came from outside goes through [`Batch::parse`], what lies in a file through
    /// [`BatchHeader::is_plausible`].
    pub fn read(bytes: &[u8]) -> Option<BatchHeader> {
        let b: &[u8; HEADER_LEN] = bytes.first_chunk()?;
        Some(BatchHeader {
            base_offset: i64::from_be_bytes(field(b, 0)),
            batch_length: i32::from_be_bytes(field(b, 8)),
            leader_epoch: i32::from_be_bytes(field(b, 12)),
            magic: i8::from_be_bytes(field(b, 16)),
            crc: u32::from_be_bytes(field(b, 17)),
            attributes: i16::from_be_bytes(field(b, 21)),
            last_offset_delta: i32::from_be_bytes(field(b, 23)),
            base_timestamp: i64::from_be_bytes(field(b, 27)),
            max_timestamp: i64::from_be_bytes(field(b, 35)),
            producer_id: i64::from_be_bytes(field(b, 43)),
            producer_epoch: i16::from_be_bytes(field(b, 51)),
            base_sequence: i32::from_be_bytes(field(b, 53)),
            record_count: i32::from_be_bytes(field(b, 57)),
        })
    }

    /// Bytes of the whole batch. Only meaningful if the header [is plausible](Self::is_plausible).
    pub fn size(&self) -> u32 {
        (self.batch_length.max(0) as u32).saturating_add(LOG_OVERHEAD as u32)
    }

    /// Offset of the last record.
    pub fn last_offset(&self) -> i64 {
        self.base_offset.saturating_add(i64::from(self.last_offset_delta))
    }

    /// Sequence number of the last record; sequence numbers start again at 0 after `i32::MAX`.
    pub fn last_sequence(&self) -> i32 {
        let last = i64::from(self.base_sequence) + i64::from(self.last_offset_delta);
        (last % (i64::from(i32::MAX) + 1)) as i32
    }

    /// The codec of the records, if Kafka knows it.
    pub fn compression(&self) -> Option<Compression> {
        Compression::from_attributes(self.attributes)
    }

    /// Whether the timestamps are the broker's (`LogAppendTime`): then all records carry `max_timestamp`.
    pub fn is_log_append_time(&self) -> bool {
        self.attributes & 0x08 != 0
    }

    /// Whether the batch belongs to a transaction.
    pub fn is_transactional(&self) -> bool {
        self.attributes & 0x10 != 0
    }

    /// Whether the batch holds a transaction marker instead of data.
    pub fn is_control(&self) -> bool {
        self.attributes & 0x20 != 0
    }

    /// From when on compaction may drop the tombstones of the batch, if it has met them before.
    pub fn delete_horizon_ms(&self) -> Option<i64> {
        (self.attributes & DELETE_HORIZON != 0).then_some(self.base_timestamp)
    }

    /// Whether the batch can follow `next_offset` in the segment that begins with `base_offset`. The checksum does not
    /// cover the offset; its order and Kafka's 31 bits within a segment are all that speaks for it.
    pub(super) fn is_in_order(&self, base_offset: i64, next_offset: i64) -> bool {
        self.base_offset >= next_offset
            && self.last_offset().checked_sub(base_offset).is_some_and(|delta| delta <= i64::from(i32::MAX))
            && self.last_offset() < i64::MAX
    }

    /// Whether this can be the header of a stored batch: enough to walk over it, not to trust its records.
    pub fn is_plausible(&self) -> bool {
        self.magic == MAGIC_V2
            && self.batch_length >= (HEADER_LEN - LOG_OVERHEAD) as i32
            && self.last_offset_delta >= 0
            && self.base_offset >= 0
    }
}

/// The `N` bytes at `at`; both are constants of the layout.
fn field<const N: usize>(header: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&header[at..at + N]);
    bytes
}

/// Whether the bytes of one whole batch still have the checksum they were written with.
pub fn crc_matches(batch: &[u8]) -> bool {
    BatchHeader::read(batch).is_some_and(|header| crc32c::crc32c(&batch[CRC_START..]) == header.crc)
}

/// The first bytes of a batch with the offset and epoch it is stored under; the rest follows unchanged.
pub(super) fn stored_prefix(batch: &[u8], base_offset: i64, leader_epoch: i32) -> [u8; LEADER_EPOCH_END] {
    let mut prefix = [0; LEADER_EPOCH_END];
    prefix[..8].copy_from_slice(&base_offset.to_be_bytes());
    prefix[8..12].copy_from_slice(&batch[8..12]);
    prefix[12..].copy_from_slice(&leader_epoch.to_be_bytes());
    prefix
}

/// What the records of a compressed batch for a compacted topic may amount to, bytes. Everybody waits while they are
/// looked into, and a few kilobytes can stand for a hundred megabytes.
const MOST_LOOKED_INTO: usize = 16 * 1024 * 1024;

/// One batch from a producer that is well formed and has a good checksum.
///
/// Made before any lock is taken: the checksum is the dearest part of an append. What depends on the topic's
/// settings or on the state of the log is checked in [`PartitionLog::append`](super::PartitionLog::append).
#[derive(Clone, Debug)]
pub struct Batch {
    bytes: Bytes,
    header: BatchHeader,
    max_timestamp: i64,
    min_timestamp: i64,
    keyless: bool,
}

impl Batch {
    /// Takes the `records` field of a Produce request for one partition: exactly one batch.
    ///
    /// Errors as in Kafka: 87 for none, more than one, another format than v2, an inconsistent header or malformed
    /// records; 2 for a bad length or checksum; 76 for an unknown codec. Records inside a compressed batch are not
    /// looked at: that would cost more than all the rest of the broker.
    pub fn parse(records: Bytes) -> Result<Batch, AppendError> {
        let (size, magic) = first_batch(&records)?
            .ok_or(AppendError::InvalidRecord("at least one record batch per partition is needed"))?;
        if magic != MAGIC_V2 {
            return Err(AppendError::InvalidRecord("only record batches of magic version 2 are allowed"));
        }
        if first_batch(&records[size..])?.is_some() {
            return Err(AppendError::InvalidRecord("exactly one record batch per partition is allowed"));
        }
        // Kafka too drops the beginning of a batch that is not there whole.
        let bytes = records.slice(..size);
        let header = BatchHeader::read(&bytes)
            .ok_or(AppendError::CorruptMessage("the batch is smaller than its header"))?;
        if header.base_offset != 0 {
            return Err(AppendError::InvalidRecord("the base offset of a new batch is not 0"));
        }
        if !crc_matches(&bytes) {
            return Err(AppendError::CorruptMessage("the checksum does not match"));
        }
        check_header(&header)?;
        let mut batch = Batch {
            bytes,
            max_timestamp: header.max_timestamp,
            min_timestamp: header.base_timestamp,
            keyless: false,
            header,
        };
        batch.check_records()?;
        Ok(batch)
    }

    /// The batch as it came.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its header; `base_offset` is 0 and `leader_epoch` the producer's.
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The largest timestamp: of the records where they can be read, else the header's word.
    pub(super) fn max_timestamp(&self) -> i64 {
        self.max_timestamp
    }

    /// The smallest timestamp: of the records where they can be read, else of the first one.
    pub(super) fn min_timestamp(&self) -> i64 {
        self.min_timestamp
    }

    /// Whether some record has no key. Compressed records are decompressed for it, which is for compacted topics only;
    /// [`Malformed`] also if they amount to more than [`MOST_LOOKED_INTO`].
    pub(super) fn keyless(&self) -> Result<bool, Malformed> {
        if self.header.compression() == Some(Compression::None) {
            return Ok(self.keyless);
        }
        let records = records::uncompressed_up_to(MOST_LOOKED_INTO, &self.bytes)?;
        records::walk(&records).try_fold(false, |keyless, record| Ok(keyless || record?.key.is_none()))
    }

    fn check_records(&mut self) -> Result<(), AppendError> {
        let codec = self
            .header
            .compression()
            .ok_or(AppendError::UnsupportedCompressionType((self.header.attributes & 7) as u8))?;
        if codec != Compression::None {
            return Ok(());
        }
        let mut count = 0;
        for record in records::walk(&self.bytes[HEADER_LEN..]) {
            let record = record.map_err(|_| AppendError::InvalidRecord("a record is malformed"))?;
            count += 1;
            self.keyless |= record.key.is_none();
            let timestamp = self.header.base_timestamp.saturating_add(record.timestamp_delta);
            self.max_timestamp = self.max_timestamp.max(timestamp);
            self.min_timestamp = self.min_timestamp.min(timestamp);
        }
        if count != self.header.record_count {
            return Err(AppendError::InvalidRecord("the batch holds another number of records than it says"));
        }
        Ok(())
    }
}

/// Size and magic of the batch that `records` begins with, if all of it is there.
fn first_batch(records: &[u8]) -> Result<Option<(usize, i8)>, AppendError> {
    let Some(start) = records.first_chunk::<17>() else { return Ok(None) };
    let length = i32::from_be_bytes([start[8], start[9], start[10], start[11]]);
    // 14 is the smallest record of any format, as in Kafka: below it, the length itself is damaged.
    if length < 14 {
        return Err(AppendError::CorruptMessage("the length is smaller than any record"));
    }
    let magic = start[16] as i8;
    if !(0..=MAGIC_V2).contains(&magic) {
        return Err(AppendError::CorruptMessage("the magic byte is unknown"));
    }
    let size = LOG_OVERHEAD + length as usize;
    Ok((size <= records.len()).then_some((size, magic)))
}

/// Kafka's `LogValidator.validateBatch` for a batch from a client.
fn check_header(header: &BatchHeader) -> Result<(), AppendError> {
    if header.last_offset_delta < 0 {
        return Err(AppendError::InvalidRecord("the offset range is invalid"));
    }
    if header.record_count <= 0 {
        return Err(AppendError::InvalidRecord("the record count is invalid"));
    }
    if i64::from(header.last_offset_delta) + 1 != i64::from(header.record_count) {
        return Err(AppendError::InvalidRecord("the offset range does not fit the record count"));
    }
    if header.is_control() {
        return Err(AppendError::InvalidRecord("clients are not allowed to write control records"));
    }
    if header.producer_id >= 0 && header.base_sequence < 0 {
        return Err(AppendError::InvalidRecord("a batch with a producer id needs a sequence number"));
    }
    Ok(())
}
