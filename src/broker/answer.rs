//! The answer to a request: bytes in memory, and stretches of the log that stay in their files until they are sent.
//!
//! Linux sends a stretch from the file's pages (`sendfile`, as Kafka does: `TransferableRecords`); elsewhere, and under
//! TLS, it goes through a small buffer. Either way it is never in memory as a whole, however much is fetched.

use std::io;

use kafka_protocol::messages::TopicName;
#[cfg(target_os = "linux")]
use tokio::io::Interest;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::log::Stretch;

/// How much of a stretch is in memory at once where it must be copied: four records of TLS.
const COPIED_AT_ONCE: usize = 64 * 1024;

/// A whole frame, from its length on.
#[derive(Debug, Default)]
pub struct Answer {
    /// What is in memory.
    pub bytes: Vec<u8>,
    /// What is not.
    parts: Vec<Part>,
}

/// A stretch that goes between the bytes.
#[derive(Debug)]
pub(super) struct Part {
    /// How many of the bytes go before it.
    before: usize,
    stretch: Stretch,
    topic: TopicName,
    partition: i32,
}

impl Part {
    fn unreadable(&self, source: io::Error) -> Unsent {
        Unsent::Log { of: format!("{}-{}", &*self.topic.0, self.partition), source }
    }
}

impl Answer {
    /// Appends a stretch of a partition behind the bytes that are there now.
    pub fn push(&mut self, stretch: Stretch, topic: TopicName, partition: i32) {
        self.parts.push(Part { before: self.bytes.len(), stretch, topic, partition });
    }

    /// Bytes on the wire.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.parts.iter().map(|part| part.stretch.size()).sum::<usize>()
    }

    /// Sends all of it. After an error the client has a part of a frame, and only the end of the connection tells it.
    pub(super) async fn send(&self, to: &mut impl Transport) -> Result<(), Unsent> {
        let mut sent = 0;
        for part in &self.parts {
            to.write_all(&self.bytes[sent..part.before]).await?;
            to.send_file(part).await?;
            sent = part.before;
        }
        to.write_all(&self.bytes[sent..]).await?;
        // Nothing to do for a socket; TLS may still hold the end of it.
        to.flush().await?;
        Ok(())
    }
}

/// Why an answer was not sent to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsent {
    /// The client is gone, or takes nothing.
    #[error("the connection: {0}")]
    Connection(#[from] io::Error),
    /// The log's file does not give what was written to it.
    #[error("{of}: the log could not be read: {source}")]
    Log {
        /// Topic and partition.
        of: String,
        /// The disk's words.
        source: io::Error,
    },
}

impl From<Vec<u8>> for Answer {
    fn from(bytes: Vec<u8>) -> Answer {
        Answer { bytes, parts: Vec::new() }
    }
}

/// What a connection goes over.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send {
    /// Sends a part that is in a file.
    fn send_file(&mut self, part: &Part) -> impl Future<Output = Result<(), Unsent>> + Send {
        copy(part, self)
    }
}

impl Transport for TcpStream {
    #[cfg(target_os = "linux")]
    async fn send_file(&mut self, part: &Part) -> Result<(), Unsent> {
        let mut sent = 0;
        while sent < part.stretch.size() {
            match self.async_io(Interest::WRITABLE, || part.stretch.send(sent, &self)).await? {
                0 => return Err(part.unreadable(io::ErrorKind::UnexpectedEof.into())),
                more => sent += more,
            }
        }
        Ok(())
    }
}

impl Transport for TlsStream<TcpStream> {}

async fn copy(part: &Part, to: &mut (impl AsyncWrite + Unpin + ?Sized)) -> Result<(), Unsent> {
    let size = part.stretch.size();
    let mut buffer = vec![0; size.min(COPIED_AT_ONCE)];
    let mut sent = 0;
    while sent < size {
        let now = &mut buffer[..(size - sent).min(COPIED_AT_ONCE)];
        part.stretch.read(sent, now).map_err(|error| part.unreadable(error))?;
        to.write_all(now).await?;
        sent += now.len();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt as _;
    use tokio::io::{AsyncReadExt, BufWriter, DuplexStream};
    use tokio::net::TcpListener;

    use super::*;

    /// As TLS does, this keeps what is small until it is told to let go.
    impl Transport for BufWriter<DuplexStream> {}

    /// More than any socket takes at once.
    const LARGE: usize = 20_000_000;

    /// A file of `len` bytes, and the answer that has "a", all of the file but its first byte, and "b".
    fn large(len: usize) -> (tempfile::TempDir, Vec<u8>, Answer) {
        let bytes: Vec<u8> = (0..len).map(|index| (index * 31 / 256) as u8).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, &bytes).unwrap();
        let file = Arc::new(std::fs::File::open(path).unwrap());
        let mut answer = Answer::from(b"a".to_vec());
        answer.push(Stretch::new(file, 1, LARGE - 1), TopicName("orders".to_owned().into()), 2);
        answer.bytes.push(b'b');
        let expected = [b"a", &bytes[1..], b"b"].concat();
        assert_eq!(answer.size(), LARGE + 1);
        (folder, expected, answer)
    }

    async fn sent(
        mut server: impl Transport,
        mut client: impl AsyncRead + Unpin,
        answer: &Answer,
    ) -> (Result<(), Unsent>, Vec<u8>) {
        let sending = async move {
            let result = answer.send(&mut server).await;
            drop(server);
            result
        };
        let mut received = Vec::new();
        let (result, read) = tokio::join!(sending, client.read_to_end(&mut received));
        read.unwrap();
        (result, received)
    }

    async fn over_tcp(answer: &Answer) -> (Result<(), Unsent>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        sent(server, client, answer).await
    }

    async fn copied(answer: &Answer) -> (Result<(), Unsent>, Vec<u8>) {
        let (client, server) = tokio::io::duplex(100_000);
        sent(BufWriter::new(server), client, answer).await
    }

    #[tokio::test]
    async fn an_answer_is_sent_to_its_end() {
        let (mut client, server) = tokio::io::duplex(64);
        Answer::from(b"answer".to_vec()).send(&mut BufWriter::new(server)).await.unwrap();
        assert_eq!(client.read(&mut [0; 64]).now_or_never().unwrap().unwrap(), 6);
    }

    #[tokio::test]
    async fn a_stretch_of_a_file_arrives_between_the_bytes_around_it() {
        let (_folder, expected, answer) = large(LARGE);
        for (result, received) in [over_tcp(&answer).await, copied(&answer).await] {
            result.unwrap();
            assert!(received == expected, "{} bytes of {}", received.len(), expected.len());
        }
    }

    #[tokio::test]
    async fn a_file_that_was_cut_is_told_apart_from_a_client_that_left() {
        let (_folder, expected, answer) = large(LARGE / 2);
        for (result, received) in [over_tcp(&answer).await, copied(&answer).await] {
            assert!(result.unwrap_err().to_string().starts_with("orders-2: the log could not be read"));
            assert!(expected.starts_with(&received));
        }
        let (client, server) = tokio::io::duplex(100_000);
        drop(client);
        let result = answer.send(&mut BufWriter::new(server)).await;
        assert!(matches!(result, Err(Unsent::Connection(_))), "{result:?}");
    }
}
