//! SaslAuthenticate (36): one token of the login.
//!
//! - Versions 0–2. Version 1 says for how long the login holds: 0, for ever, because re-authentication is off.
//! - A refused token: error 58 with Kafka's text, held back for `connection.failed.authentication.delay.ms`, then the
//!   close. The same text and time for an unknown user and a wrong password.
//! - On the PLAINTEXT listener, or after a login: error 34; the connection stays.

use std::ops::RangeInclusive;

use bytes::Bytes;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslAuthenticateResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::broker::cx::Cx;
use crate::broker::event::Event;
use crate::broker::sasl::{Gate, Step};
use crate::broker::session::Session;
use crate::broker::state::State;
use crate::scram;

/// The handler.
pub struct SaslAuthenticate;

impl Api for SaslAuthenticate {
    type Req = SaslAuthenticateRequest;
    type Res = SaslAuthenticateResponse;
    const NAME: &'static str = "SaslAuthenticate";
    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(cx: &mut Cx<'_>, request: SaslAuthenticateRequest) -> Reply<SaslAuthenticateResponse> {
        let response = SaslAuthenticateResponse::default();
        if !matches!(cx.session.gate, Gate::Proving { .. }) {
            let message = "SaslAuthenticate request received after successful authentication";
            return Reply::Now(
                response
                    .with_error_code(ResponseError::IllegalSaslState.code())
                    .with_error_message(Some(StrBytes::from_static_str(message))),
            );
        }
        match take_token(cx.state, cx.session, &request.auth_bytes) {
            Ok(token) => Reply::Now(response.with_auth_bytes(Bytes::from(token))),
            Err(message) => Reply::Refuse(
                response
                    .with_error_code(ResponseError::SaslAuthenticationFailed.code())
                    .with_error_message(Some(StrBytes::from_string(message))),
            ),
        }
    }
}

/// Moves the login of a connection on by one token and returns the broker's, or the text of the refusal.
pub(in crate::broker) fn take_token(
    state: &State,
    session: &mut Session,
    token: &[u8],
) -> Result<Vec<u8>, String> {
    let Gate::Proving { exchange, .. } = &mut session.gate else {
        return Err("Unexpected SASL token".into());
    };
    let mechanism = exchange.mechanism();
    let host = session.host.clone();
    match exchange.step(token, &state.users, &scram::nonce(crate::broker::random())) {
        Ok(Step::Challenge(token)) => Ok(token),
        Ok(Step::Done { user, token }) => {
            let principal = format!("User:{user}");
            session.gate = Gate::Authenticated { principal: principal.clone() };
            state.events.emit(|| Event::LoggedIn { principal, mechanism, host });
            Ok(token)
        }
        Err(message) => {
            session.gate = Gate::Refused;
            state.events.emit(|| Event::LoginRefused {
                mechanism: mechanism.name().into(),
                message: message.clone(),
                host,
            });
            Err(message)
        }
    }
}
