//! What the metadata journal keeps: each change of topics, ACLs, SCRAM users and producer ids, in the order they were
//! made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::acl::AclBinding;
use crate::scram;

/// The version of [`Record`]'s JSON. A change that older programs would misread needs a higher one.
pub(super) const VERSION: u16 = 1;

/// One change.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Record {
    /// The first record of all.
    Cluster {
        /// What tells this data folder from another.
        id: String,
    },
    /// A topic was created.
    Topic {
        name: String,
        id: Uuid,
        partitions: i32,
        /// What was set on the topic itself.
        config: BTreeMap<String, String>,
    },
    /// A topic grew.
    Partitions {
        topic: String,
        /// How many there are now.
        count: i32,
    },
    /// A topic was deleted.
    TopicDeleted { name: String },
    /// An ACL was added.
    Acl(AclBinding),
    /// An ACL was removed.
    AclDeleted(AclBinding),
    /// A SCRAM credential was set.
    Scram { user: String, mechanism: Mechanism, credential: Credential },
    /// A SCRAM credential was removed.
    ScramDeleted { user: String, mechanism: Mechanism },
    /// Producer ids below this number may have been given out.
    ProducerIds { until: i64 },
}

/// A mechanism by Kafka's name.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Mechanism {
    #[serde(rename = "SCRAM-SHA-256")]
    Sha256,
    #[serde(rename = "SCRAM-SHA-512")]
    Sha512,
}

/// Salted keys, as `kafka-storage` and the metadata log of Kafka keep them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Credential {
    salt: Vec<u8>,
    iterations: u32,
    stored_key: Vec<u8>,
    server_key: Vec<u8>,
}

impl From<scram::Mechanism> for Mechanism {
    fn from(mechanism: scram::Mechanism) -> Mechanism {
        match mechanism {
            scram::Mechanism::Sha256 => Mechanism::Sha256,
            scram::Mechanism::Sha512 => Mechanism::Sha512,
        }
    }
}

impl From<Mechanism> for scram::Mechanism {
    fn from(mechanism: Mechanism) -> scram::Mechanism {
        match mechanism {
            Mechanism::Sha256 => scram::Mechanism::Sha256,
            Mechanism::Sha512 => scram::Mechanism::Sha512,
        }
    }
}

impl From<scram::Credential> for Credential {
    fn from(credential: scram::Credential) -> Credential {
        let scram::Credential { salt, iterations, stored_key, server_key } = credential;
        Credential { salt, iterations, stored_key, server_key }
    }
}

impl From<Credential> for scram::Credential {
    fn from(credential: Credential) -> scram::Credential {
        let Credential { salt, iterations, stored_key, server_key } = credential;
        scram::Credential { salt, iterations, stored_key, server_key }
    }
}
