//! `kafkalab groups describe`: the picture of a group in words and tables.

use serde_json::{Value, json};

use super::picture::{GroupPicture, PartitionPlace};
use super::{apache, fetch, in_words};
use crate::commands::{Context, connect, refusal};
use crate::error::Result;
use crate::report::{Block, Report};
use crate::words::{Message, groups as words};

pub(super) async fn run(context: &Context, groups: &[String]) -> Result<Report> {
    let (profile, mut cluster) = connect::administrator(context, words::ASKING).await?;
    let mut pictures = Vec::new();
    for group in groups {
        match fetch(&mut cluster, group).await {
            Ok(picture) if picture.is_dead() => {
                return Err(refusal::unknown_group(&profile, &mut cluster, group, None).await);
            }
            Ok(picture) => pictures.push(picture),
            Err(failure) => {
                let doing = words::DESCRIBING.with(&[("group", group)]);
                let asked = (group.as_str(), "DESCRIBE");
                return Err(refusal::of_group(context, &profile, &mut cluster, asked, doing, failure).await);
            }
        }
    }
    if let [picture] = &pictures[..] {
        context.found("group", picture.group.as_str());
        context.found("lag", picture.lag());
    }
    let data: Vec<Value> = pictures.iter().map(GroupPicture::to_json).collect();
    let mut report = Report::new(json!({ "groups": data }));
    for (number, picture) in pictures.iter().enumerate() {
        if number > 0 {
            report = report.block(Block::Gap);
        }
        report.body.extend(shown(picture));
    }
    report.explanation.paragraphs = pictures.iter().flat_map(meaning).collect();
    report.explanation.paragraphs.dedup();
    let options = groups.iter().flat_map(|group| {
        [format!("--describe --group {group}"), format!("--describe --group {group} --members --verbose")]
    });
    Ok(report.same_with("Apache Kafka", apache(&profile, options)))
}

/// What is known, in words and then in tables.
pub(super) fn shown(picture: &GroupPicture) -> Vec<Block> {
    let members = picture.members.len();
    let protocol = if picture.protocol.is_empty() { "-" } else { picture.protocol.as_str() };
    let named: [(&'static str, &dyn std::fmt::Display); 4] = [
        ("group", &picture.group),
        ("state", &picture.state),
        ("members", &members),
        ("protocol", &protocol),
    ];
    let mut lines: Vec<Message> =
        vec![if members == 0 { words::HEAD_EMPTY.with(&named[..2]) } else { words::HEAD.with(&named) }];
    if let Some(broker) = &picture.coordinator {
        lines.push(words::COORDINATOR.with(&[("id", &broker.id), ("address", &broker.address)]));
    }
    match picture.generation {
        Some(generation) => lines.push(words::GENERATION.with(&[("generation", &generation)])),
        None if members > 0 => lines.push(words::GENERATION_UNTOLD.into()),
        None => {}
    }
    let counted = picture.partitions.iter().filter(|place| place.lag().is_some()).count();
    lines.push(match picture.lag() {
        Some(lag) => words::LAG.with(&[("lag", &lag), ("partitions", &counted)]),
        None => words::LAG_UNKNOWN.into(),
    });
    let mut blocks: Vec<Block> = lines.into_iter().map(Block::Line).collect();
    if members > 0 {
        blocks.extend([Block::Gap, Block::Table(picture.members_table())]);
    }
    if !picture.partitions.is_empty() {
        blocks.extend([Block::Gap, Block::Table(picture.places_table())]);
    }
    blocks
}

/// What is worth knowing about this picture, the most important first.
fn meaning(picture: &GroupPicture) -> Vec<Message> {
    let about = |places: Vec<&PartitionPlace>, text: crate::words::Text| {
        let partitions = in_words(places.iter().copied());
        (!places.is_empty()).then(|| text.with(&[("partitions", &partitions)]))
    };
    let places = |is: &dyn Fn(&PartitionPlace) -> bool| -> Vec<&PartitionPlace> {
        picture.partitions.iter().filter(|place| is(place)).collect()
    };
    let is_stable = !picture.members.is_empty() && !picture.is_rebalancing();
    let mut told = vec![words::LAG_MEANS.into()];
    if picture.is_rebalancing() {
        told.push(words::REBALANCING.into());
    }
    if picture.members.is_empty() {
        told.push(words::NOBODY_READS.into());
    }
    let labels = picture.labels();
    let idle = picture.members.iter().filter(|member| member.partitions.is_empty());
    let idle: Vec<&str> =
        idle.filter_map(|member| labels.get(member.id.as_str()).map(String::as_str)).collect();
    if is_stable && !idle.is_empty() {
        told.push(words::IDLE.with(&[("members", &idle.join(", ")), ("count", &idle.len())]));
    }
    if is_stable {
        told.extend(about(places(&|place| place.owner.is_none()), words::UNOWNED));
    }
    told.extend(about(places(&|place| place.committed.is_none()), words::UNCOMMITTED));
    told.extend(about(places(&|place| place.is_outrun()), words::OUTRUN));
    told
}

#[cfg(test)]
mod tests {
    use super::super::picture::sample::{member, picture, place};
    use super::*;
    use crate::words::Lang;

    fn meant(picture: &GroupPicture) -> String {
        meaning(picture).iter().map(|message| message.in_lang(Lang::En)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_odd_about_a_group_is_told() {
        let told = meant(&picture());
        assert!(told.contains("B owns nothing"), "{told}");
        assert!(told.contains("No member reads orders 2:"), "{told}");
        assert!(told.contains("In orders 1 the group has committed nothing"), "{told}");
        assert!(told.contains("In orders 2 records were deleted"), "{told}");
    }

    #[test]
    fn nothing_odd_is_told_of_a_healthy_group() {
        let healthy = GroupPicture {
            members: vec![member("laravel-1", &[0])],
            partitions: vec![place(0, Some(5), Some("laravel-1"))],
            ..picture()
        };
        assert_eq!(meaning(&healthy).len(), 1, "{}", meant(&healthy));
    }

    #[test]
    fn nobody_is_called_idle_while_the_group_divides_its_partitions() {
        let dividing = GroupPicture { state: "PreparingRebalance".to_owned(), ..picture() };
        let told = meant(&dividing);
        assert!(told.contains("ask again") && !told.contains("owns nothing"), "{told}");
    }
}
