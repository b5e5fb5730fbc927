//! Messages of a login, on both sides.

use std::cell::Cell;

use kafkalab::broker::sasl::{Exchange, Mechanism, Step};
use kafkalab::broker::{lab_users, users::Users};
use kafkalab::scram;

/// PLAIN at the broker. Only the users' own passwords get in.
pub fn plain(bytes: &[u8]) {
    let users = Users::new(&lab_users());
    if let Ok(Step::Done { user, .. }) = Exchange::new(Mechanism::Plain).step(bytes, &users, "nonce") {
        assert!(bytes.ends_with(format!("\0{user}\0{user}-secret").as_bytes()), "{user} by {bytes:?}");
    }
}

/// SCRAM: the bytes, cut in two at their first line end, as the client's messages to a broker and as the broker's to a
/// client. Nobody knows the password, so nobody gets in.
pub fn scram(bytes: &[u8]) {
    let cut = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (first, last) = (&bytes[..cut], bytes.get(cut + 1..).unwrap_or_default());
    for mechanism in [scram::Mechanism::Sha256, scram::Mechanism::Sha512] {
        let mut server = scram::ServerExchange::new(mechanism);
        let asked = Cell::new(0);
        let credential = |_: &str| {
            asked.set(asked.get() + 1);
            Some(scram::Credential::from_password(mechanism, "not in the bytes", b"salt".to_vec(), 4096))
        };
        if server.step(first, "nonce", credential).is_ok() {
            assert_eq!(asked.get(), 1);
            assert!(server.step(last, "nonce", |_| None).is_err(), "{last:?}");
        }
        let mut client =
            scram::ClientExchange::new(mechanism, "nest", "x".to_owned().into(), "nonce".to_owned());
        client.start();
        if client.answer(first).is_ok() {
            assert!(client.verify(last).is_err(), "{last:?}");
        }
    }
}
