//! ACL files, matching and decisions. Pure: no sockets, no clock, no printing.
