//! `kafkalab phase2 verify`: Nest's principal, with SASL and ACL.

use super::lent::Lender;
use super::standalone::Standalone;
use super::{Context, checks};
use crate::acl::{AclBinding, Operation, PatternType, Permission, ResourceType};
use crate::client::nest_emits;
use crate::client::rights::{self, Attempt};
use crate::error::Result;
use crate::profile::ProfileName;
use crate::report::{Check, Report};
use crate::words::phase2 as words;

pub(super) async fn verify(context: &Context) -> Result<Report> {
    let mut phase = Standalone::begin(context, ProfileName::Phase2).await?;
    phase.common().await;
    let trap = value_trap(context, &phase).await;
    phase.add(trap);
    for check in group_names(context, &phase).await? {
        phase.add(check);
    }
    let server = phase.profile.bootstrap_server.value.clone();
    let group = phase.group.clone();
    Ok(phase
        .finish()
        .await?
        .explain(words::REAL_NAME.with(&[("group", &group)]))
        .explain(words::NEST_MISLEADS)
        .same_with("NestJS (main.ts)", [
            format!("client: {{ brokers: ['{server}'], ssl: false,"),
            "  sasl: { mechanism: 'plain', username: 'nest', password: process.env.KAFKA_SASL_PASSWORD } },".to_owned(),
            format!("consumer: {{ groupId: '{}' }}", group.trim_end_matches("-server")),
        ]))
}

/// `emit(topic, { event, value: 10, data })` sends `10` and loses the rest: what Nest's serializer makes of it is
/// sent, and read back.
async fn value_trap(context: &Context, phase: &Standalone<'_>) -> Check {
    let meant =
        serde_json::json!({ "event": "PedidoPago", "value": 10, "data": { "pedido_id": "pedido-1" } });
    let (key, value) = nest_emits(&meant);
    let sent = checks::send_and_read(
        context,
        &phase.profile,
        &phase.topic,
        &phase.group,
        (key.as_deref().map(str::as_bytes), value.as_deref().unwrap_or_default().as_bytes()),
    );
    match sent.await {
        Ok((_, stored)) => {
            let stored = String::from_utf8_lossy(&stored.unwrap_or_default()).into_owned();
            let evidence = words::TRAP_EVIDENCE.with(&[("meant", &meant), ("stored", &stored)]);
            checks::decided("value-trap", words::TRAP, stored == "10", evidence)
        }
        Err(failure) => checks::failed("value-trap", words::TRAP, &failure),
    }
}

/// The group ACL for the name that people type, and for its prefix: `analytics`, who has none, is lent first the one
/// and then the other, and tries the name that Nest really uses.
async fn group_names(context: &Context, phase: &Standalone<'_>) -> Result<[Check; 2]> {
    let typed = phase.profile.actor.group.as_ref().map_or_else(String::new, |group| group.value.clone());
    let mut lender = Lender::new(context).await?;
    let mut tried = Vec::new();
    for pattern in [PatternType::Literal, PatternType::Prefixed] {
        lender.lend(&[read_group(&typed, pattern)]).await?;
        tried.push(observe(context, phase).await);
        lender.take_back().await?;
    }
    let wanted = [("group-literal", words::LITERAL, false), ("group-prefixed", words::PREFIXED, true)];
    let mut checks = wanted.into_iter().zip(tried).map(|((id, goal, allowed), seen)| {
        let goal = goal.with(&[("typed", &typed), ("group", &phase.group)]);
        match seen {
            Ok(seen) => {
                let name = crate::kafka_error::name(seen.code);
                let evidence =
                    words::ANSWERED.with(&[("group", &phase.group), ("name", &name), ("code", &seen.code)]);
                checks::decided(id, goal, seen.allowed() == allowed, evidence)
            }
            Err(failure) => checks::could_not(id, goal, &failure),
        }
    });
    let missing = || checks::could_not("group-literal", words::REAL_NAME, &"-");
    Ok([checks.next().unwrap_or_else(missing), checks.next().unwrap_or_else(missing)])
}

async fn observe(
    context: &Context,
    phase: &Standalone<'_>,
) -> std::result::Result<rights::Observed, crate::client::raw::RawError> {
    let analytics = context
        .profile_as(ProfileName::Phase2, "analytics")
        .map_err(|error| crate::client::raw::RawError::Unsupported(error.to_string()))?;
    let mut connection = checks::connection(context, &analytics).await?;
    rights::attempt(&mut connection, &Attempt::Join(phase.group.clone())).await
}

fn read_group(name: &str, pattern_type: PatternType) -> AclBinding {
    AclBinding {
        resource_type: ResourceType::Group,
        pattern_type,
        resource_name: name.to_owned(),
        principal: "User:analytics".to_owned(),
        host: "*".to_owned(),
        operation: Operation::Read,
        permission: Permission::Allow,
    }
}
