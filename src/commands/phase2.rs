//! `kafkalab phase2 verify`: Nest's principal, with SASL and ACL.

use super::lent::Lender;
use super::standalone::Standalone;
use super::{Context, checks};
use crate::acl::{AclBinding, Operation, PatternType, Permission, ResourceType};
use crate::client::nest_emits;
use crate::client::raw::RawError;
use crate::client::rights::{self, Attempt};
use crate::error::Result;
use crate::profile::ProfileName;
use crate::report::{Check, Report, Verdict};
use crate::words::{Message, Text, phase2 as words};

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
        .explain(words::REAL_NEST)
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

/// What Nest appends to the group of a `ClientKafka`, which joins it even if it only produces.
const CLIENT_POSTFIX: &str = "-client";

/// The group ACL for the name that people type, and for its prefix: `analytics`, who has none, is lent first the one
/// and then the other, and tries the names that Nest really uses.
async fn group_names(context: &Context, phase: &Standalone<'_>) -> Result<[Check; 3]> {
    let typed = phase.profile.actor.group.as_ref().map_or_else(String::new, |group| group.value.clone());
    let client = format!("{typed}{CLIENT_POSTFIX}");
    let groups = [phase.group.as_str(), client.as_str()];
    let mut lender = Lender::new(context).await?;
    let [server_literal, client_literal] =
        lent(context, &mut lender, &read_group(&typed, PatternType::Literal), groups).await?;
    let [server_prefixed, client_prefixed] =
        lent(context, &mut lender, &read_group(&typed, PatternType::Prefixed), groups).await?;
    let goal = |text: Text, group: &str| text.with(&[("typed", &typed), ("group", &group)]);
    Ok([
        named("group-literal", goal(words::LITERAL, &phase.group), &phase.group, &[(server_literal, false)]),
        named(
            "group-prefixed",
            goal(words::PREFIXED, &phase.group),
            &phase.group,
            &[(server_prefixed, true)],
        ),
        named(
            "group-client",
            goal(words::CLIENT, &client),
            &client,
            &[(client_literal, false), (client_prefixed, true)],
        ),
    ])
}

/// What the broker answers about each group while `analytics` is lent an ACL.
async fn lent(
    context: &Context,
    lender: &mut Lender<'_>,
    acl: &AclBinding,
    groups: [&str; 2],
) -> Result<[Seen; 2]> {
    lender.lend(std::slice::from_ref(acl)).await?;
    let seen = [observe(context, groups[0]).await, observe(context, groups[1]).await];
    lender.take_back().await?;
    Ok(seen)
}

/// Holds the broker's answers about a group against what they should be.
fn named(id: &'static str, goal: Message, group: &str, seen: &[(Seen, bool)]) -> Check {
    let mut evidence = Vec::new();
    let mut holds = true;
    for (seen, allowed) in seen {
        match seen {
            Ok(seen) => {
                let name = crate::kafka_error::name(seen.code);
                let text = if seen.allowed() { words::LET_IN } else { words::ANSWERED };
                evidence.push(text.with(&[("group", &group), ("name", &name), ("code", &seen.code)]));
                holds &= seen.allowed() == *allowed;
            }
            Err(failure) => return checks::could_not(id, goal, failure),
        }
    }
    let verdict = if holds { Verdict::Done } else { Verdict::NotYet };
    Check { id, goal, verdict, evidence }
}

type Seen = std::result::Result<rights::Observed, RawError>;

async fn observe(context: &Context, group: &str) -> Seen {
    let analytics = context
        .profile_as(ProfileName::Phase2, "analytics")
        .map_err(|error| RawError::Unsupported(error.to_string()))?;
    let mut connection = checks::connection(context, &analytics).await?;
    rights::attempt(&mut connection, &Attempt::Join(group.to_owned())).await
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
