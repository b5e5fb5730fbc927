//! The answer to a request: bytes in memory, and stretches of the log that stay in their files until they are sent.
//!
//! Linux sends a stretch from the file's pages (`sendfile`, as Kafka does: `TransferableRecords`); elsewhere, and under
//! TLS, it goes through a small buffer. So a client that asks for much and reads slowly holds little of our memory.

use std::io;

use kafka_protocol::messages::TopicName;
#[cfg(target_os = "linux")]
use tokio::io::Interest;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::event::Event;
use super::fetches;
use super::log::Stretch;

/// How much of a stretch is in memory at once where it must be copied: four records of TLS.
const COPIED_AT_ONCE: usize = 64 * 1024;

/// How many stretches an answer has at most: a client that does not read keeps their files open.
const MOST_PARTS: usize = 16;

/// A whole frame, from its length on.
#[derive(Debug, Default)]
pub struct Answer {
    /// What is in memory.
    pub(super) bytes: Vec<u8>,
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
    fn unreadable(&self, error: io::Error) -> Unsent {
        Unsent::Log(fetches::unreadable(&self.topic, self.partition, &error.into()))
    }
}

impl Answer {
    /// Whether what is still to come must be in memory.
    pub(super) fn is_full(&self) -> bool {
        self.parts.len() >= MOST_PARTS
    }

    /// Appends a stretch of a partition behind the bytes that are there now.
    pub(super) fn push(&mut self, stretch: Stretch, topic: TopicName, partition: i32) {
        self.parts.push(Part { before: self.bytes.len(), stretch, topic, partition });
    }

    /// Bytes on the wire.
    pub(super) fn size(&self) -> usize {
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
#[derive(Debug)]
pub(super) enum Unsent {
    /// The client is gone, or takes nothing.
    Connection,
    /// The log's file does not give what was written to it: what to tell of it.
    Log(Event),
}

impl From<io::Error> for Unsent {
    fn from(_: io::Error) -> Unsent {
        Unsent::Connection
    }
}

impl From<Vec<u8>> for Answer {
    fn from(bytes: Vec<u8>) -> Answer {
        Answer { bytes, parts: Vec::new() }
    }
}

/// What a connection goes over.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin {
    /// Sends a part that is in a file.
    async fn send_file(&mut self, part: &Part) -> Result<(), Unsent> {
        copy(part, 0, self).await
    }
}

impl Transport for TcpStream {
    #[cfg(target_os = "linux")]
    async fn send_file(&mut self, part: &Part) -> Result<(), Unsent> {
        let mut sent = 0;
        while sent < part.stretch.size() {
            match self.async_io(Interest::WRITABLE, || part.stretch.send(sent, &self)).await {
                Ok(more @ 1..) => sent += more,
                // The file's fault, the socket's, or a file system that cannot: copying shows which.
                Ok(0) | Err(_) => return copy(part, sent, self).await,
            }
        }
        Ok(())
    }
}

impl Transport for TlsStream<TcpStream> {}

/// Sends what comes after the first `sent` bytes of a part.
async fn copy(
    part: &Part,
    mut sent: usize,
    to: &mut (impl AsyncWrite + Unpin + ?Sized),
) -> Result<(), Unsent> {
    let size = part.stretch.size();
    let mut buffer = vec![0; (size - sent).min(COPIED_AT_ONCE)];
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

    /// A file of `len` bytes, and the answer that has "a", all of the file but its first byte, "b", its first three
    /// bytes, and "c".
    fn large(len: usize) -> (tempfile::TempDir, Vec<u8>, Answer) {
        // Not alike in any two buffers or pages.
        let bytes: Vec<u8> = (0..len).map(|index| (index / 251) as u8).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, &bytes).unwrap();
        let file = Arc::new(std::fs::File::open(path).unwrap());
        let name = TopicName("orders".to_owned().into());
        let mut answer = Answer::from(b"a".to_vec());
        answer.push(Stretch::new(Arc::clone(&file), 1, LARGE - 1), name.clone(), 2);
        answer.bytes.push(b'b');
        answer.push(Stretch::new(file, 0, 3), name, 2);
        answer.bytes.push(b'c');
        let expected = [b"a", &bytes[1..], b"b", &bytes[..3], b"c"].concat();
        assert_eq!(answer.size(), LARGE - 1 + 3 + 3);
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

    async fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (client, listener.accept().await.unwrap().0)
    }

    async fn over_tcp(answer: &Answer) -> (Result<(), Unsent>, Vec<u8>) {
        let (client, server) = connected().await;
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
    async fn a_file_that_was_cut_is_named() {
        let (_folder, expected, answer) = large(LARGE / 2);
        for (result, received) in [over_tcp(&answer).await, copied(&answer).await] {
            let Err(Unsent::Log(Event::Trouble(told))) = result else { panic!("{result:?}") };
            assert!(told.starts_with("orders-2: the log could not be read"), "{told}");
            assert!(expected.starts_with(&received));
        }
    }

    #[tokio::test]
    async fn a_client_that_left_is_no_fault_of_the_log() {
        let (_folder, _, answer) = large(LARGE);
        let (client, server) = tokio::io::duplex(100_000);
        drop(client);
        let result = answer.send(&mut BufWriter::new(server)).await;
        assert!(matches!(result, Err(Unsent::Connection)), "{result:?}");
        let (client, mut server) = connected().await;
        drop(client);
        let result = answer.send(&mut server).await;
        assert!(matches!(result, Err(Unsent::Connection)), "{result:?}");
    }
}
