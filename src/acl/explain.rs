//! Why was it refused? The decision, the ACLs that would nearly have allowed it, and what would change it.
//!
//! It works on any [`AclSet`]: the files at hand, or what a cluster answered to DescribeAcls.

use serde::Serialize;

use super::decide::allows;
use super::{
    AclBinding, AclSet, Decision, PatternType, Permission, Policy, Question, Rule, WILDCARD,
    WILDCARD_PRINCIPAL,
};

/// A decision with what a person needs to act on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Allowed or not, and the deciding rule.
    pub decision: Decision,
    /// After a refusal: ACLs that miss by one thing, the most telling first.
    pub near_misses: Vec<NearMiss>,
    /// After a refusal: the smallest change that allows it.
    pub fix: Option<Fix>,
}

/// An ALLOW that would have granted it, but for one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    /// The one thing.
    pub why: Mismatch,
    /// The ACL.
    pub acl: AclBinding,
}

/// The one thing in which an ACL misses a question. Sorted from the most to the least telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mismatch {
    /// Nothing: it allows, and a DENY stands against it.
    Overruled,
    /// A literal name that the resource's name only begins with: `nest-app` for `nest-app-server`.
    LiteralNotPrefixed,
    /// A prefixed `*`, which is no wildcard.
    PrefixedAsterisk,
    /// The name differs only in upper and lower case.
    NameCase,
    /// The name, or the prefix, resembles that of the resource.
    OtherName,
    /// The principal differs only in upper and lower case.
    PrincipalCase,
    /// It is for clients of another address.
    OtherHost,
    /// It allows another operation, which does not imply the one asked.
    OtherOperation,
    /// It is for somebody else.
    OtherPrincipal,
}

/// A change that turns a refusal into a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fix {
    /// Add this ACL.
    Add(AclBinding),
    /// Remove this DENY: nothing that is added can outweigh it.
    RemoveDeny(AclBinding),
}

impl AclSet {
    /// Decides a question and says what nearly decided otherwise.
    pub fn explain(&self, question: &Question<'_>, policy: &Policy) -> Explanation {
        let decision = self.decide(question, policy);
        if decision.allowed {
            return Explanation { decision, near_misses: Vec::new(), fix: None };
        }
        let allow =
            self.iter_type(question.resource.resource_type).filter(|acl| acl.permission == Permission::Allow);
        let miss = |acl: AclBinding| mismatch(&acl, question).map(|why| NearMiss { why, acl });
        let mut near_misses: Vec<NearMiss> = allow.filter_map(miss).collect();
        near_misses.sort_by(|a, b| (a.why, &a.acl).cmp(&(b.why, &b.acl)));
        let fix = match &decision.rule {
            Rule::Acl(deny) => Fix::RemoveDeny(deny.clone()),
            _ => Fix::Add(grant(question, near_misses.first())),
        };
        Explanation { decision, near_misses, fix: Some(fix) }
    }
}

/// The one thing in which an ALLOW misses the question; `None` if it is far off.
fn mismatch(acl: &AclBinding, question: &Question<'_>) -> Option<Mismatch> {
    let faults =
        [name(acl, question)?, principal(acl, question), host(acl, question), operation(acl, question)];
    let mut faults = faults.into_iter().flatten();
    match (faults.next(), faults.next()) {
        (None, _) => Some(Mismatch::Overruled),
        (Some(fault), None) => Some(fault),
        _ => None,
    }
}

/// What is wrong with the name: `None` if it is altogether another, `Some(None)` if it matches.
fn name(acl: &AclBinding, question: &Question<'_>) -> Option<Option<Mismatch>> {
    let (pattern, asked) = (acl.resource_name.as_str(), question.resource.name);
    if acl.covers(question.resource) {
        return Some(None);
    }
    let compared = match acl.pattern_type {
        PatternType::Prefixed if pattern == WILDCARD => return Some(Some(Mismatch::PrefixedAsterisk)),
        // A prefix is held against as much of the name as it is long.
        PatternType::Prefixed => {
            asked.char_indices().nth(pattern.chars().count()).map_or(asked, |(end, _)| &asked[..end])
        }
        _ => asked,
    };
    if pattern.to_lowercase() == compared.to_lowercase() {
        Some(Some(Mismatch::NameCase))
    } else if acl.pattern_type == PatternType::Literal && asked.starts_with(pattern) {
        Some(Some(Mismatch::LiteralNotPrefixed))
    } else if strsim::jaro_winkler(pattern, compared) > 0.9 {
        Some(Some(Mismatch::OtherName))
    } else {
        None
    }
}

fn principal(acl: &AclBinding, question: &Question<'_>) -> Option<Mismatch> {
    let acl = acl.principal.as_str();
    if acl == question.principal || acl == WILDCARD_PRINCIPAL {
        None
    } else if acl.eq_ignore_ascii_case(question.principal) {
        Some(Mismatch::PrincipalCase)
    } else {
        Some(Mismatch::OtherPrincipal)
    }
}

