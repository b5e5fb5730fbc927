//! ACLs that a lesson lends for a moment. They are written down before they are created, so that a crash in between
//! is undone by the next command that needs the lab.

use super::{Context, connect, trouble, up};
use crate::acl::{AclBinding, AclFilter};
use crate::client::raw::Cluster;
use crate::client::raw::admin::acls;
use crate::error::{Error, Kind, Result};
use crate::lab::Locked;
use crate::profile::{Profile, ProfileName};
use crate::words::lent as words;

/// The right to change ACLs for a moment.
pub(super) struct Lender<'c> {
    context: &'c Context,
    admin: Profile,
    cluster: Cluster,
    /// While it is held, nobody takes these loans for what a crash left behind.
    _alone: Locked,
}

impl<'c> Lender<'c> {
    /// Connects as `admin`, and takes back what a crash left behind. On a cluster that the lab did not start this asks.
    pub(super) async fn new(context: &'c Context) -> Result<Self> {
        let admin = context.profile_as(ProfileName::Admin, "admin")?;
        if up::is_external(context, &admin)? {
            context.confirm(words::QUESTION.with(&[("address", &admin.bootstrap_server.value)])).await?;
        }
        match context.home()?.lock_lending()? {
            Some(alone) => Self::connect(context, admin, alone).await,
            None => Err(Error::new(Kind::Failed, words::BUSY)),
        }
    }

    async fn connect(context: &'c Context, admin: Profile, alone: Locked) -> Result<Self> {
        let cluster = connect::cluster(context, &admin, words::LENDING).await?;
        let mut lender = Self { context, admin, cluster, _alone: alone };
        lender.take_back().await?;
        Ok(lender)
    }

    /// Creates ACLs, written down first. An ACL that is there already is nobody's loan, and must not be given.
    pub(super) async fn lend(&mut self, loan: &[AclBinding]) -> Result<()> {
        self.context.home()?.write_lent(&self.admin.bootstrap_server.value, loan)?;
        match acls::create_acls(&mut self.cluster, loan).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(trouble::explain_raw(&self.admin, words::LENDING, &failure).await),
        }
    }

    /// Deletes whatever is written down as lent on this cluster.
    pub(super) async fn take_back(&mut self) -> Result<()> {
        let home = self.context.home()?;
        let bootstrap = &self.admin.bootstrap_server.value;
        let lent = home.lent(bootstrap)?;
        if lent.is_empty() {
            return Ok(());
        }
        let filters: Vec<AclFilter> = lent.iter().map(AclFilter::exactly).collect();
        match acls::delete_acls(&mut self.cluster, &filters).await {
            Ok(_) => home.write_lent(bootstrap, &[]),
            Err(failure) => Err(trouble::explain_raw(&self.admin, words::LENDING, &failure).await),
        }
    }
}

/// Takes back what a lesson lent and a crash kept. Costs a look at a file where nothing is lent.
pub(super) async fn undo(context: &Context) -> Result<()> {
    let admin = context.profile_as(ProfileName::Admin, "admin")?;
    let home = context.home()?;
    if !home.lent(&admin.bootstrap_server.value)?.is_empty()
        && let Some(alone) = home.lock_lending()?
    {
        Lender::connect(context, admin, alone).await?;
    }
    Ok(())
}
