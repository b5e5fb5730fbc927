//! Groups as they are: one picture of a group, and the commands made of it.

mod fetch;
mod picture;

pub use self::fetch::{fetch, fetch_over, places};
pub use self::picture::{GroupPicture, MemberPicture, PartitionPlace};
