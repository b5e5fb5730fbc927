//! A thin async face over librdkafka, and the admin requests that it lacks.

pub mod raw;
