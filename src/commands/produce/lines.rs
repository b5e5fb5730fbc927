//! The lines of a file or of standard input as records, at constant memory. Whole lines travel in one block of bytes,
//! and a record is a slice of it: bulk input is neither copied nor allocated line by line.

use std::io::{self, Read};
use std::thread::JoinHandle;
use std::{panic, vec};

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::{memchr, memrchr};
use tokio::sync::mpsc;

use crate::error::{Error, Result};

/// A longer line is no record: brokers take about 1 MB.
const LONGEST_LINE: usize = 64 << 20;
/// Bytes that are asked for at once; lines that are there already travel together.
const CHUNK: usize = 64 << 10;

/// What the lines are made into, ahead and on a thread of its own: a terminal or a pipe may never answer, and whoever
/// writes many records has enough to do. It holds two blocks at most.
pub(super) struct Ahead<T> {
    blocks: mpsc::Receiver<Result<Vec<T>>>,
    /// What is left of the block that was received last.
    block: vec::IntoIter<T>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Ahead<T> {
    /// Begins to read. `made` gets each line without its end, and its number from 1; what it refuses is the end, as is
    /// what cannot be read.
    pub(super) fn of(
        mut input: impl Read + Send + 'static,
        mut made: impl FnMut(Bytes, u64) -> Result<Option<T>> + Send + 'static,
        unreadable: impl FnOnce(io::Error) -> Error + Send + 'static,
    ) -> Result<Self> {
        let (sender, blocks) = mpsc::channel(2);
        let thread = std::thread::Builder::new().name("input".to_owned()).spawn(move || {
            let (mut rest, mut number) = (BytesMut::new(), 0);
            let failure = loop {
                let mut block = match next_block(&mut input, &mut rest) {
                    Ok(Some(block)) => block,
                    Ok(None) => return,
                    Err(problem) => break unreadable(problem),
                };
                let (mut all, mut refused) = (Vec::new(), None);
                while !block.is_empty() && refused.is_none() {
                    number += 1;
                    match made(first_line(&mut block), number) {
                        Ok(one) => all.extend(one),
                        Err(error) => refused = Some(error),
                    }
                }
                if sender.blocking_send(Ok(all)).is_err() {
                    return;
                }
                if let Some(error) = refused {
                    break error;
                }
            };
            // Nobody may listen any more, and then nobody misses it.
            sender.blocking_send(Err(failure)).ok();
        })?;
        Ok(Self { blocks, block: Vec::new().into_iter(), thread: Some(thread) })
    }

    /// The next one, if it needs no waiting.
    pub(super) fn ready(&mut self) -> Option<T> {
        self.block.next()
    }

    /// Waits for more; false at the end. May be dropped while it waits.
    ///
    /// # Panics
    /// If the thread did: that is no end of the input.
    pub(super) async fn wait(&mut self) -> Result<bool> {
        match self.blocks.recv().await {
            None => match self.thread.take().map(JoinHandle::join) {
                Some(Err(panicked)) => panic::resume_unwind(panicked),
                _ => Ok(false),
            },
            Some(block) => {
                self.block = block?.into_iter();
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
    fn what_stands_before_a_refused_line_comes_first() {
        let made = |line: Bytes, number| match &line[..] {
            b"" => Ok(None),
            b"bad" => Err(Error::usage(format!("line {number}"))),
            line => Ok(Some(line.to_vec())),
        };
        let unreadable = |problem| Error::usage(format!("{problem}"));
        let mut ahead = Ahead::of(&b"one\n\ntwo\nbad\nthree\n"[..], made, unreadable).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(ahead.wait()).unwrap());
        assert_eq!(std::iter::from_fn(|| ahead.ready()).collect::<Vec<_>>(), [b"one", b"two"]);
        assert!(runtime.block_on(ahead.wait()).unwrap_err().to_string().contains("line 4"));
        assert!(!runtime.block_on(ahead.wait()).unwrap(), "that is the end");
    }

    #[test]
    #[should_panic(expected = "no line can be read")]
    fn what_breaks_the_thread_is_not_taken_for_the_end() {
        let made = |_: Bytes, _| -> Result<Option<()>> { panic!("no line can be read") };
        let unreadable = |problem| Error::usage(format!("{problem}"));
        let mut ahead = Ahead::of(&b"one\n"[..], made, unreadable).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(ahead.wait()).ok();
    }

    #[test]
    fn an_endless_line_is_refused() {
        let error = next_block(&mut io::repeat(b'a'), &mut BytesMut::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
