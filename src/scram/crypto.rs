//! HMAC, H and Hi of RFC 5802 section 2.2, over the hash of a mechanism.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

use super::Mechanism;

/// `SaltedPassword := Hi(password, salt, iterations)`: PBKDF2 with a single block of output. The password is taken
/// as its UTF-8 bytes, without SASLprep, as Kafka does.
pub fn salted_password(mechanism: Mechanism, password: &str, salt: &[u8], iterations: u32) -> Vec<u8> {
    match mechanism {
        Mechanism::Sha256 => hi::<Hmac<Sha256>>(password.as_bytes(), salt, iterations),
        Mechanism::Sha512 => hi::<Hmac<Sha512>>(password.as_bytes(), salt, iterations),
    }
}

/// `HMAC(key, message)`.
pub(super) fn hmac(mechanism: Mechanism, key: &[u8], message: &[u8]) -> Vec<u8> {
    match mechanism {
        Mechanism::Sha256 => {
            keyed::<Hmac<Sha256>>(key).chain_update(message).finalize().into_bytes().to_vec()
        }
        Mechanism::Sha512 => {
            keyed::<Hmac<Sha512>>(key).chain_update(message).finalize().into_bytes().to_vec()
        }
    }
}

/// `H(message)`.
pub(super) fn hash(mechanism: Mechanism, message: &[u8]) -> Vec<u8> {
    match mechanism {
        Mechanism::Sha256 => Sha256::digest(message).to_vec(),
        Mechanism::Sha512 => Sha512::digest(message).to_vec(),
    }
}

/// `left XOR right`; the caller has checked that both are as long as the hash.
pub(super) fn xor(left: &[u8], right: &[u8]) -> Vec<u8> {
    left.iter().zip(right).map(|(left, right)| left ^ right).collect()
}

fn hi<M: Mac + KeyInit + Clone>(password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
    // The key schedule is the same in every round, so it is made once.
    let keyed = keyed::<M>(password);
    let mut round = keyed.clone().chain_update(salt).chain_update(1u32.to_be_bytes()).finalize().into_bytes();
    let mut out = round.to_vec();
    for _ in 1..iterations {
        round = keyed.clone().chain_update(&round).finalize().into_bytes();
        out.iter_mut().zip(&round).for_each(|(out, byte)| *out ^= byte);
    }
    out
}

fn keyed<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes a key of any length")
}
