//! One partition's log: an ordered list of segments that is appended to at one end and deleted from at the other.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::batch::{Batch, BatchHeader, CRC_START, HEADER_LEN, NO_TIMESTAMP, stored_prefix};
use super::checkpoint::Checkpoint;
use super::config::{LogConfig, TimestampType};
use super::epochs::LeaderEpochs;
use super::error::{AppendError, ReadError};
use super::producers::Producers;
use super::recovery::{Damage, Recovery, recover};
use super::segment::Segment;
use super::slice::Slice;

/// The log of one partition, on disk or in memory.
///
/// Offsets are given out without gaps, in the order of the appends. All methods are short enough to be called under
/// the broker's lock; the bytes of a read are fetched afterwards through the [`Slice`].
#[derive(Debug)]
pub struct PartitionLog {
    pub(super) config: Arc<LogConfig>,
    /// `None`: the log lives in memory.
    dir: Option<Arc<Path>>,
    /// Finished segments, oldest first.
    pub(super) sealed: Vec<Segment>,
    /// The segment that is appended to.
    pub(super) active: Segment,
    /// When the active segment began, by the broker's clock, milliseconds.
    active_since: i64,
    /// The first offset that may be read.
    pub(super) log_start_offset: i64,
    pub(super) epochs: LeaderEpochs,
    pub(super) producers: Producers,
    /// Records before this offset were compacted already.
    pub(super) clean_until: i64,
    /// Cleared when compaction met what it could not read.
    pub(super) is_cleanable: bool,
    /// Records appended since the file was last synced.
    unflushed: u64,
    /// Set when a failed append could not be undone; the next append has to begin with that.
    torn: bool,
    /// Log start and end as of the last checkpoint: without a change none is written.
    checkpointed: Option<(i64, i64)>,
}

/// Where a batch was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Offset of the first record.
    pub base_offset: i64,
    /// Offset of the last record.
    pub last_offset: i64,
    /// The broker's timestamp with `LogAppendTime`, the largest timestamp of the batch if it is a repetition, else −1;
    /// milliseconds since 1970.
    pub log_append_time_ms: i64,
    /// The first offset of the log.
    pub log_start_offset: i64,
    /// Whether an idempotent producer repeated itself: nothing was appended, the offsets are those of the first time.
    pub duplicate: bool,
}

impl PartitionLog {
    /// Opens the log in `dir`, which is created if need be, and says what a crash had left behind.
    ///
    /// `now_ms`: the broker's clock, milliseconds since 1970.
    pub fn open(dir: &Path, config: Arc<LogConfig>, now_ms: i64) -> io::Result<(PartitionLog, Recovery)> {
        PartitionLog::open_unless(Damage::SetAside, dir, config, now_ms)
    }

    /// The same, but a log with good batches behind a damaged one is left as it is: an error that holds [`Inside`].
    ///
    /// [`Inside`]: super::Inside
    pub(super) fn open_undamaged(
        dir: &Path,
        config: Arc<LogConfig>,
        now_ms: i64,
    ) -> io::Result<(PartitionLog, Recovery)> {
        PartitionLog::open_unless(Damage::Refuse, dir, config, now_ms)
    }

    fn open_unless(
        damage: Damage,
        dir: &Path,
        config: Arc<LogConfig>,
        now_ms: i64,
    ) -> io::Result<(PartitionLog, Recovery)> {
        let dir: Arc<Path> = dir.into();
        std::fs::create_dir_all(&dir)?;
        let mut found = recover(&dir, config.index_interval_bytes, damage)?;
        let active = match found.segments.pop() {
            Some(last) => last,
            None => Segment::create(Some(dir.clone()), found.log_start_offset, config.index_interval_bytes)?,
        };
        let mut log = PartitionLog::new(config, Some(dir), active, now_ms);
        log.sealed = found.segments;
        log.log_start_offset = found.log_start_offset;
        log.epochs = found.epochs;
        log.producers = found.producers;
        log.clean_until = found.clean_until;
        if found.report.scanned_bytes == 0 && found.report.cut.is_none() {
            log.checkpointed = Some((log.log_start_offset, log.log_end_offset()));
        }
        // Thousands of partitions may be opened at a start, and few of them used.
        log.release_files();
        Ok((log, found.report))
    }

