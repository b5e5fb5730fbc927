//! The end of a run, however it ends.

use super::Stage;
use crate::client::raw::admin::{groups, leave};
use crate::client::raw::{Cluster, RawError};
use crate::commands::phase4::groups::wire::Order;
use crate::commands::trouble;
use crate::error::Result;
use crate::words::phase4_groups as words;

impl Stage<'_> {
    /// Ends every member and deletes the groups and the topic, also after a failure and after Ctrl-C.
    pub(in crate::commands::phase4::groups) async fn clear(mut self) -> Result<()> {
        let limit = self.context.global.timeout;
        let mut members = std::mem::take(&mut self.members);
        members.append(&mut self.leaving);
        for member in &mut members {
            member.order(Order::Leave).await?;
        }
        let all_end = async {
            for member in &mut members {
                member.ended().await;
            }
        };
        // Whoever has not ended by then is killed where it is dropped.
        let _ = tokio::time::timeout(limit, all_end).await;
        drop(members);
        let mut failed = None;
        for group in &self.groups {
            failed = remove(&mut self.cluster, group).await.err().or(failed);
        }
        self.topic.delete().await?;
        match failed {
            Some(failure) => Err(trouble::explain_raw(&self.admin, words::CLEARING, &failure).await),
            None => Ok(()),
        }
    }
}

/// Takes out of a group whoever did not say goodbye, and deletes it.
async fn remove(cluster: &mut Cluster, group: &str) -> std::result::Result<(), RawError> {
    const GROUP_ID_NOT_FOUND: i16 = 69;
    let removed = async {
        let left = groups::describe_group(cluster, group).await?.members;
        if !left.is_empty() {
            leave::remove_members(cluster, group, &left).await?;
        }
        groups::delete_group(cluster, group).await
    };
    match removed.await {
        Err(RawError::Broker(error)) if error.code == GROUP_ID_NOT_FOUND => Ok(()),
        other => other,
    }
}
