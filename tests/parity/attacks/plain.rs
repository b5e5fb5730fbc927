//! PLAIN: `authorization id NUL user NUL password`.

use super::{Attack, CLOSED, GRANTED, REFUSED};
use crate::case::STRANGER;
use crate::requests::{handshake, token};

/// `sasl.server.max.receive.size` of both brokers.
const LARGEST: usize = 524_288;

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks: Vec<Attack> = TOKENS
        .iter()
        .map(|(attack, text)| Attack::new(format!("PLAIN, {attack}")).plain(text.as_bytes(), REFUSED))
        .collect();
    let long = "x".repeat(LARGEST - 64);
    let sent = |attack: &str, text: String, must| Attack::new(format!("PLAIN, {attack}")).plain(text, must);
    attacks.extend([
        sent("a user of half a megabyte", format!("\0{long}\0laravel-secret"), REFUSED),
        sent("a password of half a megabyte", format!("\0laravel\0{long}"), REFUSED),
        sent("the same of nobody", format!("\0nobody\0{long}"), REFUSED),
        sent("an authorization id of half a megabyte", format!("{long}\0laravel\0laravel-secret"), REFUSED),
        sent("half a megabyte of NUL", "\0".repeat(LARGEST - 64), REFUSED),
        sent("more than a login may be", format!("\0laravel\0{long}{long}"), CLOSED),
        Attack::new("PLAIN where SCRAM was agreed upon")
            .send(STRANGER, handshake("SCRAM-SHA-256"), 1, GRANTED)
            .send(STRANGER, token(*b"\0laravel\0laravel-secret"), 2, REFUSED),
        Attack::new("SCRAM where PLAIN was agreed upon").plain(*b"n,,n=laravel,r=nonce", REFUSED),
    ]);
    for mechanism in
        ["SCRAM-SHA-512", "ANONYMOUS", "EXTERNAL", "OAUTHBEARER", "PLAIN ", "PLAIN\0", "PLAIN,SCRAM-SHA-256"]
    {
        let attack = Attack::new(format!("a mechanism that is not enabled: {mechanism:?}"));
        attacks.push(attack.send(STRANGER, handshake(mechanism), 1, "error_code: 33,").send(
            STRANGER,
            token(*b"\0laravel\0laravel-secret"),
            2,
            CLOSED,
        ));
    }
    attacks
}

const TOKENS: &[(&str, &str)] = &[
    ("an authorization id in upper case", "Laravel\0laravel\0laravel-secret"),
    ("an authorization id with a space", "laravel \0laravel\0laravel-secret"),
    ("an authorization id with its type", "User:laravel\0laravel\0laravel-secret"),
    ("an authorization id of everybody", "*\0laravel\0laravel-secret"),
    ("a user with its type", "\0User:laravel\0laravel-secret"),
    ("a user with a space", "\0laravel \0laravel-secret"),
    ("a user after a space", "\0 laravel\0laravel-secret"),
    ("a user with a line end", "\0laravel\n\0laravel-secret"),
    ("a user in full-width letters", "\0ｌａｒａｖｅｌ\0laravel-secret"),
    ("a user with a Cyrillic letter", "\0l\u{430}ravel\0laravel-secret"),
    ("a user with an invisible letter", "\0laravel\u{200b}\0laravel-secret"),
    ("a user with a soft hyphen, which SASLprep would drop", "\0lara\u{ad}vel\0laravel-secret"),
    ("a user of everybody", "\0*\0laravel-secret"),
    ("a user of nobody on the other listener", "\0ANONYMOUS\0"),
    ("the same with a password", "\0ANONYMOUS\0ANONYMOUS"),
    ("two users", "\0laravel;admin\0laravel-secret"),
    ("a password with a space", "\0laravel\0laravel-secret "),
    ("a password with a line end", "\0laravel\0laravel-secret\n"),
    ("a password in upper case", "\0laravel\0LARAVEL-SECRET"),
    ("a password with a NUL in it", "\0laravel\0laravel-\0secret"),
    ("a password of another user", "\0laravel\0admin-secret"),
    ("a password that is a space", "\0laravel\0 "),
    ("a user and no password, with an authorization id", "laravel\0laravel\0"),
    ("no user, with an authorization id", "laravel\0\0laravel-secret"),
    ("null as a word", "\0null\0null"),
    ("a line of a JAAS configuration", "\0laravel\" user_mallory=\"x\0laravel-secret"),
];
