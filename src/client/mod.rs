//! A thin async face over librdkafka, and the admin requests that it lacks.
//!
//! Everything here returns plain values and a typed [`Failure`]; nothing prints. librdkafka's own log goes to
//! `tracing` under the target `librdkafka`. Every call is raced against the login failures that librdkafka reports
//! on the side (`signals.rs`), so a wrong password ends it in milliseconds instead of a time-out.
//!
//! Reading order: [`Settings`] and [`Failure`]; `signals.rs`; [`Producer`]; [`Reader`] (chosen partitions) and
//! [`GroupReader`] (a member of a group) over `consumer.rs`; [`raw`] for topics, groups, ACLs and users. The rest is
//! pure: [`Persona`], [`Partitioner`], [`OffsetSpec`], [`Format`], and a [`Record`] as a line of JSON.

mod closed_later;
mod consumer;
mod failure;
mod format;
mod group_reader;
mod headers;
mod json_record;
pub mod library;
mod metadata;
mod offset_spec;
mod partitioner;
mod persona;
mod producer;
pub mod raw;
mod reach;
mod reader;
mod record;
pub mod rights;
mod settings;
mod signals;

pub use failure::{Code, Failure, Kind, Need, RefusedAt, Resource};
pub use format::{Bytes, Format, FormatError, escaped};
pub use group_reader::{GroupEvent, GroupReader, GroupRequest, Reset};
pub use json_record::{JsonError, parse_json, write_json};
pub use metadata::{Partition, Topic, legal_name, on_group, on_topic};
pub use offset_spec::{LogBounds, OffsetError, OffsetSpec, Point};
pub use partitioner::{Choice, Partitioner, Why, murmur2};
pub use persona::{Persona, nest_emits};
pub use producer::{Ack, Acks, Enqueued, Outgoing, Placed, ProduceOptions, Producer, Sender};
pub use reach::reach;
pub use reader::{Range, ReadRequest, Reader, patience};
pub use record::{Received, Record, RecordView, TimestampType};
pub use settings::{Login, Security, Settings, SslFiles};
pub use signals::Away;
