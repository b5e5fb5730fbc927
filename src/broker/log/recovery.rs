//! Opening a log: what is there, what can be trusted, and what a crash has left behind.
//!
//! As in Apache Kafka, only what a checkpoint does not vouch for is scanned, batch by batch with its checksum, and the
//! log is cut at the first batch that is not whole. Unlike there, nothing that still holds good batches is thrown away:
//! it is set aside under the name `….damaged`, and the report says so. A log that is worth nothing without any of its
//! batches is refused instead, as it is, see [`Damage`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::{BatchHeader, HEADER_LEN, crc_matches};
use super::checkpoint::{self, Checkpoint};
use super::epochs::LeaderEpochs;
use super::names::{log_path, remove_files, segment_name};
use super::producers::Producers;
use super::segment::{Segment, Summary};

/// Scanned in reads of this size, bytes.
const CHUNK: usize = 256 * 1024;

/// What was found when a log was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Where the log was cut, if it had to be.
    pub cut: Option<Cut>,
    /// A file that is shorter than it was when the checkpoint was written.
    pub short: Option<Short>,
    /// Files that held good batches behind the cut, now named `….damaged`.
    pub set_aside: Vec<PathBuf>,
    /// Files that do not belong to a log; they are left alone.
    pub stray: Vec<PathBuf>,
    /// Bytes that had to be read because no checkpoint vouched for them.
    pub scanned_bytes: u64,
}

/// The end of what could be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The segment's file.
    pub file: PathBuf,
    /// Its size now, bytes.
    pub position: u64,
    /// Bytes that were cut off.
    pub bytes: u64,
    /// The offset that the next record will get.
    pub next_offset: i64,
}

/// What becomes of a log in which good batches lie behind one that is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// It ends before the damage, and what lies behind is kept beside it.
    SetAside,
    /// It is not opened, and nothing is changed: [`Inside`].
    Refuse,
}

/// Damage that no crash leaves behind: a write that was torn is the last one.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} is damaged at byte {position}, which no crash explains: what follows was written whole; nothing was changed",
    .file.display()
)]
pub struct Inside {
    /// The segment's file.
    pub file: PathBuf,
    /// Where the damaged batch begins, bytes; what lies before it is good.
    pub position: u64,
}

/// The newest file has lost an end that it had when its log was noted down, or is gone. A log that is closed is on the
/// disk before, so that no crash explains it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} has {size} bytes of the {known} that it had when it was noted down in {}", .file.display(), .checkpoint.display())]
pub struct Short {
    /// The segment's file.
    pub file: PathBuf,
    /// Its size now, bytes; 0 if it is gone.
    pub size: u64,
    /// Its size then.
    pub known: u64,
    /// The offset behind its last record then.
    pub next_offset: i64,
    /// Where that stands.
    pub checkpoint: PathBuf,
}

/// A log as it lies on the disk, ready for use.
pub(super) struct Recovered {
    /// Oldest first; the last one is active.
    pub segments: Vec<Segment>,
    pub log_start_offset: i64,
    pub epochs: LeaderEpochs,
    pub producers: Producers,
    /// Records before this offset were compacted.
    pub clean_until: i64,
    pub report: Recovery,
}