    /// A log that is gone when it is dropped.
    pub fn in_memory(config: Arc<LogConfig>, now_ms: i64) -> io::Result<PartitionLog> {
        let active = Segment::create(None, 0, config.index_interval_bytes)?;
        Ok(PartitionLog::new(config, None, active, now_ms))
    }

    fn new(config: Arc<LogConfig>, dir: Option<Arc<Path>>, active: Segment, now_ms: i64) -> PartitionLog {
        PartitionLog {
            config,
            dir,
            sealed: Vec::new(),
            log_start_offset: active.base_offset(),
            active,
            active_since: now_ms,
            epochs: LeaderEpochs::default(),
            producers: Producers::default(),
            clean_until: 0,
            is_cleanable: true,
            unflushed: 0,
            torn: false,
            checkpointed: None,
        }
    }

    /// The settings, as last given.
    pub fn config(&self) -> &Arc<LogConfig> {
        &self.config
    }

    /// Changes the settings for what is appended and deleted from now on.
    pub fn set_config(&mut self, config: Arc<LogConfig>) {
        self.config = config;
    }

    /// Its folder; `None` in memory.
    pub(super) fn dir(&self) -> Option<&Arc<Path>> {
        self.dir.as_ref()
    }

    /// The first offset that may be read.
    pub fn log_start_offset(&self) -> i64 {
        self.log_start_offset
    }

    /// The offset that the next record will get.
    pub fn log_end_offset(&self) -> i64 {
        self.active.next_offset()
    }

    /// The offset after the last record that may be read. With one replica that is the end of the log.
    pub fn high_watermark(&self) -> i64 {
        self.log_end_offset()
    }

    /// Bytes of all segments.
    pub fn size(&self) -> u64 {
        self.segments().map(|segment| u64::from(segment.size())).sum()
    }

    /// Number of segments, at least 1.
    pub fn segment_count(&self) -> usize {
        self.sealed.len() + 1
    }

    /// All segments, oldest first.
    pub(super) fn segments(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.sealed.iter().chain(std::iter::once(&self.active))
    }

    /// Appends one batch. On an error the log is as it was.
    ///
    /// `now_ms`: the broker's clock, milliseconds since 1970. The error's [`code`](AppendError::code) is what the
    /// producer is told.
    pub fn append(&mut self, batch: &Batch, now_ms: i64, leader_epoch: i32) -> Result<Appended, AppendError> {
        self.check(batch, now_ms)?;
        let header = batch.header();
        if let Some(sent) = self.producers.check(header)? {
            return Ok(Appended {
                base_offset: sent.base_offset,
                last_offset: sent.last_offset,
                // Kafka puts the time of the first copy here, whatever the topic's kind of timestamp.
                log_append_time_ms: sent.max_timestamp,
                log_start_offset: self.log_start_offset,
                duplicate: true,
            });
        }
        let base_offset = self.log_end_offset();
        let mut stored = BatchHeader { base_offset, leader_epoch, ..*header };
        let bytes = batch.bytes();
        match self.config.timestamp_type {
            TimestampType::CreateTime => {
                let prefix = stored_prefix(bytes, base_offset, leader_epoch);
                self.write(&stored, &prefix, &bytes[prefix.len()..], now_ms)?;
            }
            TimestampType::LogAppendTime => {
                let head = stamp(&mut stored, bytes, now_ms);
                self.write(&stored, &head, &bytes[HEADER_LEN..], now_ms)?;
            }
        }
        self.epochs.note(leader_epoch, base_offset);
        self.producers.note(&stored, now_ms);
        Ok(Appended {
            base_offset,
            last_offset: stored.last_offset(),
            log_append_time_ms: self.log_append_time(now_ms),
            log_start_offset: self.log_start_offset,
            duplicate: false,
        })
    }

