//! A topic that one run creates for itself, so that a run finds nothing of an earlier one and two at once do not meet.

use uuid::Uuid;

use crate::client::raw::admin::topics::{self, NewTopic};
use crate::client::raw::{Cluster, RawError};
use crate::commands::{Context, connect, trouble};
use crate::error::{Error, Result};
use crate::profile::{Profile, ProfileName};
use crate::words::{Message, phase4 as words};

/// The topic, created by `admin` and known to `kafkalab reset` from then on. Delete it when the run ends: dropping it
/// deletes nothing.
pub(super) struct OwnTopic<'c> {
    /// Its name: `phase4-`, what it is for, and eight letters of chance.
    pub name: String,
    /// How many partitions it has.
    pub partitions: i32,
    context: &'c Context,
    admin: Profile,
    cluster: Cluster,
}

impl<'c> OwnTopic<'c> {
    /// Creates `phase4-WHAT-…` and waits until each partition can be written to.
    pub(super) async fn create(context: &'c Context, what: &str, partitions: i32) -> Result<Self> {
        let admin = context.profile_as(ProfileName::Admin, "admin")?;
        let chance = Uuid::new_v4().simple().to_string();
        let name = format!("phase4-{what}-{}", &chance[..8]);
        let doing = words::CREATING.with(&[("topic", &name)]);
        let mut cluster = connect::cluster(context, &admin, doing.clone()).await?;
        // Before it is there, so that a crash in between leaves nothing that nobody knows of.
        context.home()?.own(&admin.bootstrap_server.value, [name.clone()])?;
        let wanted = NewTopic::new(&name, partitions);
        let created = async {
            let results = topics::create_topics(&mut cluster, &[wanted], false).await?;
            results.into_values().collect::<std::result::Result<Vec<()>, _>>()?;
            Ok(())
        };
        match created.await {
            Ok(()) => Ok(Self { name, partitions, context, admin, cluster }),
            Err(failure) => Err(trouble::explain_raw(&admin, doing, &failure).await),
        }
    }

    /// Grows it to `partitions` partitions and waits until each can be written to. A producer made before does not know
    /// of them yet.
    pub(super) async fn grow(&mut self, partitions: i32) -> Result<()> {
        let grown = topics::create_partitions(&mut self.cluster, &self.name, partitions).await;
        if let Err(failure) = grown {
            return Err(self.failed(words::GROWING.with(&[("topic", &self.name)]), &failure).await);
        }
        self.partitions = partitions;
        Ok(())
    }

    /// Deletes it.
    pub(super) async fn delete(mut self) -> Result<()> {
        let deleted = async {
            let results = topics::delete_topics(&mut self.cluster, &[&self.name]).await?;
            results.into_values().collect::<std::result::Result<Vec<()>, _>>()?;
            Ok(())
        };
        if let Err(failure) = deleted.await {
            return Err(self.failed(words::DELETING.with(&[("topic", &self.name)]), &failure).await);
        }
        self.context.home()?.disown(&self.admin.bootstrap_server.value, &self.name)
    }

    async fn failed(&self, doing: Message, failure: &RawError) -> Error {
        trouble::explain_raw(&self.admin, doing, failure).await
    }
}