/// Reads the folder of a log and brings it into order. The folder must exist.
pub(super) fn recover(dir: &Arc<Path>, index_interval: u32, damage: Damage) -> io::Result<Recovered> {
    let mut report = Recovery::default();
    let mut files = list(dir, &mut report)?;
    let checkpoint = Checkpoint::read(dir)?;
    let log_start_offset = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.log_start_offset);
    let last_known = checkpoint.as_ref().and_then(|checkpoint| checkpoint.segments.last());
    // Offsets are never given out twice, even if all files are gone.
    let if_empty = last_known.map_or(log_start_offset, |last| last.next_offset.max(log_start_offset));
    report.short = last_known.and_then(|last| shortened(dir, last, &files));
    if let Some(short) = report.short.clone().filter(|_| damage == Damage::Refuse) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, short));
    }
    remove_unreadable(dir, &mut files, log_start_offset)?;
    let checkpoint = checkpoint.filter(|checkpoint| fits(checkpoint, &files));
    let (known, epochs, producers, clean_until) = match checkpoint {
        Some(known) => (known.segments, known.epochs, known.producers, known.clean_until),
        None => Default::default(),
    };
    let mut found =
        Recovered { segments: Vec::new(), log_start_offset, epochs, producers, clean_until, report };
    let mut files = files.into_iter();
    while let Some((base_offset, size)) = files.next() {
        if found.segments.last().is_some_and(|before: &Segment| base_offset < before.next_offset()) {
            // Compaction was interrupted: the segment before is the copy that covers this one.
            remove_files(dir, base_offset)?;
            continue;
        }
        let summary = known.iter().find(|summary| summary.base_offset == base_offset);
        let mut segment = match summary {
            Some(summary) => Segment::existing(dir.clone(), *summary, index_interval),
            None => Segment::existing(dir.clone(), Summary::empty(base_offset), index_interval),
        };
        // A copy of compaction takes the place of segments before the newest one, never of that.
        let newest = files.as_slice().last().map(|(base_offset, _)| *base_offset);
        let whole = found.scan(&mut segment, size, newest)?;
        if !whole {
            if damage == Damage::Refuse && found.is_damaged_inside(&segment, size, newest.is_some())? {
                let (file, position) = (log_path(dir, base_offset), u64::from(segment.size()));
                return Err(io::Error::new(io::ErrorKind::InvalidData, Inside { file, position }));
            }
            found.cut(dir, &segment, size)?;
        }
        found.segments.push(segment);
        if !whole {
            break;
        }
    }
    let was_older = !files.as_slice().is_empty();
    for (base_offset, _) in files {
        found.set_aside(&log_path(dir, base_offset))?;
    }
    if let Some(next_offset) =
        found.segments.last().filter(|last| was_older && last.size() > 0).map(Segment::next_offset)
    {
        // It may be compacted, which the newest segment never is.
        found.segments.push(Segment::create(Some(dir.clone()), next_offset, index_interval)?);
    }
    if found.segments.is_empty() {
        found.segments.push(Segment::create(Some(dir.clone()), if_empty, index_interval)?);
    }
    found.log_start_offset = log_start_offset
        .max(found.segments[0].base_offset())
        .min(found.segments[found.segments.len() - 1].next_offset());
    Ok(found)
}

