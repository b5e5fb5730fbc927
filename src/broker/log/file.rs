//! Reads and writes at a position, alike on Unix and Windows.

use std::fs::File;
use std::io;
use std::path::Path;

/// Fills `buf` from the byte `position` on.
#[cfg(unix)]
pub(super) fn read_exact_at(file: &File, buf: &mut [u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buf, position)
}

/// Fills `buf` from the byte `position` on.
#[cfg(windows)]
pub(super) fn read_exact_at(file: &File, mut buf: &mut [u8], mut position: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buf, position)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buf = &mut buf[read..];
                position += read as u64;
            }
        }
    }
    Ok(())
}

/// Opens a log file for reading and for [`append`], creating it if need be. An error names the file: there are many.
pub(super) fn open_log(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    #[cfg(unix)]
    options.read(true).append(true).create(true);
    #[cfg(windows)]
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Writes `head` and `body` to the end of a file from [`open_log`], which is at `end`. Usually one system call; neither
/// part is copied together with the other first.
#[cfg(unix)]
pub(super) fn append(mut file: &File, _end: u64, head: &[u8], body: &[u8]) -> io::Result<()> {
    use io::{IoSlice, Write};
    let mut written = 0;
    while written < head.len() + body.len() {
        let slices = [
            IoSlice::new(&head[written.min(head.len())..]),
            IoSlice::new(&body[written.saturating_sub(head.len())..]),
        ];
        match file.write_vectored(&slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes `head` and `body` to the end of a file from [`open_log`], which is at `end`.
#[cfg(windows)]
pub(super) fn append(file: &File, mut end: u64, head: &[u8], body: &[u8]) -> io::Result<()> {
    for mut part in [head, body] {
        while !part.is_empty() {
            match std::os::windows::fs::FileExt::seek_write(file, part, end)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => {
                    part = &part[written..];
                    end += written as u64;
                }
            }
        }
    }
    Ok(())
}

/// Makes the names in a folder durable (after a rename); Windows has no such call.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
