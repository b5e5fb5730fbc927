//! One connection: frames out, frames in, and the headers that a version needs.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes, VersionRange};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{RawError, Security, Tls, tls};
use crate::guard;

/// The largest answer that is read, in bytes; as `socket.request.max.bytes` of a broker.
const MAX_FRAME: usize = 100 * 1024 * 1024;

/// What kafkalab calls itself to a broker.
pub(super) const CLIENT_ID: &str = concat!("kafkalab/", env!("CARGO_PKG_VERSION"));

const UNSUPPORTED_VERSION: i16 = 35;

/// The version of a request's header from which on its lengths are compact (KIP-482).
const FLEXIBLE_HEADER: i16 = 2;

/// A connection to one broker, not logged in yet. One request at a time, unless [`submit`](Self::submit) is used.
#[derive(Debug)]
pub struct Connection {
    address: String,
    /// The socket, or TLS over it.
    stream: Box<dyn Stream>,
    /// Bytes that arrived and are no whole frame yet. Kept here, so that giving up waiting loses nothing.
    received: BytesMut,
    /// How long to wait for one answer.
    timeout: Duration,
    next_correlation_id: i32,
    client_id: String,
    /// What the broker answered to ApiVersions, by API key; empty until it was asked.
    versions: BTreeMap<i16, VersionRange>,
}

/// What bytes go through.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug> Stream for T {}

/// A request on its way: what is needed to read its answer.
#[derive(Debug)]
pub struct Pending<R> {
    correlation_id: i32,
    version: i16,
    request: PhantomData<R>,
}

impl Connection {
    /// Opens a connection to `host:port`. `timeout` limits this step, and every later answer.
    ///
    /// # Errors
    /// [`RawError::Resolve`], [`RawError::Refused`], [`RawError::TimedOut`] or [`RawError::Io`].
    pub async fn connect(address: &str, timeout: Duration) -> Result<Self, RawError> {
        Self::connect_with(address, None, timeout).await
    }

    /// The same through TLS, where there is a `tls`. `timeout` limits the connection and the handshake, each.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), and [`RawError::Tls`].
    pub async fn connect_with(address: &str, tls: Option<&Tls>, timeout: Duration) -> Result<Self, RawError> {
        let stream = match tokio::time::timeout(timeout, open(address)).await {
            Ok(stream) => stream?,
            Err(_) => return Err(timed_out(address, "the connection", timeout)),
        };
        // Requests are small and each waits for its answer: Nagle's algorithm would only add latency.
        stream.set_nodelay(true).map_err(|source| RawError::Io { address: address.to_owned(), source })?;
        let stream: Box<dyn Stream> = match tls {
            None => Box::new(stream),
            Some(tls) => match tokio::time::timeout(timeout, tls.handshake(address, stream)).await {
                Ok(stream) => Box::new(stream?),
                Err(_) => return Err(timed_out(address, "the TLS handshake", timeout)),
            },
        };
        Ok(Self {
            address: address.to_owned(),
            stream,
            received: BytesMut::new(),
            timeout,
            next_correlation_id: 0,
            client_id: CLIENT_ID.to_owned(),
            versions: BTreeMap::new(),
        })
    }

    /// A connection that is ready for requests: secured, the broker's APIs known, and logged in.
    ///
    /// # Errors
    /// As [`connect_with`](Self::connect_with), [`api_versions`](Self::api_versions) and [`login`](Self::login).
    pub async fn open(address: &str, security: &Security, timeout: Duration) -> Result<Self, RawError> {
        Self::open_as(CLIENT_ID, address, security, timeout).await
    }

