//! The embedded Kafka broker. It knows nothing of lessons or terminals.

pub mod group;
