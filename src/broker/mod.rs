//! The embedded Kafka broker. It knows nothing of lessons or terminals.

pub mod group;
pub mod log;
