//! `phase4 verify`: what the phase shows, asked of the broker once more.

use super::untouched::Bystanders;
use super::{dlq, groups, partitions};
use crate::commands::{Context, connect};
use crate::error::Result;
use crate::profile::ProfileName;
use crate::report::Report;
use crate::words::phase4 as words;

pub(super) async fn run(context: &Context) -> Result<Report> {
    let profile = context.lab_profile(ProfileName::Phase4).await?;
    // A broker that cannot be reached is the command's failure, not a column of checks that could not be made.
    drop(connect::cluster(context, &profile, words::VERIFYING).await?);
    context.tidies_up();
    let bar = context.ui.waiting(words::VERIFYING);
    let before = Bystanders::look(context).await?;
    let mut checks = partitions::checks(context).await?;
    checks.extend(groups::checks(context).await?);
    checks.extend(dlq::checks(context).await?);
    checks.push(before.check(&Bystanders::look(context).await?));
    bar.finish_and_clear();
    Ok(Report::checks(checks, context.lang()).explain(words::VERIFIED))
}
