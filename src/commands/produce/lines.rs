//! The lines of a file or of standard input, at constant memory. Many are read at once, and a line is lent from there:
//! bulk input is neither copied nor allocated line by line.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

/// A longer line is no record: brokers take about 1 MB.
const LONGEST_LINE: usize = 64 << 20;
/// Bytes that are asked for at once.
const CHUNK: usize = 64 << 10;

/// Lines, without their ends. A last line without an end is a line too.
pub(super) struct Lines {
    input: Box<dyn Read + Send>,
    /// What was read: lines that were given, whole lines, the beginning of the next one, unused space.
    buffer: Vec<u8>,
    given: usize,
    whole: usize,
    read: usize,
    /// Whether the whole lines are UTF-8, which is told of all together in a fraction of the time.
    are_text: bool,
    number: u64,
}

/// A line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    /// From 1.
    pub(super) number: u64,
    /// Whether it is UTF-8.
    pub(super) is_text: bool,
}

impl Lines {
    pub(super) fn of(input: impl Read + Send + 'static) -> Self {
        let input = Box::new(input);
        Self { input, buffer: Vec::new(), given: 0, whole: 0, read: 0, are_text: true, number: 0 }
    }

    /// The next line, once it is there; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        if self.given == self.whole {
            self.read_more()?;
        }
        let lines = &self.buffer[self.given..self.whole];
        if lines.is_empty() {
            return Ok(None);
        }
        let end = memchr(b'\n', lines);
        let bytes = &lines[..end.unwrap_or(lines.len())];
        self.given += bytes.len() + usize::from(end.is_some());
        self.number += 1;
        let is_text = self.are_text || std::str::from_utf8(bytes).is_ok();
        Ok(Some(Line { bytes, number: self.number, is_text }))
    }

    /// Reads until there is a whole line, or nothing more to read.
    fn read_more(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.whole..self.read, 0);
        self.read -= self.whole;
        (self.given, self.whole) = (0, 0);
        while self.whole == 0 {
            if self.read > LONGEST_LINE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line of more than 64 MiB"));
            }
            let space = self.read..self.read + CHUNK;
            self.buffer.resize(self.buffer.len().max(space.end), 0);
            let count = match self.input.read(&mut self.buffer[space]) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let new = self.read;
            self.read += count;
            match memrchr(b'\n', &self.buffer[new..self.read]) {
                Some(end) => self.whole = new + end + 1,
                None if count == 0 => {
                    self.whole = self.read;
                    break;
                }
                None => {}
            }
        }
        self.are_text = std::str::from_utf8(&self.buffer[..self.whole]).is_ok();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most so many bytes at once.
    struct Drip(&'static [u8], usize);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    fn lines(text: &'static [u8], at_once: usize) -> Vec<String> {
        let mut lines = Lines::of(Drip(text, at_once));
        let one = || lines.next().unwrap().map(|line| String::from_utf8(line.bytes.to_vec()).unwrap());
        std::iter::from_fn(one).collect()
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
    fn a_line_of_bytes_does_not_make_bytes_of_its_neighbours() {
        for at_once in 1..12 {
            let mut lines = Lines::of(Drip("é\n\u{fffd}\n".as_bytes(), at_once));
            assert!(lines.next().unwrap().unwrap().is_text);
            let mut lines = Lines::of(Drip(b"\xc3\xa9\n\xc3\nok\n\xa9", at_once));
            let mut next = || lines.next().unwrap().map(|line| (line.number, line.is_text));
            let found: Vec<_> = std::iter::from_fn(&mut next).collect();
            assert_eq!(found, [(1, true), (2, false), (3, true), (4, false)]);
        }
    }

    #[test]
    fn an_endless_line_is_refused() {
        let error = Lines::of(io::repeat(b'a')).next().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
