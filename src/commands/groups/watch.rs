//! `kafkalab groups describe GROUP --watch`: who reads what and how far, as it changes.

use std::time::Duration;

use super::describe::shown;
use super::fetch;
use super::picture::GroupPicture;
use crate::client::raw::{Cluster, RawError};
use crate::commands::refusal::{self, GROUP_ID_NOT_FOUND};
use crate::commands::{Context, connect};
use crate::error::Result;
use crate::profile::Profile;
use crate::report::{Block, Report};
use crate::words::{Message, groups as words};

/// No broker tells a client that a group has changed.
const EVERY: Duration = Duration::from_millis(250);

pub(super) async fn run(context: &Context, groups: &[String]) -> Result<Report> {
    let (profile, mut cluster) = connect::administrator(context, words::ASKING).await?;
    context.tidies_up();
    context.streams();
    context.ui.note(words::WATCHING.with(&[("groups", &groups.join(", "))]));
    let mut picture = context.ui.picture();
    let mut before: Option<Vec<GroupPicture>> = None;
    loop {
        let mut now = Vec::with_capacity(groups.len());
        for group in groups {
            now.push(look(context, &profile, &mut cluster, group).await?);
        }
        if before.as_ref() != Some(&now) {
            show(context, &mut picture, &now)?;
            before = Some(now);
        }
        tokio::select! {
            () = context.stop.cancelled() => return Ok(Report::streamed()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// The group now; one that does not exist may come into being while somebody watches.
async fn look(
    context: &Context,
    profile: &Profile,
    cluster: &mut Cluster,
    group: &str,
) -> Result<GroupPicture> {
    match fetch(cluster, group).await {
        Ok(picture) => Ok(picture),
        Err(RawError::Broker(error)) if error.code == GROUP_ID_NOT_FOUND => Ok(GroupPicture::absent(group)),
        Err(failure) => {
            let doing = words::DESCRIBING.with(&[("group", &group)]);
            Err(refusal::of_group(context, profile, cluster, (group, "DESCRIBE"), doing, failure).await)
        }
    }
}

fn show(context: &Context, picture: &mut crate::ui::Picture<'_>, now: &[GroupPicture]) -> Result<()> {
    if context.ui.is_json() {
        return now.iter().try_for_each(|group| context.ui.data_line(&group.to_json().to_string()));
    }
    let mut blocks = Vec::new();
    if !context.ui.draws_in_place() {
        let time = format!("{:.0}", jiff::Timestamp::now());
        blocks.push(Block::Title(Message::Verbatim(time)));
    }
    for (number, group) in now.iter().enumerate() {
        if number > 0 {
            blocks.push(Block::Gap);
        }
        blocks.extend(shown(group));
    }
    picture.show(&blocks)
}
