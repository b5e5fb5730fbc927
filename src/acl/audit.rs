//! The line that Kafka's `kafka.authorizer.logger` writes about a decision.

use std::fmt;

use super::{Decision, Question};

/// A decision in a request, shown as Kafka's audit log shows it (`StandardAuthorizerData.buildAuditMessage`).
#[derive(Debug, Clone, Copy)]
pub struct AuditLine<'a> {
    /// What was asked.
    pub question: Question<'a>,
    /// What was answered.
    pub decision: &'a Decision,
    /// The name of the API, for example `Metadata`.
    pub request: &'a str,
    /// How often the request names the resource.
    pub resource_ref_count: usize,
}

impl fmt::Display for AuditLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Question { principal, host, operation, resource } = self.question;
        write!(
            f,
            "Principal = {principal} is {} operation = {operation} from host = {host} on resource = {resource} \
             for request = {} with resourceRefCount = {} based on rule {}",
            if self.decision.allowed { "Allowed" } else { "Denied" },
            self.request,
            self.resource_ref_count,
            self.decision.rule
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::{Operation, Resource, Rule};

    #[test]
    fn reads_as_in_apache_kafka() {
        let question = Question {
            principal: "User:laravel",
            host: "127.0.0.1",
            operation: Operation::Describe,
            resource: Resource::topic("nest-events"),
        };
        let decision = Decision { allowed: false, rule: Rule::DefaultDeny };
        let line = AuditLine { question, decision: &decision, request: "Metadata", resource_ref_count: 1 };
        assert_eq!(
            line.to_string(),
            "Principal = User:laravel is Denied operation = DESCRIBE from host = 127.0.0.1 on resource = \
             Topic:LITERAL:nest-events for request = Metadata with resourceRefCount = 1 based on rule DefaultDeny"
        );
    }
}
