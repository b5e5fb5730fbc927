//! Admin requests as plain functions over a [`Cluster`](super::Cluster). Each returns what the broker said, entry by
//! entry: an `Err` of the function itself means that the request as a whole had no answer or was refused.

pub mod acls;
pub mod brokers;
pub mod configs;
mod consumer_groups;
pub mod groups;
pub mod leave;
pub mod offsets;
pub mod quorum;
pub mod records;
pub mod topics;
pub mod users;
