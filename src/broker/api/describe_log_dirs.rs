//! DescribeLogDirs (35): the data folder, how full its disk is, and how large each log is.
//!
//! - Versions 1–4. DESCRIBE on the cluster; without it version 3 and up say 31, older ones an empty list.
//! - Partitions that do not exist are left out.

use std::ops::RangeInclusive;
use std::path::Path;

use kafka_protocol::error::ResponseError::ClusterAuthorizationFailed;
use kafka_protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_protocol::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::topics::Topics;

/// `DescribeLogDirsResponse.UNKNOWN_VOLUME_BYTES`
const UNKNOWN_VOLUME_BYTES: i64 = -1;

/// The handler.
pub struct DescribeLogDirs;

impl Api for DescribeLogDirs {
    type Req = DescribeLogDirsRequest;
    type Res = DescribeLogDirsResponse;
    const NAME: &'static str = "DescribeLogDirs";
    const VERSIONS: RangeInclusive<i16> = 1..=4;

    fn handle(cx: &mut Cx<'_>, request: DescribeLogDirsRequest) -> Reply<DescribeLogDirsResponse> {
        let response = DescribeLogDirsResponse::default();
        if !cx.authorize(Operation::Describe, Resource::CLUSTER) {
            let code = if cx.version >= 3 { ClusterAuthorizationFailed.code() } else { 0 };
            return Reply::Now(response.with_error_code(code));
        }
        let topics = &cx.state.topics;
        let described: Vec<DescribeLogDirsTopic> = match request.topics {
            None => {
                topics.iter().map(|(name, topic)| sizes(topics, name, 0..topic.partition_count())).collect()
            }
            Some(wanted) => wanted
                .iter()
                .map(|topic| sizes(topics, &topic.topic, topic.partitions.iter().copied()))
                .collect(),
        };
        let folder = cx.state.data_folder();
        let (total, usable) = folder.and_then(volume).unwrap_or((UNKNOWN_VOLUME_BYTES, UNKNOWN_VOLUME_BYTES));
        let folder = folder.map_or_else(|| "memory".to_owned(), |path| path.display().to_string());
        let result = DescribeLogDirsResult::default()
            .with_log_dir(StrBytes::from_string(folder))
            .with_topics(described.into_iter().filter(|topic| !topic.partitions.is_empty()).collect());
        let result =
            if cx.version >= 4 { result.with_total_bytes(total).with_usable_bytes(usable) } else { result };
        Reply::Now(response.with_results(vec![result]))
    }
}

fn sizes(topics: &Topics, name: &str, partitions: impl Iterator<Item = i32>) -> DescribeLogDirsTopic {
    let size = |index| {
        let log = &topics.partition(name, index)?.log;
        let bytes = i64::try_from(log.size()).unwrap_or(i64::MAX);
        Some(DescribeLogDirsPartition::default().with_partition_index(index).with_partition_size(bytes))
    };
    DescribeLogDirsTopic::default()
        .with_name(TopicName(StrBytes::from_string(name.to_owned())))
        .with_partitions(partitions.filter_map(size).collect())
}

/// Bytes of the disk that a folder is on, and how many of them can still be written.
#[cfg(unix)]
fn volume(folder: &Path) -> Option<(i64, i64)> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| i64::try_from(blocks.saturating_mul(disk.f_frsize)).unwrap_or(i64::MAX);
    Some((bytes(disk.f_blocks), bytes(disk.f_bavail)))
}

#[cfg(not(unix))]
fn volume(_folder: &Path) -> Option<(i64, i64)> {
    None
}
