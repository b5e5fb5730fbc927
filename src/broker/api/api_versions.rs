//! ApiVersions (18): which APIs the broker has, each with its versions.
//!
//! - Versions 0–4. Read from [`super::APIS`]; open to everybody, also once before a login. Between a handshake and its
//!   tokens: error 34, then the close.
//! - An unknown version is answered with error 35 in the format of version 0, naming only ApiVersions, so that a newer
//!   client finds out and asks again (KIP-511).
//! - 3: the client says what software it is; a name or version with other characters than Kafka allows is error 42.
//! - Not here: finalized features (`group.version`, `transaction.version`), because what they announce is not
//!   implemented; without them clients use the classic flows.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse, ResponseHeader};
use kafka_protocol::protocol::Encodable;

use super::{APIS, Api, Reply, Row};
use crate::broker::cx::Cx;
use crate::broker::sasl::Gate;

/// The handler.
pub struct ApiVersions;

impl Api for ApiVersions {
    type Req = ApiVersionsRequest;
    type Res = ApiVersionsResponse;
    const NAME: &'static str = "ApiVersions";
    const VERSIONS: RangeInclusive<i16> = 0..=4;

    fn handle(cx: &mut Cx<'_>, request: ApiVersionsRequest) -> Reply<ApiVersionsResponse> {
        if matches!(cx.session.gate, Gate::Proving { .. }) {
            cx.session.gate = Gate::Refused;
            let code = ResponseError::IllegalSaslState.code();
            return Reply::Refuse(ApiVersionsResponse::default().with_error_code(code));
        }
        let software = [&request.client_software_name, &request.client_software_version];
        if cx.version >= 3 && !software.iter().all(|text| is_software_text(text)) {
            if let Gate::Fresh { api_versions_answered } = &mut cx.session.gate {
                *api_versions_answered = false;
            }
            let code = ResponseError::InvalidRequest.code();
            return Reply::Now(ApiVersionsResponse::default().with_error_code(code));
        }
        Reply::Now(ApiVersionsResponse::default().with_api_keys(APIS.iter().map(advertise).collect()))
    }
}

/// The frame for a version that this broker does not know.
pub(in crate::broker) fn unsupported_version(correlation_id: i32) -> Vec<u8> {
    let this = APIS.iter().filter(|row| row.key == ApiKey::ApiVersions as i16);
    let body = ApiVersionsResponse::default()
        .with_error_code(ResponseError::UnsupportedVersion.code())
        .with_api_keys(this.map(advertise).collect());
    let mut frame = vec![0; 4];
    // Version 0 has every field that is set here, and writing to memory does not fail.
    let written = ResponseHeader::default()
        .with_correlation_id(correlation_id)
        .encode(&mut frame, 0)
        .and_then(|()| body.encode(&mut frame, 0));
    debug_assert!(written.is_ok(), "{written:?}");
    let length = (frame.len() - 4) as u32;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame
}

fn advertise(row: &Row) -> ApiVersion {
    ApiVersion::default()
        .with_api_key(row.key)
        .with_min_version(row.advertised_min())
        .with_max_version(row.max)
}

/// `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?` of `ApiVersionsRequest.java`
fn is_software_text(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_is_named_as_kafka_allows() {
        for good in ["librdkafka", "2.12.1", "apache-kafka-java", "a"] {
            assert!(is_software_text(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a b", "a_b", "é"] {
            assert!(!is_software_text(bad), "{bad}");
        }
    }
}
