//! Real Kafka clients against both engines: librdkafka, kcat, KafkaJS, aiokafka, Apache's own tools.

#[path = "../support/mod.rs"]
mod support;

mod apache_kafka;
mod catalogue;
mod cluster;
mod groups;
mod producers;
mod raw;
mod refusals;
