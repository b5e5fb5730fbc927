//! SaslHandshake (17): the client names a mechanism.
//!
//! - Versions 0 and 1. After version 0 tokens travel bare, after version 1 in SaslAuthenticate.
//! - A mechanism that is not enabled: error 33 with the enabled ones, held back like a failed login, then the close.
//! - On the PLAINTEXT listener, or after a login: error 34 with an empty list; the connection stays. Between another
//!   handshake and its tokens: the same error, then the close.
//! - Not here: re-authentication (KIP-368), which is off in Kafka unless `connections.max.reauth.ms` is set.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{SaslHandshakeRequest, SaslHandshakeResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::broker::cx::Cx;
use crate::broker::event::Event;
use crate::broker::sasl::{Exchange, Framing, Gate, Mechanism};

/// The handler.
pub struct SaslHandshake;

impl Api for SaslHandshake {
    type Req = SaslHandshakeRequest;
    type Res = SaslHandshakeResponse;
    const NAME: &'static str = "SaslHandshake";
    const VERSIONS: RangeInclusive<i16> = 0..=1;

    fn handle(cx: &mut Cx<'_>, request: SaslHandshakeRequest) -> Reply<SaslHandshakeResponse> {
        if !matches!(cx.session.gate, Gate::Fresh { .. }) {
            let code = ResponseError::IllegalSaslState.code();
            let response = SaslHandshakeResponse::default().with_error_code(code);
            if matches!(cx.session.gate, Gate::Proving { .. }) {
                cx.session.gate = Gate::Refused;
                return Reply::Refuse(response);
            }
            return Reply::Now(response);
        }
        let enabled = &cx.state.settings.sasl_enabled_mechanisms;
        let names = enabled.iter().map(|mechanism| StrBytes::from_static_str(mechanism.name())).collect();
        let response = SaslHandshakeResponse::default().with_mechanisms(names);
        match Mechanism::from_name(&request.mechanism).filter(|mechanism| enabled.contains(mechanism)) {
            Some(mechanism) => {
                let framing = if cx.version == 0 { Framing::Raw } else { Framing::Kafka };
                cx.session.gate = Gate::Proving { framing, exchange: Exchange::new(mechanism) };
                Reply::Now(response)
            }
            None => {
                cx.session.gate = Gate::Refused;
                let host = cx.session.host.clone();
                cx.state.events.emit(|| Event::LoginRefused {
                    mechanism: request.mechanism.to_string(),
                    message: "Unsupported SASL mechanism".into(),
                    host,
                });
                Reply::Refuse(response.with_error_code(ResponseError::UnsupportedSaslMechanism.code()))
            }
        }
    }
}
