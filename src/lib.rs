//! kafkalab teaches Apache Kafka in the terminal, against a broker with real SASL and real ACLs.
//!
//! Read it in this order: [`words`] and [`error`] (what people see), [`profile`] (settings and where each came
//! from), [`acl`] (the pure authorizer), [`contract`] (what a message of phase 3 must look like), [`client`] (a thin face over librdkafka and the admin requests it lacks),
//! [`broker`] (the embedded Kafka), [`lab`] (where the broker comes from), [`commands`] (one file per subcommand)
//! and [`ui`] (the only module that prints).

pub mod acl;
pub mod broker;
pub mod catalog;
pub mod cli;
pub mod client;
pub mod commands;
pub mod contract;
pub mod error;
pub mod escape;
pub mod flaw;
mod guard;
pub mod kafka_error;
pub mod lab;
pub mod lanes;
pub mod lesson;
pub mod prediction;
pub mod profile;
pub mod report;
pub mod scram;
pub mod source;
pub mod toml_reader;
pub mod ui;
pub mod words;
