//! What separates two sets of ACLs, in both directions.

use super::{AclBinding, AclSet};

/// The differences, each list sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct AclDiff {
    /// Wanted, and not there: what `apply` adds.
    pub missing: Vec<AclBinding>,
    /// There, and not wanted: what `apply --prune` deletes.
    pub extra: Vec<AclBinding>,
    /// How many are both wanted and there.
    pub equal: usize,
}

impl AclDiff {
    /// Compares what is wanted with what is there.
    pub fn between(wanted: &AclSet, there: &AclSet) -> Self {
        let missing: Vec<_> = wanted.iter().filter(|acl| !there.contains(acl)).collect();
        let equal = wanted.len() - missing.len();
        Self { missing, extra: there.iter().filter(|acl| !wanted.contains(acl)).collect(), equal }
    }

    /// Whether both sets are equal.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::tests::acl;

    #[test]
    fn both_directions_are_seen() {
        let both = acl("ALLOW READ TOPIC LITERAL both a");
        let wanted = acl("ALLOW READ TOPIC LITERAL wanted a");
        let there = acl("DENY READ TOPIC LITERAL there a");
        let diff = AclDiff::between(
            &[both.clone(), wanted.clone()].into_iter().collect(),
            &[both.clone(), there.clone()].into_iter().collect(),
        );
        assert_eq!(diff, AclDiff { missing: vec![wanted], extra: vec![there], equal: 1 });
        let same = [both].into_iter().collect();
        assert!(AclDiff::between(&same, &same).is_empty());
    }
}
