//! From a frame to a handler and back: the API's version, the login's gate, the handler, the answer's bytes.
//!
//! The order is Kafka's (`SaslServerAuthenticator.java`, `Processor.java`): before a login everything but ApiVersions
//! (once) and SaslHandshake closes the connection without a word; after it, so does an API or version that is not
//! advertised. Only ApiVersions answers a wrong version.

use std::pin::Pin;

use bytes::Bytes;
use kafka_protocol::messages::{ApiKey, RequestHeader};
use kafka_protocol::protocol::Decodable;

use super::answer::Answer;
use super::api::{self, Row};
use super::event::Event;
use super::sasl::{Framing, Gate};
use super::session::Session;
use super::shared::Shared;

/// What becomes of a request.
pub(super) enum Outcome {
    /// The answer.
    Answer(Answer),
    /// The answer comes when something else has happened; none if it never will.
    Wait(Pin<Box<dyn Future<Output = Option<Answer>> + Send>>),
    /// The client wants no answer.
    Silent,
    /// A login failed: wait a little, answer if there is a way to, close.
    Refuse(Option<Answer>),
    /// Close without a word.
    Close,
}

/// Serves one request. `frame` is without its length.
pub(super) fn request(shared: &Shared, session: &mut Session, frame: Bytes) -> Outcome {
    let Some((key, version)) = key_and_version(&frame) else { return Outcome::Close };
    let Some(row) = api::row(key) else { return Outcome::Close };
    let supported = row.handles(version);
    if !supported && key != ApiKey::ApiVersions as i16 {
        return Outcome::Close;
    }
    // An ApiVersions that is too new is answered in version 0, so only its beginning must be readable.
    let header_version = if supported { (row.header_version)(version) } else { 1 };
    let Some((header, frame)) = header(frame, header_version) else { return Outcome::Close };
    if !admit(session, row, version) {
        return Outcome::Close;
    }
    if !supported {
        return Outcome::Answer(api::api_versions::unsupported_version(header.correlation_id).into());
    }
    if shared.events.want_traffic() {
        shared.events.emit(|| Event::Request {
            principal: session.principal().map(Into::into),
            api: row.name,
            version,
            client_id: header.client_id.as_deref().unwrap_or_default().to_owned(),
        });
    }
    (row.serve)(shared, session, &header, frame)
}

/// Takes a token that travels without Kafka's headers, after SaslHandshake v0. A refusal has no words there.
pub(super) fn raw_token(shared: &Shared, session: &mut Session, token: &[u8]) -> Outcome {
    match shared.with(|state, _| api::sasl_authenticate::take_token(state, session, token)) {
        Ok(Ok(answer)) => {
            let mut frame = Vec::with_capacity(4 + answer.len());
            frame.extend((answer.len() as u32).to_be_bytes());
            frame.extend(answer);
            Outcome::Answer(frame.into())
        }
        Ok(Err(_refused)) => Outcome::Refuse(None),
        Err(_poisoned) => Outcome::Close,
    }
}

/// The gate: whether the login has come far enough for this API.
fn admit(session: &mut Session, row: &Row, version: i16) -> bool {
    let is = |key: ApiKey| row.key == key as i16;
    match &mut session.gate {
        Gate::Authenticated { .. } => true,
        Gate::Fresh { .. } if is(ApiKey::SaslHandshake) => true,
        // An answer that is itself an error does not count.
        Gate::Fresh { api_versions_answered } if is(ApiKey::ApiVersions) => {
            !std::mem::replace(api_versions_answered, row.handles(version))
        }
        // The other two of a login can say that it is not their turn; whatever else comes is cut off.
        Gate::Proving { framing: Framing::Kafka, .. } => {
            is(ApiKey::SaslAuthenticate) || is(ApiKey::SaslHandshake) || is(ApiKey::ApiVersions)
        }
        Gate::Fresh { .. } | Gate::Proving { .. } | Gate::Refused => false,
    }
}

/// The header of a request, and what follows it.
fn header(mut frame: Bytes, version: i16) -> Option<(RequestHeader, Bytes)> {
    // There is no array in a header, and strings and tagged fields are only cut out of the frame.
    let header = RequestHeader::decode(&mut frame, version).ok()?;
    Some((header, frame))
}

fn key_and_version(frame: &[u8]) -> Option<(i16, i16)> {
    let &[a, b, c, d] = frame.first_chunk()?;
    Some((i16::from_be_bytes([a, b]), i16::from_be_bytes([c, d])))
}
