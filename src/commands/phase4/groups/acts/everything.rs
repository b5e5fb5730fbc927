//! Several groups on one topic: each gets every record.

use serde_json::json;

use super::records;
use crate::commands::phase4::groups::act::Act;
use crate::commands::phase4::groups::stage::Stage;
use crate::error::Result;
use crate::prediction::Prediction;
use crate::words::phase4_groups as words;

/// How many records each partition is given.
const RECORDS: usize = 10;

/// `first` has members already; so many `others` come, each with as many consumers, and all read the same records.
pub(in super::super) async fn two_groups(
    stage: &mut Stage<'_>,
    first: &str,
    others: &[String],
    consumers: usize,
) -> Result<Act> {
    let groups = others.len() + 1;
    let sent = RECORDS * super::partitions(stage);
    let title = stage.begin(words::GROUPS_TITLE.with(&[("groups", &groups)]))?;
    let asked = Prediction::new(
        "groups",
        words::GROUPS_QUESTION.with(&[("groups", &groups), ("records", &sent)]),
        [words::GROUPS_SHARE, words::GROUPS_ALL, words::GROUPS_FIRST],
    );
    let asked = stage.context.predict(asked).await?;
    let mut pictures = Vec::new();
    for group in others {
        pictures.push(super::gather(stage, group, consumers).await?);
    }
    let all: Vec<String> = std::iter::once(first.to_owned()).chain(others.iter().cloned()).collect();
    let before: usize = all.iter().map(|group| records(stage, group)).sum();
    let sent = stage.produce(RECORDS).await?;
    let awaited = words::AWAITING_RECORDS.with(&[("records", &sent), ("groups", &groups)]);
    let wanted = all.len() * sent;
    // Until as many came as all groups together should get. More would be wrong too, and shows below.
    stage
        .until(awaited, |stage| {
            all.iter().map(|group| records(stage, group)).sum::<usize>() >= before + wanted
        })
        .await?;
    let got: Vec<(String, usize, usize)> =
        all.iter().map(|group| (group.clone(), records(stage, group), distinct(stage, group))).collect();
    let everything = got.iter().all(|(_, records, distinct)| (*records, *distinct) == (sent, sent));
    let happened = if everything {
        1
    } else if got.iter().skip(1).all(|(_, records, _)| *records == 0) {
        2
    } else {
        0
    };
    let mut act = Act::new(title, asked, happened, everything);
    for picture in pictures {
        act = act.picture(picture, stage.context.lang());
    }
    for (group, records, _) in &got {
        act = act.line(words::GROUP_GOT.with(&[("group", group), ("records", records), ("sent", &sent)]));
    }
    let data: Vec<_> = got
        .iter()
        .map(|(group, records, distinct)| json!({ "group": group, "records": records, "distinct": distinct }))
        .collect();
    for group in others {
        super::all_leave(stage, group).await?;
    }
    Ok(act
        .explain(words::GROUPS_WHY)
        .explain(words::GROUPS_OWN_OFFSETS)
        .same_with("Laravel", ["Kafka::consumer(['pedidos'], 'estoque')".to_owned()])
        .same_with("NestJS", ["consumer: { groupId: 'estoque' }  // on the wire: estoque-server".to_owned()])
        .data(json!({ "sent": sent, "groups": data })))
}

/// How many different ones.
pub(in super::super) fn distinct(stage: &Stage<'_>, group: &str) -> usize {
    let places = stage.of(group).flat_map(|member| {
        let handled = member.seen.handled.iter();
        handled.flat_map(|(partition, offsets)| offsets.iter().map(move |offset| (*partition, *offset)))
    });
    places.collect::<std::collections::BTreeSet<_>>().len()
}
