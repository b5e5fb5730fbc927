//! DeleteGroups (42): forgets groups without members, with their offsets.
//!
//! - Versions 0–2. DELETE on each group, else 30; then existence (69) and members (68).

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::{DeleteGroupsRequest, DeleteGroupsResponse};

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;

/// The handler.
pub struct DeleteGroups;

impl Api for DeleteGroups {
    type Req = DeleteGroupsRequest;
    type Res = DeleteGroupsResponse;
    const NAME: &'static str = "DeleteGroups";
    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(cx: &mut Cx<'_>, request: DeleteGroupsRequest) -> Reply<DeleteGroupsResponse> {
        let mut seen = BTreeSet::new();
        let ids = request.groups_names.into_iter().filter(|id| seen.insert(id.clone()));
        let results = ids.map(|id| {
            let result = if cx.authorize(Operation::Delete, Resource::group(&id)) {
                cx.state.coordinator.delete(&id, cx.now)
            } else {
                Err(ResponseError::GroupAuthorizationFailed)
            };
            let code = result.err().map_or(0, |error| error.code());
            DeletableGroupResult::default().with_group_id(id).with_error_code(code)
        });
        Reply::Now(DeleteGroupsResponse::default().with_results(results.collect()))
    }
}
