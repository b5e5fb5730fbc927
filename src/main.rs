//! The `kafkalab` program.

fn main() {}
