//! Where the lab's own broker is: its usual addresses, and those of the one that runs.

use super::SecurityProtocol;
use crate::source::{Source, Sourced};

/// Where a client looks for the lab when nothing says otherwise.
pub const LAB_PLAINTEXT: &str = "localhost:9092";
/// The lab's listener with a login.
pub const LAB_SASL: &str = "localhost:9094";

/// Where the lab's own broker listens without a login: [`LAB_PLAINTEXT`] on the loopback interface itself, since
/// `localhost` may be two addresses.
pub const LAB_PLAINTEXT_LISTEN: &str = "127.0.0.1:9092";
/// The same for [`LAB_SASL`].
pub const LAB_SASL_LISTEN: &str = "127.0.0.1:9094";

/// The listeners of the lab's broker that runs, `host:port` each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningLab {
    /// Without a login.
    pub plaintext: String,
    /// With a login.
    pub sasl: String,
    /// With a login over TLS, if it has that one.
    pub tls: Option<RunningTls>,
}

/// The listener of the running lab that speaks TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningTls {
    /// `host:port`.
    pub address: String,
    /// The file of the authority that signed its certificate.
    pub ca_file: String,
}

impl RunningLab {
    /// The running lab's address, where a profile names one of the lab's usual ones. The address decides which, and not
    /// the security protocol, since a client that speaks PLAINTEXT to the SASL port is a lesson; but who asks for a
    /// login over TLS means the listener that has it, if there is one.
    pub(super) fn moved(&self, server: Sourced<String>, protocol: SecurityProtocol) -> Sourced<String> {
        if server.source.is_given() {
            return server;
        }
        let address = match (server.value.as_str(), &self.tls) {
            (LAB_SASL, Some(tls)) if protocol == SecurityProtocol::SaslSsl => &tls.address,
            (LAB_PLAINTEXT, _) => &self.plaintext,
            (LAB_SASL, _) => &self.sasl,
            _ => return server,
        };
        if here(address) == server.value { server } else { Sourced::new(address.clone(), Source::Lab) }
    }

    /// The authority to trust at an address, if the lab knows.
    pub(super) fn ca_file_at(&self, server: &str) -> Option<Sourced<String>> {
        let tls = self.tls.as_ref().filter(|tls| here(&tls.address) == here(server))?;
        Some(Sourced::new(tls.ca_file.clone(), Source::Lab))
    }
}

/// Both spellings of this machine are one.
fn here(address: &str) -> String {
    address.replace("127.0.0.1", "localhost")
}
