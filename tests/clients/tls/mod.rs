//! SASL_SSL: kafkalab through TLS and what it says when TLS does not hold, and other clients on the embedded broker.

mod kafkalab;
mod others;
