//! Who may do what: ACLs as data, and the decision about one question. Pure: no sockets, no clock, no printing.
//!
//! The rules are those of Apache Kafka's `StandardAuthorizer` (4.0 to 4.3). Read it in this order: [`kinds`] (Kafka's
//! four enumerations), [`binding`] (one ACL), [`filter`] (which ACLs an admin request means), [`set`] (all ACLs,
//! indexed by resource name), [`decide`] (the decision, with the rule that made it), [`audit`] (Kafka's line about it)
//! and [`validate`] (what may be stored at all). Then the files: [`mod@file`] and [`library`] (TOML to ACLs), [`diff`] (files
//! against a cluster), [`explain`] (what nearly matched, and what would help) and [`render`] (as `kafka-acls.sh`).

pub mod audit;
pub mod binding;
pub mod decide;
pub mod diff;
pub mod explain;
pub mod file;
pub mod filter;
pub mod host;
pub mod kinds;
pub mod library;
pub mod render;
pub mod set;
pub mod validate;

pub use audit::AuditLine;
pub use binding::{AclBinding, Resource};
pub use decide::{Decision, Policy, Question, Rule};
pub use diff::AclDiff;
pub use explain::{Explanation, Fix, Mismatch, NearMiss};
pub use file::AclFile;
pub use filter::AclFilter;
pub use host::host_text;
pub use kinds::{Operation, PatternType, Permission, ResourceType};
pub use library::AclFiles;
pub use set::AclSet;
pub use validate::InvalidAcl;

/// The name or host in an ACL that matches every name or host.
pub const WILDCARD: &str = "*";

/// The principal in an ACL that matches every principal.
pub const WILDCARD_PRINCIPAL: &str = "User:*";

/// The only name that a resource of type [`ResourceType::Cluster`] has.
pub const CLUSTER_NAME: &str = "kafka-cluster";

#[cfg(test)]
mod tests;
