//! Who listens on a port.

use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

/// What a port looks like from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port {
    /// Nothing listens.
    Free,
    /// Somebody listens.
    Busy,
}

/// Looks at a `host:port`. A name that does not resolve is an error; a host that does not answer within a second
/// counts as free, since nothing there speaks to us.
pub fn look_at(address: &str) -> io::Result<Port> {
    for socket in address.to_socket_addrs()? {
        if TcpStream::connect_timeout(&socket, Duration::from_secs(1)).is_ok() {
            return Ok(Port::Busy);
        }
    }
    Ok(Port::Free)
}

/// The process that listens on the port of a `host:port`, as `name (pid)`, where `/proc` tells. It looks at the open
/// files of every process, so ask only for an error's sake.
pub(super) fn owner(address: &str) -> Option<String> {
    let port = address.rsplit_once(':')?.1.parse().ok()?;
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| listening_inode(table, port))?;
    let wanted = format!("socket:[{inode}]");
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(pid) = process.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(files) = std::fs::read_dir(process.path().join("fd")) else { continue };
        let holds = files.flatten().any(|file| {
            std::fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == wanted.as_str())
        });
        if holds {
            let name = std::fs::read_to_string(process.path().join("comm")).ok()?;
            return Some(format!("{} ({pid})", name.trim()));
        }
    }
    None
}

/// The socket that listens on `port`, from a table of `proc(5)`.
fn listening_inode(table: &str, port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    let text = std::fs::read_to_string(table).ok()?;
    text.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let local = columns.get(1)?.rsplit_once(':')?.1;
        let listens = u16::from_str_radix(local, 16) == Ok(port) && columns.get(3) == Some(&LISTEN);
        listens.then(|| columns.get(9).map(|inode| (*inode).to_owned()))?
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_listener_is_found_with_its_process() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        assert_eq!(look_at(&address).unwrap(), Port::Busy);
        if cfg!(target_os = "linux") {
            assert_eq!(
                owner(&address).unwrap().rsplit_once('(').unwrap().1,
                format!("{})", std::process::id())
            );
        }
        drop(listener);
        assert_eq!(look_at(&address).unwrap(), Port::Free);
    }
}
