//! SCRAM (RFC 5802, RFC 7677) as pure functions, for the broker and for our own client connection.
