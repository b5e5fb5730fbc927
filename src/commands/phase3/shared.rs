//! Laravel and Nest in one group: the second one is refused, whatever the ACLs say.

use uuid::Uuid;

use super::side::Side;
use crate::client::raw::join::{KAFKAJS_ASSIGNOR, knock};
use crate::client::{Failure, GroupReader, GroupRequest, Kind, Reset};
use crate::commands::{Context, checks, connect};
use crate::kafka_error;
use crate::report::Check;
use crate::words::phase3 as words;

/// The second application's library has no way of sharing partitions in common with the first one's.
pub(super) const INCONSISTENT_GROUP_PROTOCOL: i16 = 23;

/// Laravel joins a group as librdkafka does, Nest knocks as KafkaJS does, and the coordinator's answer is held
/// against error 23.
pub(super) async fn check(context: &Context, topic: &str, laravel: &Side, nest: &Side) -> Check {
    let group = format!("pedidos-shared-{}", &Uuid::new_v4().simple().to_string()[..8]);
    let goal = words::ONE_GROUP.with(&[("group", &group)]);
    let member = match join(laravel, topic, &group).await {
        Ok(member) => member,
        Err(failure) => return checks::failed("one-group", goal, &failure),
    };
    let answer = async {
        let mut cluster = connect::raw(&nest.profile, context.global.timeout).await?;
        knock(&mut cluster, &group, topic, KAFKAJS_ASSIGNOR).await
    };
    let answer = answer.await;
    // It was only there to be in the way; whether its goodbye is heard changes nothing that was seen.
    let _ = member.leave().await;
    checks::delete_group(context, &group).await;
    match answer {
        Ok(code) => {
            let (name, held) = (kafka_error::name(code), code == INCONSISTENT_GROUP_PROTOCOL);
            let evidence = words::ONE_GROUP_ANSWER.with(&[
                ("assignor", &KAFKAJS_ASSIGNOR),
                ("name", &name),
                ("code", &code),
            ]);
            checks::decided("one-group", goal, held, evidence)
        }
        Err(failure) => checks::failed_raw("one-group", goal, &failure),
    }
}

/// A member that owns its partitions.
async fn join(side: &Side, topic: &str, group: &str) -> Result<GroupReader, Failure> {
    let request = GroupRequest { group, topic, reset: Reset::Latest, follow: true };
    let mut member = GroupReader::join(&side.settings, &request).await?;
    let patience = side.settings.timeout * 4;
    let owns = async {
        while member.assigned().is_empty() {
            member.next().await?;
        }
        Ok(())
    };
    match tokio::time::timeout(patience, owns).await {
        Ok(owns) => owns.map(|()| member),
        Err(_) => Err(Failure::new(Kind::TimedOut, format!("{patience:?}"))),
    }
}
