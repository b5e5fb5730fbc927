//! The tables.

pub mod access;
pub mod admin;
pub mod configs;
mod group_steps;
pub mod groups;
pub mod listing;
pub mod records;
pub mod sasl;
