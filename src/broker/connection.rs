//! One connection: cuts the byte stream into frames, serves one request at a time, answers in order.

use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::answer::{Transport, Unsent};
use super::config::Settings;
use super::dispatch::{self, Outcome};
use super::sasl::{Framing, Gate};
use super::session::Session;
use super::shared::Shared;

/// What is read ahead of knowing that it will come; also what an idle connection may keep.
const READ_AHEAD: usize = 8 * 1024;

/// How long a stopping broker waits for a client to take the answer that is on its way.
const LAST_ANSWER: Duration = Duration::from_secs(2);

/// The bounds of a connection.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// `socket.request.max.bytes`
    request: usize,
    /// `sasl.server.max.receive.size`: the bound before a login.
    login: usize,
    /// `connections.max.idle.ms`; none: for ever.
    idle: Option<Duration>,
    /// `connection.failed.authentication.delay.ms`
    refusal_delay: Duration,
}

impl Limits {
    pub(super) fn new(settings: &Settings) -> Limits {
        Limits {
            request: settings.socket_request_max_bytes,
            login: settings.sasl_server_max_receive_size,
            idle: u64::try_from(settings.connections_max_idle_ms).ok().map(Duration::from_millis),
            refusal_delay: Duration::from_millis(settings.connection_failed_authentication_delay_ms),
        }
    }
}

/// Serves a connection until the client leaves, breaks a rule, or the broker stops.
pub(super) async fn serve(
    stream: &mut impl Transport,
    mut session: Session,
    limits: &Limits,
    shared: &Shared,
) {
    let mut buffer = BytesMut::new();
    loop {
        let largest = if session.principal().is_some() { limits.request } else { limits.login };
        let frame = tokio::select! {
            () = shared.stop.cancelled() => return,
            frame = within(limits.idle, read_frame(stream, &mut buffer, largest)) => frame,
        };
        let Ok(Some(frame)) = frame else { return };
        let outcome = match session.gate {
            Gate::Proving { framing: Framing::Raw, .. } => dispatch::raw_token(shared, &mut session, &frame),
            _ => dispatch::request(shared, &mut session, frame),
        };
        let (answer, close) = match outcome {
            Outcome::Answer(answer) => (Some(answer), false),
            Outcome::Silent => (None, false),
            Outcome::Close => return,
            Outcome::Refuse(answer) => {
                tokio::select! {
                    () = shared.stop.cancelled() => return,
                    () = tokio::time::sleep(limits.refusal_delay) => (answer, true),
                }
            }
            Outcome::Wait(answer) => tokio::select! {
                () = shared.stop.cancelled() => return,
                () = closed_by_client(stream, &mut buffer) => return,
                answer = answer => match answer {
                    Some(answer) => (Some(answer), false),
                    // Nobody is left who could answer.
                    None => return,
                },
            },
        };
        if let Some(answer) = answer {
            let written = tokio::select! {
                written = within(limits.idle, answer.send(stream)) => written,
                () = shared.stopped_for(LAST_ANSWER) => return,
            };
            match written {
                Ok(()) => {}
                Err(Unsent::Connection) => return,
                Err(Unsent::Log(event)) => {
                    shared.events.emit(|| event);
                    return;
                }
            }
        }
        if close {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// Ends when the client is gone. What it has sent meanwhile is kept for its turn; it hides the client's going, and this
/// never ends. So no more than one read is ahead of the request that waits.
async fn closed_by_client(stream: &mut (impl AsyncRead + Unpin), buffer: &mut BytesMut) {
    if buffer.is_empty() {
        // One byte would do; what is there already is used.
        buffer.reserve(1);
        if !matches!(stream.read_buf(buffer).await, Ok(1..)) {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// The next frame without its length, or none when the client has closed.
///
/// The length is a claim: memory grows with the bytes that have really come.
async fn read_frame(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut BytesMut,
    largest: usize,
) -> io::Result<Option<Bytes>> {
    loop {
        if let Some(length) = buffer.first_chunk().map(|prefix| i32::from_be_bytes(*prefix)) {
            let length = usize::try_from(length).ok().filter(|length| *length <= largest);
            let length = length.ok_or(io::ErrorKind::InvalidData)?;
            if buffer.len() - 4 >= length {
                buffer.advance(4);
                return Ok(Some(buffer.split_to(length).freeze()));
            }
            let missing = length + 4 - buffer.len();
            buffer.reserve(missing.min(READ_AHEAD.max(buffer.len() * 3)));
        } else {
            buffer.reserve(READ_AHEAD);
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

async fn within<T, E: From<io::Error>>(
    limit: Option<Duration>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match limit {
        Some(limit) => timeout(limit, work)
            .await
            .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into())),
        None => work.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpStream};

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (client, listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn frames_are_cut_wherever_the_network_cuts_them() {
        let (mut client, mut server) = pair().await;
        client.write_all(b"\0\0\0\x03abc\0\0\0\x02d").await.unwrap();
        let mut buffer = BytesMut::new();
        assert_eq!(read_frame(&mut server, &mut buffer, 10).await.unwrap().unwrap(), "abc");
        client.write_all(b"e").await.unwrap();
        assert_eq!(read_frame(&mut server, &mut buffer, 10).await.unwrap().unwrap(), "de");
        drop(client);
        assert_eq!(read_frame(&mut server, &mut buffer, 10).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_length_allocates_nothing_before_its_bytes_come() {
        let (mut client, mut server) = pair().await;
        client.write_all(&[0x7f, 0xff, 0xff, 0xff, 1, 2, 3]).await.unwrap();
        drop(client);
        let mut buffer = BytesMut::new();
        assert_eq!(read_frame(&mut server, &mut buffer, usize::MAX).await.unwrap(), None);
        assert!(buffer.capacity() <= 4 * READ_AHEAD, "{}", buffer.capacity());
    }

    #[tokio::test]
    async fn a_length_beyond_the_limit_or_below_zero_is_refused_at_once() {
        for prefix in [[0, 0, 0, 11], [0xff; 4]] {
            let (mut client, mut server) = pair().await;
            client.write_all(&prefix).await.unwrap();
            let error = read_frame(&mut server, &mut BytesMut::new(), 10).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
