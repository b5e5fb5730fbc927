//! The lines of a file or of standard input, at constant memory. Whole lines travel in one block of bytes, and a record
//! is a slice of it: bulk input is neither copied nor allocated line by line.

use std::io::{self, Read};

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::{memchr, memrchr};
use tokio::sync::mpsc;

use crate::error::Result;

/// A longer line is no record: brokers take about 1 MB.
const LONGEST_LINE: usize = 64 << 20;
/// Bytes that are asked for at once; lines that are there already travel together.
const CHUNK: usize = 64 << 10;

/// Lines, read ahead on a thread of its own, because a terminal or a pipe may never answer; it holds two blocks at
/// most.
pub(super) struct Lines {
    blocks: mpsc::Receiver<io::Result<Bytes>>,
    /// What is left of the block that was received last.
    block: Bytes,
    number: u64,
}

impl Lines {
    /// Begins to read.
    pub(super) fn of(mut input: impl Read + Send + 'static) -> Result<Self> {
        let (sender, blocks) = mpsc::channel(2);
        std::thread::Builder::new().name("input".to_owned()).spawn(move || {
            let mut rest = BytesMut::new();
            while let Some(block) = next_block(&mut input, &mut rest).transpose() {
                let failed = block.is_err();
                if sender.blocking_send(block).is_err() || failed {
                    return;
                }
            }
        })?;
        Ok(Self { blocks, block: Bytes::new(), number: 0 })
    }

    /// The next line without its end, and its number from 1, if it needs no waiting.
    pub(super) fn ready(&mut self) -> Option<(Bytes, u64)> {
        if self.block.is_empty() {
            return None;
        }
        self.number += 1;
        Some((first_line(&mut self.block), self.number))
    }

    /// Waits until a line is ready; false at the end. May be dropped while it waits.
    pub(super) async fn wait(&mut self) -> io::Result<bool> {
        match self.blocks.recv().await {
            None => Ok(false),
            Some(block) => {
                self.block = block?;
                Ok(true)
            }
        }
    }
}

/// Takes the first line off a block.
fn first_line(block: &mut Bytes) -> Bytes {
    match memchr(b'\n', block) {
        Some(end) => {
            let line = block.split_to(end);
            block.advance(1);
            line
        }
        None => std::mem::take(block),
    }
}

/// The whole lines of what one read gives; the beginning of the next line stays in `rest`. A last line without an
/// end is a line too.
fn next_block(input: &mut impl Read, rest: &mut BytesMut) -> io::Result<Option<Bytes>> {
    loop {
        let start = rest.len();
        rest.resize(start + CHUNK, 0);
        let read = input.read(&mut rest[start..]);
        rest.truncate(start + read.as_ref().copied().unwrap_or(0));
        match read {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
            Ok(0) => return Ok((!rest.is_empty()).then(|| rest.split().freeze())),
            Ok(_) => {}
        }
        if let Some(end) = memrchr(b'\n', &rest[start..]) {
            return Ok(Some(rest.split_to(start + end + 1).freeze()));
        }
        if rest.len() > LONGEST_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line of more than 64 MiB"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most so many bytes at once.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    fn lines(text: &[u8], at_once: usize) -> Vec<String> {
        let (mut input, mut rest, mut lines) = (Drip(text, at_once), BytesMut::new(), Vec::new());
        while let Some(mut block) = next_block(&mut input, &mut rest).unwrap() {
            while !block.is_empty() {
                lines.push(String::from_utf8(first_line(&mut block).to_vec()).unwrap());
            }
        }
        lines
    }

    #[test]
    fn lines_survive_any_size_of_reads() {
        for at_once in 1..16 {
            assert_eq!(lines(b"one\n\ntwo three\nlast", at_once), ["one", "", "two three", "last"]);
            assert_eq!(lines(b"a\n", at_once), ["a"]);
            assert_eq!(lines(b"\n\n", at_once), ["", ""]);
            assert!(lines(b"", at_once).is_empty());
        }
    }

    #[test]
    fn an_endless_line_is_refused() {
        let error = next_block(&mut io::repeat(b'a'), &mut BytesMut::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
