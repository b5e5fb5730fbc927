//! ListGroups (16): the groups there are.
//!
//! - Versions 0–5. From 4 on they may be filtered by state, from 5 on by type; every group here is `classic`.
//! - DESCRIBE on the cluster shows all, else DESCRIBE on each group shows that one. What is not shown is left out without
//!   a word, in the answer and in the audit log: this API never refuses.

use std::ops::RangeInclusive;

use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{GroupId, ListGroupsRequest, ListGroupsResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;

/// The type of every group here, as Kafka writes it.
const CLASSIC: &str = "classic";

/// The handler.
pub struct ListGroups;

impl Api for ListGroups {
    type Req = ListGroupsRequest;
    type Res = ListGroupsResponse;
    const NAME: &'static str = "ListGroups";
    const VERSIONS: RangeInclusive<i16> = 0..=5;

    fn handle(cx: &mut Cx<'_>, request: ListGroupsRequest) -> Reply<ListGroupsResponse> {
        let may_all = cx.authorize_silently(Operation::Describe, Resource::CLUSTER);
        let groups = cx.state.coordinator.groups().list().into_iter().filter(|group| {
            passes(&request.states_filter, group.state.name())
                && passes(&request.types_filter, CLASSIC)
                && (may_all || cx.authorize_silently(Operation::Describe, Resource::group(&group.group)))
        });
        let listed = groups.map(|group| {
            let mut listed = ListedGroup::default()
                .with_group_id(GroupId(StrBytes::from_string(group.group)))
                .with_protocol_type(StrBytes::from_string(group.protocol_type));
            if cx.version >= 4 {
                listed.group_state = StrBytes::from_static_str(group.state.name());
            }
            if cx.version >= 5 {
                listed.group_type = StrBytes::from_static_str(CLASSIC);
            }
            listed
        });
        Reply::Now(ListGroupsResponse::default().with_groups(listed.collect()))
    }
}

/// An empty filter lets everything pass; names are compared without case.
fn passes(filter: &[StrBytes], name: &str) -> bool {
    filter.is_empty() || filter.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
}
