//! `kafkalab groups list`.

use serde_json::{Value, json};

use super::{GroupPicture, apache, fetch_all};
use crate::client::raw::admin::groups::GroupListing;
use crate::commands::{Context, connect, trouble};
use crate::error::Result;
use crate::report::{Block, Report, Table};
use crate::words::{Lang, groups as words};

pub(super) async fn run(context: &Context) -> Result<Report> {
    let (profile, mut cluster) = connect::administrator(context, words::ASKING).await?;
    let found = match fetch_all(&mut cluster).await {
        Ok(found) => found,
        Err(failure) => return Err(trouble::explain_raw(&profile, words::ASKING, &failure).await),
    };
    let principal = profile.principal().value;
    let data: Vec<Value> = found.iter().map(|(listing, picture)| json(listing, picture.as_ref())).collect();
    let report = Report::new(json!({ "groups": data }));
    if found.is_empty() {
        return Ok(report.line(words::NONE.with(&[("principal", &principal)])));
    }
    let rows =
        found.iter().map(|(listing, picture)| row(context.lang(), listing, picture.as_ref())).collect();
    Ok(report
        .block(Block::Table(Table { head: vec!["GROUP", "STATE", "MEMBERS", "LAG", "PROTOCOL"], rows }))
        .explain(words::LISTED.with(&[("principal", &principal)]))
        .explain(words::STATES)
        .same_with("Apache Kafka", apache(&profile, ["--list --state".to_owned()])))
}

fn row(lang: Lang, listing: &GroupListing, picture: Option<&GroupPicture>) -> Vec<String> {
    let protocol = picture.map_or("", |picture| &picture.protocol);
    let lag = |lag: i64| words::RECORDS.fill(lang, &[("lag", &lag)]);
    vec![
        listing.group_id.clone(),
        picture.map_or(&listing.state, |picture| &picture.state).clone(),
        picture.map_or_else(|| "-".to_owned(), |picture| picture.members.len().to_string()),
        picture.and_then(GroupPicture::lag).map_or_else(|| "-".to_owned(), lag),
        if protocol.is_empty() { "-".to_owned() } else { protocol.to_owned() },
    ]
}

fn json(listing: &GroupListing, picture: Option<&GroupPicture>) -> Value {
    json!({
        "group": listing.group_id,
        "state": picture.map_or(&listing.state, |picture| &picture.state),
        "members": picture.map(|picture| picture.members.len()),
        "lag": picture.and_then(GroupPicture::lag),
        "protocol_type": listing.protocol_type,
        "protocol": picture.map(|picture| &picture.protocol),
    })
}