    /// The rules that depend on the topic's settings.
    fn check(&self, batch: &Batch, now: i64) -> Result<(), AppendError> {
        let config = &*self.config;
        let size = batch.bytes().len();
        if size > config.max_message_bytes {
            return Err(AppendError::MessageTooLarge { size, limit: config.max_message_bytes });
        }
        if config.compact {
            match batch.keyless() {
                Ok(false) => {}
                Ok(true) => {
                    return Err(AppendError::InvalidRecord("a compacted topic needs a key on every record"));
                }
                Err(_) => {
                    return Err(AppendError::InvalidRecord(
                        "the compressed records are malformed, or more than 16 MiB",
                    ));
                }
            }
        }
        let timestamp = batch.max_timestamp();
        if config.timestamp_type == TimestampType::CreateTime {
            let ahead = timestamp.saturating_sub(now) > config.timestamp_after_max_ms;
            let oldest = batch.min_timestamp();
            let behind =
                oldest != NO_TIMESTAMP && now.saturating_sub(oldest) > config.timestamp_before_max_ms;
            if ahead || behind || batch.header().is_log_append_time() {
                let timestamp = if behind { oldest } else { timestamp };
                return Err(AppendError::InvalidTimestamp { timestamp, now });
            }
        }
        Ok(())
    }

    fn log_append_time(&self, timestamp: i64) -> i64 {
        match self.config.timestamp_type {
            TimestampType::CreateTime => NO_TIMESTAMP,
            TimestampType::LogAppendTime => timestamp,
        }
    }

    /// Writes a batch given in two parts behind the last one, in a new segment if it is time for one.
    fn write(&mut self, stored: &BatchHeader, head: &[u8], body: &[u8], now_ms: i64) -> io::Result<()> {
        if self.torn {
            self.active.repair()?;
            self.torn = false;
        }
        if self.is_full(stored, now_ms) {
            self.roll(now_ms)?;
        }
        self.active.prepare()?;
        let unflushed = self.unflushed + stored.record_count.max(0) as u64;
        let flush = unflushed >= self.config.flush_messages;
        let written =
            self.active.append(head, body).and_then(|()| if flush { self.active.sync() } else { Ok(()) });
        if let Err(error) = written {
            self.torn = self.active.repair().is_err();
            return Err(error);
        }
        self.unflushed = if flush { 0 } else { unflushed };
        self.active.note(stored);
        Ok(())
    }

    /// Whether the batch belongs into a new segment (Kafka's `LogSegment.shouldRoll`).
    fn is_full(&self, stored: &BatchHeader, now_ms: i64) -> bool {
        let segment = self.active.summary();
        if segment.size == 0 {
            return false;
        }
        // Positions are 31 bits in Kafka's index files, whatever the setting says.
        let limit = self.config.segment_bytes.min(i32::MAX as u32);
        let age = match segment.first_timestamp {
            NO_TIMESTAMP => now_ms.saturating_sub(self.active_since),
            first => stored.max_timestamp.saturating_sub(first),
        };
        segment.size.saturating_add(stored.size()) > limit
            || age > self.config.segment_ms
            || stored.last_offset() - segment.base_offset > i64::from(i32::MAX)
    }

    /// Finishes the active segment, unless it is empty, and begins a new one.
    pub(super) fn roll(&mut self, now_ms: i64) -> io::Result<()> {
        if self.active.size() == 0 {
            return Ok(());
        }
        let next = self.new_segment(self.log_end_offset())?;
        let mut finished = std::mem::replace(&mut self.active, next);
        self.active_since = now_ms;
        // Both files can be done without: the index is built again, the log scanned again.
        let _ = finished.write_index();
        self.sealed.push(finished);
        let _ = self.checkpoint();
        Ok(())
    }

