//! SCRAM: somebody in the middle, somebody with yesterday's messages, somebody with the broker's data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use kafkalab::scram::{ClientExchange, Credential, Mechanism};

use super::{ANYTHING, Attack, GRANTED, REFUSED};
use crate::case::{ADMIN, Ask, Memory, STRANGER, Who, ask};
use crate::requests::*;

/// A nonce may be known in a test.
const NONCE: &str = "client-nonce";
/// A user of these rows, with this password.
const USER: &str = "parity-attacked";
const PASSWORD: &str = "parity-secret";
/// Another connection of a stranger.
const OTHER: Who = Who { principal: "STRANGER", name: "OTHER" };
/// What both brokers say to a wrong proof and to a name that they do not know.
const INVALID: &str = "invalid credentials with SASL mechanism SCRAM-SHA-256";

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = vec![users(), replay(), replay_on_the_same_connection(), stolen_key(), two_nonces()];
    attacks.extend(changed_on_the_way());
    attacks.extend(first_messages());
    attacks.extend(unknown_users());
    attacks
}

/// Sets up, and shows that the right messages get in: else every refusal below would prove nothing.
fn users() -> Attack {
    Attack::new("SCRAM, the right messages")
        .send(ADMIN, scram_user(USER, PASSWORD, 1), 0, GRANTED)
        .send(ADMIN, scram_user("parity-only-512", PASSWORD, 2), 0, GRANTED)
        .until(ADMIN, describe_users(Some(&["parity-only-512"])), 0, "iterations: 4096")
        .first(STRANGER, USER, "i=4096")
        .last(STRANGER, USER, PASSWORD, |last| last, GRANTED)
        .send(STRANGER, metadata(&["nest-events"]), 9, super::NOT_ON_TOPIC)
}