/// The segments of the folder, oldest first, with their sizes.
fn list(dir: &Path, report: &mut Recovery) -> io::Result<Vec<(i64, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let segment = name.to_str().and_then(segment_name);
        match (segment, name.to_str()) {
            (Some((base_offset, "log")), _) => files.push((base_offset, entry.metadata()?.len())),
            // A copy that compaction had not finished.
            (Some((_, "log.cleaned")), _) => fs::remove_file(entry.path())?,
            // The last two are a journal's snapshots.
            (Some((_, "index" | "timeindex" | "checkpoint" | "checkpoint.part")), _) => {}
            (_, Some(checkpoint::FILE_NAME | checkpoint::PART_NAME | super::PARTITION_METADATA)) => {}
            _ => report.stray.push(entry.path()),
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Finishes a deletion that a crash interrupted: segments that end before the log begins.
fn remove_unreadable(dir: &Path, files: &mut Vec<(i64, u64)>, log_start_offset: i64) -> io::Result<()> {
    let readable_from = files.partition_point(|(base_offset, _)| *base_offset <= log_start_offset);
    for (base_offset, _) in files.drain(..readable_from.saturating_sub(1)) {
        remove_files(dir, base_offset)?;
    }
    Ok(())
}

/// The newest file, if it is shorter than the checkpoint says. One that is not the newest any more may be compacted.
fn shortened(dir: &Path, last_known: &Summary, files: &[(i64, u64)]) -> Option<Short> {
    let newest = files.last().filter(|(base_offset, _)| *base_offset >= last_known.base_offset);
    let size = match newest {
        Some((base_offset, _)) if *base_offset > last_known.base_offset => return None,
        newest => newest.map_or(0, |(_, size)| *size),
    };
    let known = u64::from(last_known.size);
    let file = log_path(dir, last_known.base_offset);
    // A folder in its place says so when it is opened.
    (size < known && !file.is_dir()).then(|| Short {
        file,
        size,
        known,
        next_offset: last_known.next_offset,
        checkpoint: dir.join(checkpoint::FILE_NAME),
    })
}

/// Whether the files can have grown from what the checkpoint saw. Retention may have deleted some of the oldest.
fn fits(checkpoint: &Checkpoint, files: &[(i64, u64)]) -> bool {
    let Some((first, last)) = files.first().zip(checkpoint.segments.last()) else { return false };
    checkpoint.segments.iter().filter(|summary| summary.base_offset >= first.0).zip(files).all(
        |(summary, (base_offset, size))| {
            let grown = summary.base_offset == last.base_offset && *size >= u64::from(summary.size);
            summary.base_offset == *base_offset && (grown || *size == u64::from(summary.size))
        },
    ) && files.iter().any(|(base_offset, _)| *base_offset == last.base_offset)
}

impl Recovered {
    /// Takes in what lies behind the part that is known; `false` if the file does not end with a whole batch.
    ///
    /// `newest`: the first offset of the newest segment, if this is not it.
    fn scan(&mut self, segment: &mut Segment, size: u64, newest: Option<i64>) -> io::Result<bool> {
        if size <= u64::from(segment.size()) {
            return Ok(size == u64::from(segment.size()));
        }
        segment.prepare()?;
        let mut buffer = Vec::new();
        let mut buffer_at = u64::from(segment.size());
        self.report.scanned_bytes += size - buffer_at;
        loop {
            let position = u64::from(segment.size());
            let at = (position - buffer_at) as usize;
            let left = size - position;
            if left == 0 {
                return Ok(true);
            }
            let wanted = BatchHeader::read(&buffer[at.min(buffer.len())..])
                .map_or(HEADER_LEN, |header| header.size() as usize);
            if wanted as u64 > left || position + wanted as u64 > i32::MAX as u64 {
                return Ok(false);
            }
            if at + wanted > buffer.len() {
                buffer.resize(wanted.max(CHUNK).min(left as usize), 0);
                segment.read_at(segment.size(), &mut buffer)?;
                buffer_at = position;
                continue;
            }
            let batch = &buffer[at..at + wanted];
            let Some(header) = BatchHeader::read(batch).filter(|header| {
                header.is_plausible()
                    && header.is_in_order(segment.base_offset(), segment.next_offset())
                    && crc_matches(batch)
            }) else {
                return Ok(false);
            };
            if !follows(segment, &header, size, newest)? {
                return Ok(false);
            }
            segment.note(&header);
            self.epochs.note(header.leader_epoch, header.base_offset);
            self.producers.note(&header, header.max_timestamp);
        }
    }

    /// Whether good batches lie behind what is known of a segment, or behind it.
    fn is_damaged_inside(&self, segment: &Segment, size: u64, more: bool) -> io::Result<bool> {
        Ok(more || holds_good_batch(&tail(segment, size)?))
    }

    /// Cuts a segment's file after its last good batch.
    fn cut(&mut self, dir: &Path, segment: &Segment, size: u64) -> io::Result<()> {
        let file = log_path(dir, segment.base_offset());
        let position = u64::from(segment.size());
        let tail = tail(segment, size)?;
        if holds_good_batch(&tail) {
            let aside = file.with_extension(format!("log.{position}.damaged"));
            fs::write(&aside, &tail)?;
            self.report.set_aside.push(aside);
        }
        segment.repair()?;
        let (bytes, next_offset) = (tail.len() as u64, segment.next_offset());
        self.report.cut = Some(Cut { file, position, bytes, next_offset });
        Ok(())
    }

    fn set_aside(&mut self, file: &Path) -> io::Result<()> {
        let aside = file.with_extension("log.damaged");
        fs::rename(file, &aside)?;
        self.report.set_aside.push(aside);
        Ok(())
    }
}

/// What a segment's file of `size` bytes has behind its last good batch.
fn tail(segment: &Segment, size: u64) -> io::Result<Vec<u8>> {
    let mut tail = vec![0; size.saturating_sub(u64::from(segment.size())) as usize];
    segment.read_at(segment.size(), &mut tail)?;
    Ok(tail)
}

/// Whether the offset of a batch, of which the checksum says nothing, can be its own. Only compaction leaves gaps: in
/// older segments, and never so that a batch reaches beyond what comes after it.
fn follows(segment: &Segment, header: &BatchHeader, size: u64, newest: Option<i64>) -> io::Result<bool> {
    if header.base_offset == segment.next_offset() {
        return Ok(true);
    }
    let end = u64::from(segment.size() + header.size());
    if newest.is_none_or(|newest| header.last_offset() >= newest) {
        return Ok(false);
    }
    if size - end < HEADER_LEN as u64 {
        return Ok(true);
    }
    let mut next = [0; HEADER_LEN];
    segment.read_at(end as u32, &mut next)?;
    Ok(BatchHeader::read(&next).is_none_or(|next| next.base_offset > header.last_offset()))
}

/// Whether `tail` holds a whole batch with a good checksum. After a torn write it can't; after damage in the middle of
/// the file, or of an offset, it does.
fn holds_good_batch(tail: &[u8]) -> bool {
    // A damaged length leads nowhere, so every byte may be the beginning of the next batch.
    (0..=tail.len().saturating_sub(HEADER_LEN)).any(|at| {
        let batch = &tail[at..];
        // The offset may be what is damaged.
        BatchHeader::read(batch).map(|header| BatchHeader { base_offset: 0, ..header }).is_some_and(
            |header| header.is_plausible() && batch.get(..header.size() as usize).is_some_and(crc_matches),
        )
    })
}
