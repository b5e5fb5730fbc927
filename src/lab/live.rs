//! The door to what the embedded broker sees: a loopback socket whose address and password stand in a file of the lab
//! home, so that only whoever may read the lab home may listen. Each line is one event in JSON.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;

/// How long a broker of this machine may take to open.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the door is, and what opens it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Door {
    /// `host:port`, on this machine.
    pub address: String,
    /// What a listener must say first, on a line of its own.
    pub password: String,
}

impl Door {
    /// Writes the door down, for the owner of the lab home only.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        let new = file.with_extension("new");
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&new)?.write_all(serde_json::to_string(self)?.as_bytes())?;
        fs::rename(&new, file)
    }

    /// The door that a broker wrote down.
    pub fn read(file: &Path) -> io::Result<Self> {
        Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
    }

    /// Goes through: the lines that follow are events. They end when the broker does.
    pub async fn open(&self) -> io::Result<Lines<BufReader<TcpStream>>> {
        let open = async {
            let mut stream = TcpStream::connect(&self.address).await?;
            stream.write_all(format!("{}\n", self.password).as_bytes()).await?;
            Ok(BufReader::new(stream).lines())
        };
        tokio::time::timeout(PATIENCE, open).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}