/// What is changed, and the message after it.
type Change = (&'static str, fn(String) -> String);

fn longer_proofs() -> [Change; 2] {
    [
        ("64 bytes", |last| with_proof(&last, &[0; 64])),
        ("the right one and a byte behind it", |last| {
            let mut proof = proof(&last);
            proof.push(0);
            with_proof(&last, &proof)
        }),
    ]
}

fn changed_on_the_way() -> Vec<Attack> {
    let changes: [Change; 7] = [
        ("the channel binding", |last| last.replace("c=biws", "c=eSws")),
        ("the channel binding, which names an authorization id", |last| {
            last.replace("c=biws", "c=bixhPWFkbWluLA==")
        }),
        ("one letter of the nonce", |last| last.replace("r=c", "r=d")),
        ("a nonce that goes on", |last| last.replace(",p=", "x,p=")),
        ("a proof of zeros", |last| with_proof(&last, &[0; 32])),
        ("one bit of the proof", |last| {
            let mut proof = proof(&last);
            proof[31] ^= 1;
            with_proof(&last, &proof)
        }),
        ("two proofs, the right one first", |last| format!("{last},p={}", BASE64.encode([0; 32]))),
    ];
    let attack = |(what, change): Change| {
        Attack::new(format!("SCRAM, changed on the way: {what}"))
            .first(STRANGER, USER, ANYTHING)
            .last(STRANGER, USER, PASSWORD, change, REFUSED)
    };
    let mut attacks: Vec<Attack> = changes.into_iter().map(attack).collect();
    for (what, change) in longer_proofs() {
        attacks.push(
            Attack::new(format!("SCRAM, a proof that is longer: {what}"))
                .first(STRANGER, USER, ANYTHING)
                .last(STRANGER, USER, PASSWORD, change, super::NOT_GRANTED),
        );
    }
    attacks.push(
        Attack::new("SCRAM, begun as one user and ended as another").first(STRANGER, USER, ANYTHING).last(
            STRANGER,
            "laravel",
            "laravel-secret",
            |last| last,
            REFUSED,
        ),
    );
    attacks
}

/// The second nonce is an extension, which is signed as everything is.
fn two_nonces() -> Attack {
    Attack::new("SCRAM, two nonces")
        .send(STRANGER, handshake("SCRAM-SHA-256"), 1, GRANTED)
        .send(STRANGER, token(*b"n,,n=parity-attacked,r=client-nonce,r=other"), 2, "i=4096")
        .last(STRANGER, USER, PASSWORD, |last| last, REFUSED)
}

/// The client's last message of one login, sent in another with the same nonce of the client.
fn replay() -> Attack {
    Attack::new("SCRAM, a last message of another connection")
        .first(STRANGER, USER, ANYTHING)
        .first(OTHER, USER, ANYTHING)
        .send_with(OTHER, |memory| last(memory, STRANGER, USER, PASSWORD, |last| last), REFUSED)
}

fn replay_on_the_same_connection() -> Attack {
    Attack::new("SCRAM, the last message twice")
        .first(STRANGER, USER, ANYTHING)
        .last(STRANGER, USER, PASSWORD, |last| last, GRANTED)
        .send(STRANGER, token(*b"c=biws,r=client-nonce,p=AAAA"), 2, "error_code: 34,")
}

/// Whoever reads the broker's data has the stored key; it is no proof.
fn stolen_key() -> Attack {
    Attack::new("SCRAM, the stored key as the proof").first(STRANGER, USER, ANYTHING).last(
        STRANGER,
        USER,
        PASSWORD,
        |last| {
            let credential = Credential::from_password(Mechanism::Sha256, PASSWORD, SALT.to_vec(), 4096);
            with_proof(&last, &credential.stored_key)
        },
        REFUSED,
    )
}

fn first_messages() -> Vec<Attack> {
    let long = "x".repeat(1000);
    let messages = [
        ("two names", "n,,n=parity-attacked,n=admin,r=client-nonce".to_owned()),
        ("the nonce before the name", "n,,r=client-nonce,n=parity-attacked".to_owned()),
        ("a NUL in the name", "n,,n=parity-attacked\0,r=client-nonce".to_owned()),
        ("a name of 1,000 letters", format!("n,,n={long},r=client-nonce")),
        ("a last message at once", "c=biws,r=client-nonce,p=AAAA".to_owned()),
        ("an authorization id in upper case", "n,a=Parity-Attacked,n=parity-attacked,r=x".to_owned()),
        ("a name in upper case", "n,,n=PARITY-ATTACKED,r=client-nonce".to_owned()),
        ("a name in full-width letters", "n,,n=ｐarity-attacked,r=client-nonce".to_owned()),
        ("a name with a space", "n,,n=parity-attacked ,r=client-nonce".to_owned()),
        ("a name with its type", "n,,n=User:parity-attacked,r=client-nonce".to_owned()),
    ];
    let attack = |(what, first): (&str, String)| {
        Attack::new(format!("SCRAM, {what}")).send(STRANGER, handshake("SCRAM-SHA-256"), 1, GRANTED).send(
            STRANGER,
            token(first),
            2,
            REFUSED,
        )
    };
    messages.into_iter().map(attack).collect()
}

/// As Kafka does, the broker refuses a name that it does not know at the first message: the same words each time, and
/// the same as for a user who has no credential of this mechanism.
fn unknown_users() -> Vec<Attack> {
    let refused = |what: &str, user: &'static str| {
        Attack::new(format!("SCRAM, {what}")).first(STRANGER, user, INVALID).first(OTHER, user, INVALID)
    };
    vec![
        refused("a user whom nobody knows, twice", "parity-nobody"),
        refused("a user with a credential of SCRAM-SHA-512 only, twice", "parity-only-512"),
        Attack::new("SCRAM, a wrong password").first(STRANGER, USER, "i=4096").last(
            STRANGER,
            USER,
            "wrong",
            |last| last,
            INVALID,
        ),
    ]
}

impl Attack {
    /// The handshake and the client's first message.
    pub(super) fn first(self, who: Who, user: &'static str, must: &str) -> Attack {
        let exchange = ClientExchange::new(Mechanism::Sha256, user, "".into(), NONCE.to_owned());
        self.send(who, handshake("SCRAM-SHA-256"), 1, GRANTED).send(who, token(exchange.start()), 2, must)
    }

    /// The client's last message, changed.
    pub(super) fn last(
        self,
        who: Who,
        user: &'static str,
        password: &'static str,
        change: fn(String) -> String,
        must: &str,
    ) -> Attack {
        self.send_with(who, move |memory| last(memory, who, user, password, change), must)
    }
}

/// The answer of a user to the challenge that came on a connection.
fn last(memory: &Memory, of: Who, user: &str, password: &str, change: fn(String) -> String) -> Ask {
    let mut exchange = ClientExchange::new(Mechanism::Sha256, user, password.into(), NONCE.to_owned());
    let challenge = memory.tokens.get(of.name).cloned().unwrap_or_default();
    let answer = exchange.answer(&challenge).unwrap_or_else(|_| b"c=biws,r=none,p=AAAA".to_vec());
    ask(&token(change(String::from_utf8(answer).unwrap())), 2)
}

fn proof(last: &str) -> Vec<u8> {
    BASE64.decode(last.split_once(",p=").map_or("", |(_, proof)| proof)).unwrap()
}

fn with_proof(last: &str, proof: &[u8]) -> String {
    let signed = last.split_once(",p=").map_or(last, |(signed, _)| signed);
    format!("{signed},p={}", BASE64.encode(proof))
}