    /// The same under another `client.id` than kafkalab's own.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_as(
        client_id: &str,
        address: &str,
        security: &Security,
        timeout: Duration,
    ) -> Result<Self, RawError> {
        let mut connection = Self::connect_with(address, security.tls.as_ref(), timeout).await?;
        connection.set_client_id(client_id);
        connection.api_versions().await?;
        if let Some(login) = &security.login {
            connection.login(login).await?;
        }
        Ok(connection)
    }

    /// The `host:port` that was asked for.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Replaces the patience for every later answer.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Replaces the `client.id` of every later request (`kafkalab/<version>` from the start).
    pub fn set_client_id(&mut self, client_id: &str) {
        client_id.clone_into(&mut self.client_id);
    }

    /// Asks which APIs the broker has, and keeps the answer for [`best_version`](Self::best_version). On a SASL
    /// listener a broker allows this once, before the login.
    ///
    /// # Errors
    /// As [`send`](Self::send); [`RawError::Broker`] if the broker refuses to say.
    pub async fn api_versions(&mut self) -> Result<&BTreeMap<i16, VersionRange>, RawError> {
        let name = StrBytes::from_static_str(env!("CARGO_PKG_NAME"));
        let request = ApiVersionsRequest::default()
            .with_client_software_name(name)
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let body = self.send_for_bytes(&request, 3).await?;
        // A broker that does not know version 3 says so in the format of version 0.
        let response = if body.len() >= 2 && (&body[..2]).get_i16() == UNSUPPORTED_VERSION {
            self.send(&request, 0).await?
        } else {
            self.decode::<ApiVersionsRequest>(body, 3)?
        };
        super::BrokerError::check(response.error_code, None)?;
        self.versions = response
            .api_keys
            .iter()
            .map(|api| (api.api_key, VersionRange { min: api.min_version, max: api.max_version }))
            .collect();
        Ok(&self.versions)
    }

    /// The newest version of a request that both sides know; [`api_versions`](Self::api_versions) must have been
    /// asked before.
    ///
    /// # Errors
    /// [`RawError::Unsupported`] if the broker has no version in common with us.
    pub fn best_version<R: Request>(&self) -> Result<i16, RawError> {
        let common = self.versions.get(&R::KEY).map(|range| range.intersect(&R::VERSIONS));
        match common.filter(|range| !range.is_empty()) {
            Some(range) => Ok(range.max),
            None => Err(RawError::Unsupported(format!(
                "The broker at {} has no version of {} that kafkalab speaks.",
                self.address,
                api_name(R::KEY)
            ))),
        }
    }

    /// Sends a request in the newest version that both sides know, and returns the answer.
    ///
    /// # Errors
    /// As [`best_version`](Self::best_version) and [`send`](Self::send).
    pub async fn call<R: Request>(&mut self, request: &R) -> Result<R::Response, RawError> {
        let version = self.best_version::<R>()?;
        self.send(request, version).await
    }

    /// Sends a request in a version of the caller's choice, known to the broker or not, and returns the answer.
    ///
    /// # Errors
    /// [`RawError::Closed`], [`RawError::TimedOut`], [`RawError::Io`]; [`RawError::Protocol`] if the request does not
    /// fit the version, or the answer does not decode.
    pub async fn send<R: Request>(&mut self, request: &R, version: i16) -> Result<R::Response, RawError> {
        let pending = self.submit(request, version).await?;
        self.receive(pending).await
    }

    /// Sends a request without waiting for its answer.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn submit<R: Request>(&mut self, request: &R, version: i16) -> Result<Pending<R>, RawError> {
        let mut body = BytesMut::new();
        request.encode(&mut body, version).map_err(|error| self.protocol(format!("{error:#}")))?;
        let correlation_id =
            self.submit_bytes(R::KEY, version, <R as HeaderVersion>::header_version(version), &body).await?;
        Ok(Pending { correlation_id, version, request: PhantomData })
    }

    /// Waits for the answer of a request that was submitted; answers come in the order of the requests.
    ///
    /// # Errors
    /// As [`send`](Self::send). After [`RawError::TimedOut`] the answer is still to come.
    pub async fn receive<R: Request>(&mut self, pending: Pending<R>) -> Result<R::Response, RawError> {
        let body = self.receive_bytes(&pending).await?;
        self.decode::<R>(body, pending.version)
    }

    /// Sends a body of any bytes under any API key and version, and returns its correlation id. `header_version` is
    /// that of the request header: 1, or 2 for the flexible versions.
    ///
    /// # Errors
    /// [`RawError::Closed`] or [`RawError::Io`].
    pub async fn submit_bytes(
        &mut self,
        api_key: i16,
        version: i16,
        header_version: i16,
        body: &[u8],
    ) -> Result<i32, RawError> {
        let correlation_id = self.next_correlation_id;
        self.next_correlation_id = self.next_correlation_id.wrapping_add(1);
        let header = RequestHeader::default()
            .with_request_api_key(api_key)
            .with_request_api_version(version)
            .with_correlation_id(correlation_id)
            .with_client_id(Some(StrBytes::from_string(self.client_id.clone())));
        let mut frame = BytesMut::new();
        header.encode(&mut frame, header_version).map_err(|error| self.protocol(format!("{error:#}")))?;
        frame.extend_from_slice(body);
        self.write_frame(&frame).await?;
        Ok(correlation_id)
    }

    /// Sends bytes as one frame: their length in four bytes, then the bytes.
    ///
    /// # Errors
    /// [`RawError::Closed`] or [`RawError::Io`]; [`RawError::Protocol`] for more than 2 GiB.
    pub async fn write_frame(&mut self, payload: &[u8]) -> Result<(), RawError> {
        let length = i32::try_from(payload.len()).map_err(|_| self.protocol("the request is too large"))?;
        let mut frame = BytesMut::with_capacity(payload.len() + 4);
        frame.put_i32(length);
        frame.extend_from_slice(payload);
        self.write_bytes(&frame).await
    }

    /// Sends bytes as they are, for those who want to be a rude client.
    ///
    /// # Errors
    /// [`RawError::Closed`] or [`RawError::Io`].
    pub async fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), RawError> {
        let written = async {
            self.stream.write_all(bytes).await?;
            // What TLS has encrypted may still lie in its own buffer.
            self.stream.flush().await
        };
        written.await.map_err(|source| self.io(source, "room to send"))
    }

    /// The payload of the next frame, or `None` if the broker closed the connection instead.
    ///
    /// # Errors
    /// [`RawError::TimedOut`], [`RawError::Io`]; [`RawError::Protocol`] for a frame beyond 100 MiB.
    pub async fn read_frame(&mut self) -> Result<Option<Bytes>, RawError> {
        match self.frame("a frame").await {
            Ok(frame) => Ok(Some(frame)),
            Err(RawError::Closed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The first two bytes that the other side sends, left where they are.
    pub(super) async fn first_bytes(&mut self) -> Result<[u8; 2], RawError> {
        let read = async {
            while self.received.len() < 2 {
                if self.stream.read_buf(&mut self.received).await? == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
            }
            Ok([self.received[0], self.received[1]])
        };
        match timeout(self.timeout, read).await {
            Ok(bytes) => bytes.map_err(|source| self.io(source, "the first bytes")),
            Err(_) => Err(timed_out(&self.address, "the first bytes", self.timeout)),
        }
    }

    async fn send_for_bytes<R: Request>(&mut self, request: &R, version: i16) -> Result<Bytes, RawError> {
        let pending = self.submit(request, version).await?;
        self.receive_bytes(&pending).await
    }

    /// The body of an answer: its frame without the header.
    async fn receive_bytes<R: Request>(&mut self, pending: &Pending<R>) -> Result<Bytes, RawError> {
        let mut frame = self.frame(&api_name(R::KEY)).await?;
        let header_version = <R::Response as HeaderVersion>::header_version(pending.version);
        let header = ResponseHeader::decode(&mut frame, header_version)
            .map_err(|error| self.protocol(format!("{error:#}")))?;
        if header.correlation_id != pending.correlation_id {
            return Err(self.protocol(format!(
                "the answer to request {} came as {}",
                pending.correlation_id, header.correlation_id
            )));
        }
        Ok(frame)
    }

    async fn frame(&mut self, waiting_for: &str) -> Result<Bytes, RawError> {
        match timeout(self.timeout, self.next_frame(waiting_for)).await {
            Ok(frame) => frame,
            Err(_) => Err(timed_out(&self.address, waiting_for, self.timeout)),
        }
    }

    async fn next_frame(&mut self, waiting_for: &str) -> Result<Bytes, RawError> {
        loop {
            if let Some(mut prefix) = self.received.get(..4) {
                let length = usize::try_from(prefix.get_i32()).unwrap_or(usize::MAX);
                if length > MAX_FRAME {
                    let shown: String =
                        self.received.iter().take(16).map(|byte| byte.escape_ascii().to_string()).collect();
                    return Err(self.protocol(format!("no frame begins with `{shown}`")));
                }
                if self.received.len() >= 4 + length {
                    self.received.advance(4);
                    return Ok(self.received.split_to(length).freeze());
                }
            }
            let read = self.stream.read_buf(&mut self.received).await;
            if read.map_err(|source| self.io(source, waiting_for))? == 0 {
                return Err(self.closed(waiting_for));
            }
        }
    }

    /// The body of an answer. That of a flexible request is flexible, too, though its header need not be.
    fn decode<R: Request>(&self, body: Bytes, version: i16) -> Result<R::Response, RawError> {
        let flexible = <R as HeaderVersion>::header_version(version) >= FLEXIBLE_HEADER;
        guard::decode(body, version, flexible).map_err(|error| self.protocol(format!("{error:#}")))
    }

    fn io(&self, source: std::io::Error, waiting_for: &str) -> RawError {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        if let Some(failure) = tls::of(&source) {
            return RawError::Tls { address: self.address.clone(), failure, said: source.to_string() };
        }
        match source.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof => self.closed(waiting_for),
            _ => RawError::Io { address: self.address.clone(), source },
        }
    }

    fn closed(&self, waiting_for: &str) -> RawError {
        RawError::Closed { address: self.address.clone(), waiting_for: waiting_for.to_owned() }
    }

    pub(super) fn protocol(&self, message: impl Into<String>) -> RawError {
        RawError::Protocol { address: self.address.clone(), message: message.into() }
    }
}

/// Kafka's name of an API key, for messages.
fn api_name(key: i16) -> String {
    ApiKey::try_from(key).map_or_else(|()| format!("API {key}"), |key| format!("{key:?}"))
}

async fn open(address: &str) -> Result<TcpStream, RawError> {
    let resolve = |source| RawError::Resolve { address: address.to_owned(), source };
    let found = tokio::net::lookup_host(address).await.map_err(resolve)?;
    let mut failure = std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address");
    let mut resolved = false;
    for candidate in found {
        resolved = true;
        match TcpStream::connect(candidate).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(match failure.kind() {
        _ if !resolved => resolve(failure),
        std::io::ErrorKind::ConnectionRefused => RawError::Refused { address: address.to_owned() },
        _ => RawError::Io { address: address.to_owned(), source: failure },
    })
}

fn timed_out(address: &str, waiting_for: &str, after: Duration) -> RawError {
    RawError::TimedOut { address: address.to_owned(), waiting_for: waiting_for.to_owned(), after }
}
