//! Real Kafka clients against both engines: librdkafka, kcat, KafkaJS, a NestJS application, franz-go,
//! aiokafka, Apache's own tools.

#[path = "../support/mod.rs"]
mod support;

mod admin;
mod apache_kafka;
mod apache_tools;
mod catalogue;
mod cluster;
mod compaction;
mod groups;
mod kcat;
mod nest;
mod partitions;
mod producers;
mod raw;
mod refusals;
mod times;
mod tls;
