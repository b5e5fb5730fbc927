//! `phase4 verify`: what the phase shows, asked of the broker once more.

use super::untouched::Bystanders;
use super::{dlq, groups, partitions};
use crate::commands::{Context, checks, connect};
use crate::error::Result;
use crate::profile::ProfileName;
use crate::report::{Check, Report};
use crate::words::{Text, phase4 as words, phase4_dlq, phase4_groups, phase4_partitions};

pub(super) async fn run(context: &Context) -> Result<Report> {
    let profile = context.lab_profile(ProfileName::Phase4).await?;
    // A broker that cannot be reached is the command's failure, not a column of checks that could not be made.
    drop(connect::cluster(context, &profile, words::VERIFYING).await?);
    context.tidies_up();
    let bar = context.ui.waiting(words::VERIFYING);
    let before = Bystanders::look(context).await?;
    let mut made = Vec::new();
    let verified = partitions::verify(context, &mut made).await;
    unless_ended(&mut made, "partitions", phase4_partitions::GOAL, verified)?;
    let verified = groups::verify(context, &mut made).await;
    unless_ended(&mut made, "groups", phase4_groups::GOAL, verified)?;
    let verified = dlq::verify(context, &mut made).await;
    unless_ended(&mut made, "dlq", phase4_dlq::GOAL, verified)?;
    made.push(before.check(&Bystanders::look(context).await?));
    bar.finish_and_clear();
    Ok(Report::checks(made, context.lang()).explain(words::VERIFIED))
}

/// What ended a part of the phase before all its checks were made becomes its last check; the other parts go on.
fn unless_ended(made: &mut Vec<Check>, part: &'static str, goal: Text, verified: Result<()>) -> Result<()> {
    if let Err(error) = verified {
        made.push(checks::ended(part, goal, error)?);
    }
    Ok(())
}
