//! Which topics the members of a consumer group read: the only part of members' metadata that the coordinator reads,
//! so that offsets of topics that are no longer read can expire.

use std::collections::BTreeSet;

use bytes::{Buf, Bytes};

use super::membership::{CONSUMER, Group};

/// The topics that the members read; `None` if they are no consumers or one of them cannot be understood.
pub(super) fn topics<W>(group: &Group<W>) -> Option<BTreeSet<String>> {
    if group.protocol_type.as_deref() != Some(CONSUMER) {
        return None;
    }
    let mut all = BTreeSet::new();
    for member in group.members.values() {
        all.extend(parse(member.metadata(group.protocol.as_deref()))?);
    }
    Some(all)
}

/// The topics of one subscription: a version, then an array of strings, in every version of the format.
fn parse(mut metadata: Bytes) -> Option<Vec<String>> {
    let _version = metadata.try_get_i16().ok()?;
    let count = metadata.try_get_i32().ok()?;
    (0..count).map(|_| parse_string(&mut metadata)).collect()
}

fn parse_string(metadata: &mut Bytes) -> Option<String> {
    let length = usize::try_from(metadata.try_get_i16().ok()?).ok()?;
    if metadata.remaining() < length {
        return None;
    }
    String::from_utf8(metadata.split_to(length).to_vec()).ok()
}
