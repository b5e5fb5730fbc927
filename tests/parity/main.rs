//! The same operations on the embedded broker and on Apache Kafka, with the same outcome.

#[path = "../support/mod.rs"]
mod support;