    pub(super) fn new_segment(&self, base_offset: i64) -> io::Result<Segment> {
        Segment::create(self.dir.clone(), base_offset, self.config.index_interval_bytes)
    }

    /// The whole batches from the one that holds `offset` on, at most `max_bytes` of them.
    ///
    /// With `min_one_batch` the first batch is given even if it alone is larger, so that a reader always gets on.
    /// The reader skips the records before `offset`. At the high watermark there is nothing to read and no error.
    pub fn read(&self, offset: i64, max_bytes: usize, min_one_batch: bool) -> Result<Slice, ReadError> {
        let (log_start_offset, high_watermark) = (self.log_start_offset, self.high_watermark());
        if offset < log_start_offset || offset > high_watermark {
            return Err(ReadError::OffsetOutOfRange { offset, log_start_offset, high_watermark });
        }
        if offset >= self.active.base_offset() {
            return Ok(self.active.slice(offset, max_bytes, min_one_batch)?.unwrap_or_else(Slice::empty));
        }
        let after = self.sealed.partition_point(|segment| segment.base_offset() <= offset);
        for segment in self.sealed[after.saturating_sub(1)..].iter().chain([&self.active]) {
            if let Some(slice) = segment.slice(offset, max_bytes, min_one_batch)? {
                return Ok(slice);
            }
        }
        Ok(Slice::empty())
    }

    /// Waits until all that was appended is on the disk.
    pub fn flush(&mut self) -> io::Result<()> {
        self.active.sync()?;
        self.unflushed = 0;
        Ok(())
    }

    /// Writes all that a quick start needs; the clean end of a log. Without changes since the last time, nothing.
    pub fn close(&mut self) -> io::Result<()> {
        if self.checkpointed == Some((self.log_start_offset, self.log_end_offset())) {
            return Ok(());
        }
        if self.unflushed > 0 {
            self.flush()?;
        }
        self.active.write_index()?;
        self.checkpoint()
    }

    /// Closes the files until they are needed again, and forgets the indexes of finished segments: what is idle costs
    /// neither file handles nor memory.
    pub fn release_files(&mut self) {
        for segment in &mut self.sealed {
            segment.close_file();
            segment.drop_index();
        }
        self.active.close_file();
    }

    /// Notes down what is known of the segments.
    pub(super) fn checkpoint(&mut self) -> io::Result<()> {
        if let Some(dir) = &self.dir {
            let segments = self.segments().map(|segment| *segment.summary()).collect();
            let (epochs, producers) = (self.epochs.clone(), self.producers.clone());
            let clean_until = self.clean_until;
            Checkpoint::new(self.log_start_offset, segments, epochs, producers, clean_until).write(dir)?;
        }
        self.checkpointed = Some((self.log_start_offset, self.log_end_offset()));
        Ok(())
    }
}

/// The header of a batch under the broker's own timestamp, with a new checksum (Kafka's `setMaxTimestamp`).
fn stamp(stored: &mut BatchHeader, batch: &[u8], now_ms: i64) -> [u8; HEADER_LEN] {
    stored.attributes |= 0x08;
    stored.max_timestamp = now_ms;
    let mut head = [0; HEADER_LEN];
    head.copy_from_slice(&batch[..HEADER_LEN]);
    head[..8].copy_from_slice(&stored.base_offset.to_be_bytes());
    head[12..16].copy_from_slice(&stored.leader_epoch.to_be_bytes());
    head[21..23].copy_from_slice(&stored.attributes.to_be_bytes());
    head[35..43].copy_from_slice(&now_ms.to_be_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head[CRC_START..]), &batch[HEADER_LEN..]);
    stored.crc = crc;
    head[17..21].copy_from_slice(&crc.to_be_bytes());
    head
}
