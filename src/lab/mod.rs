//! Where the broker comes from: the engines of the lab.
