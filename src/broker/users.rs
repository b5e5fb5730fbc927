//! Who may log in: passwords for PLAIN, salted keys for SCRAM.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::config::User;
use crate::scram::{Credential, MIN_ITERATIONS, Mechanism};

/// The users of a broker.
///
/// As in Kafka, a PLAIN user is not a SCRAM user: PLAIN's come from the configuration and stay, SCRAM's credentials
/// are metadata that AlterUserScramCredentials changes.
#[derive(Debug, Default)]
pub struct Users {
    /// The SHA-256 of PLAIN passwords by name: all of one length, so that a comparison tells nothing of theirs.
    passwords: BTreeMap<String, Digest>,
    /// SCRAM credentials by name and mechanism.
    credentials: BTreeMap<(String, Mechanism), Stored>,
    /// Credentials of the configuration that were taken away.
    removed: BTreeSet<(String, Mechanism)>,
}

/// A SHA-256.
type Digest = [u8; 32];

/// What an unknown user's password is compared with; no password has this digest.
const NOBODYS: Digest = [0; 32];

/// A SCRAM credential, perhaps not computed yet.
enum Stored {
    /// From AlterUserScramCredentials.
    Known(Credential),
    /// From the configuration. Deriving one takes thousands of hashes, so it waits for the first login.
    Lazy { password: String, derived: Arc<OnceLock<Credential>> },
}

impl Users {
    /// Users who may use PLAIN and both SCRAM mechanisms with the same password.
    pub fn new(users: &[User]) -> Users {
        let mut all = Users::default();
        for User { name, password } in users {
            all.passwords.insert(name.clone(), digest(password));
            for mechanism in Mechanism::ALL {
                let lazy = Stored::Lazy { password: password.clone(), derived: Arc::default() };
                all.credentials.insert((name.clone(), mechanism), lazy);
            }
        }
        all
    }

    /// Whether the password is the user's, in a time that depends on nothing but the length of what was sent: an unknown
    /// user takes as long as a wrong password.
    pub fn plain_password_is(&self, user: &str, password: &str) -> bool {
        let expected = self.passwords.get(user).unwrap_or(&NOBODYS);
        digest(password).ct_eq(expected).into()
    }

    /// The SCRAM credential of a user, if there is one for this mechanism.
    pub fn scram(&self, user: &str, mechanism: Mechanism) -> Option<Credential> {
        match self.credentials.get(&(user.to_owned(), mechanism))? {
            Stored::Known(credential) => Some(credential.clone()),
            Stored::Lazy { password, derived } => {
                Some(derived.get_or_init(|| derive(password, mechanism)).clone())
            }
        }
    }

    /// The mechanisms and iterations of each user with SCRAM credentials, by name.
    pub fn scram_users(&self) -> BTreeMap<&str, Vec<(Mechanism, u32)>> {
        let mut users: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for ((name, mechanism), stored) in &self.credentials {
            let iterations = match stored {
                Stored::Known(credential) => credential.iterations,
                Stored::Lazy { .. } => MIN_ITERATIONS,
            };
            users.entry(name).or_default().push((*mechanism, iterations));
        }
        users
    }

    /// Sets the SCRAM credential of a user, who need not have existed.
    pub fn set_scram(&mut self, user: String, mechanism: Mechanism, credential: Credential) {
        let key = (user, mechanism);
        self.removed.remove(&key);
        self.credentials.insert(key, Stored::Known(credential));
    }

    /// Takes a SCRAM credential away. False if there was none.
    pub fn remove_scram(&mut self, user: &str, mechanism: Mechanism) -> bool {
        let key = (user.to_owned(), mechanism);
        let existed = self.credentials.remove(&key).is_some();
        self.removed.insert(key);
        existed
    }

    /// The credentials that were set since the configuration.
    pub(super) fn set_since(&self) -> impl Iterator<Item = (&str, Mechanism, &Credential)> {
        self.credentials.iter().filter_map(|((user, mechanism), stored)| match stored {
            Stored::Known(credential) => Some((user.as_str(), *mechanism, credential)),
            Stored::Lazy { .. } => None,
        })
    }

    /// The credentials that were removed since the configuration.
    pub(super) fn removed_since(&self) -> impl Iterator<Item = (&str, Mechanism)> {
        self.removed.iter().map(|(user, mechanism)| (user.as_str(), *mechanism))
    }
}

impl fmt::Debug for Stored {
    /// Passwords and keys stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stored::Known(credential) => credential.fmt(f),
            Stored::Lazy { .. } => f.write_str("Lazy"),
        }
    }
}

fn digest(password: &str) -> Digest {
    Sha256::digest(password).into()
}

fn derive(password: &str, mechanism: Mechanism) -> Credential {
    Credential::from_password(mechanism, password, super::random::<16>().to_vec(), MIN_ITERATIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scram_credential_can_be_changed_and_removed_without_touching_plain() {
        let mut users = Users::new(&[User { name: "nest".into(), password: "nest-secret".into() }]);
        assert_eq!(users.scram_users()["nest"].len(), 2);
        assert!(users.remove_scram("nest", Mechanism::Sha512));
        assert!(!users.remove_scram("nest", Mechanism::Sha512));
        assert_eq!(users.scram("nest", Mechanism::Sha512), None);
        assert!(users.scram("nest", Mechanism::Sha256).is_some());
        assert!(users.plain_password_is("nest", "nest-secret"));
        assert!(!users.plain_password_is("nest", "nest-secre"));
        assert!(!users.plain_password_is("nobody", "nest-secret"));
        assert!(!users.plain_password_is("nobody", ""));
    }

    #[test]
    fn nothing_that_is_shown_for_debugging_has_a_password_in_it() {
        let user = User { name: "nest".into(), password: "nest-secret".into() };
        let shown = format!("{user:?} {:?}", Users::new(std::slice::from_ref(&user)));
        assert!(shown.contains("nest") && !shown.contains("nest-secret"), "{shown}");
    }
}
