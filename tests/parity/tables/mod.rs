//! The tables.

pub mod access;
pub mod admin;
mod group_steps;
pub mod groups;
pub mod listing;
pub mod records;
pub mod sasl;
