//! The only module that may print.