fn host(acl: &AclBinding, question: &Question<'_>) -> Option<Mismatch> {
    (acl.host != WILDCARD && acl.host != question.host).then_some(Mismatch::OtherHost)
}

fn operation(acl: &AclBinding, question: &Question<'_>) -> Option<Mismatch> {
    (!allows(acl.operation, question.operation)).then_some(Mismatch::OtherOperation)
}

/// The ACL that would allow it: for exactly this name, unless a literal was plainly meant to be a prefix.
fn grant(question: &Question<'_>, nearest: Option<&NearMiss>) -> AclBinding {
    let meant = nearest.filter(|miss| miss.why == Mismatch::LiteralNotPrefixed);
    AclBinding {
        resource_type: question.resource.resource_type,
        resource_name: meant.map_or(question.resource.name, |miss| &miss.acl.resource_name).to_owned(),
        pattern_type: if meant.is_some() { PatternType::Prefixed } else { PatternType::Literal },
        principal: question.principal.to_owned(),
        host: WILDCARD.to_owned(),
        operation: question.operation,
        permission: Permission::Allow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::tests::acl;
    use crate::acl::{Operation, Resource};

    fn explain(acls: &[AclBinding], operation: Operation, resource: Resource<'_>) -> Explanation {
        let question = Question { principal: "User:laravel", host: "127.0.0.1", operation, resource };
        acls.iter().cloned().collect::<AclSet>().explain(&question, &Policy::default())
    }

    fn whys(explanation: &Explanation) -> Vec<Mismatch> {
        explanation.near_misses.iter().map(|miss| miss.why).collect()
    }

    #[test]
    fn each_near_miss_has_its_reason() {
        let host =
            AclBinding { host: "10.0.0.7".to_owned(), ..acl("ALLOW READ TOPIC LITERAL orders laravel") };
        let cases = [
            (acl("ALLOW READ TOPIC LITERAL ord laravel"), Mismatch::LiteralNotPrefixed),
            (acl("ALLOW READ TOPIC PREFIXED * laravel"), Mismatch::PrefixedAsterisk),
            (acl("ALLOW READ TOPIC LITERAL Orders laravel"), Mismatch::NameCase),
            (acl("ALLOW READ TOPIC LITERAL order-s laravel"), Mismatch::OtherName),
            (acl("ALLOW READ TOPIC PREFIXED orderz laravel"), Mismatch::OtherName),
            (acl("ALLOW READ TOPIC LITERAL orders Laravel"), Mismatch::PrincipalCase),
            (host, Mismatch::OtherHost),
            (acl("ALLOW WRITE TOPIC LITERAL orders laravel"), Mismatch::OtherOperation),
            (acl("ALLOW READ TOPIC PREFIXED ord nest"), Mismatch::OtherPrincipal),
        ];
        for (acl, why) in &cases {
            let found = explain(std::slice::from_ref(acl), Operation::Read, Resource::topic("orders"));
            assert_eq!(whys(&found), [*why], "{acl}");
        }
        let all: Vec<AclBinding> = cases.iter().rev().map(|(acl, _)| acl.clone()).collect();
        let found = explain(&all, Operation::Read, Resource::topic("orders"));
        assert!(whys(&found).is_sorted(), "{found:?}");
    }

    #[test]
    fn what_misses_by_two_things_or_lies_far_off_is_not_near() {
        let acls = [
            acl("ALLOW WRITE TOPIC LITERAL orders nest"),
            acl("ALLOW READ TOPIC LITERAL invoices laravel"),
            acl("ALLOW READ GROUP LITERAL orders laravel"),
        ];
        assert_eq!(whys(&explain(&acls, Operation::Read, Resource::topic("orders"))), []);
    }

    #[test]
    fn the_change_that_helps_does_help() {
        let question = |resource| Question {
            principal: "User:nest",
            host: "127.0.0.1",
            operation: Operation::Read,
            resource,
        };
        let ask = question(Resource::group("nest-app-server"));
        let mut set: AclSet = [acl("ALLOW READ GROUP LITERAL nest-app nest")].into_iter().collect();
        let Some(Fix::Add(added)) = set.explain(&ask, &Policy::default()).fix else { panic!() };
        assert_eq!(added, acl("ALLOW READ GROUP PREFIXED nest-app nest"));
        set.add(added);
        assert!(set.decide(&ask, &Policy::default()).allowed);

        let deny = acl("DENY ALL GROUP LITERAL * *");
        set.add(deny.clone());
        let explanation = set.explain(&ask, &Policy::default());
        assert_eq!(explanation.fix, Some(Fix::RemoveDeny(deny.clone())));
        assert_eq!(explanation.near_misses[0].why, Mismatch::Overruled);
        set.remove(&deny);
        assert!(set.decide(&ask, &Policy::default()).allowed);
    }

    #[test]
    fn a_grant_needs_no_help() {
        let found = explain(
            &[acl("ALLOW READ TOPIC LITERAL orders laravel")],
            Operation::Read,
            Resource::topic("orders"),
        );
        assert!(found.decision.allowed && found.near_misses.is_empty() && found.fix.is_none());
    }
}
