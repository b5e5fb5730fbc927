//! The consumer groups that a principal may see: members, assignment, lag.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::asked::{Asked, Asking};
use super::watched::{View, watch};
use crate::commands::Context;
use crate::commands::groups::{GroupPicture, fetch_all};
use crate::error::Result;
use crate::words::ui as words;

pub(super) async fn groups(State(context): State<Arc<Context>>, Query(asked): Query<Asked>) -> Response {
    watch::<Groups>(&context, &asked)
}

struct Groups;

impl View for Groups {
    const EVENT: &'static str = "groups";
    const EVERY: Duration = Duration::from_millis(300);

    async fn look(asking: &mut Asking) -> Result<Value> {
        match async { fetch_all(asking.cluster().await?).await }.await {
            Ok(found) => {
                let groups: Vec<Value> =
                    found.iter().filter_map(|(_, picture)| picture.as_ref()).map(labelled).collect();
                Ok(json!({ "groups": groups }))
            }
            Err(failure) => Err(asking.failed(words::GROUPS, failure).await),
        }
    }
}

/// The picture as every JSON of kafkalab has it, and the short name of each member.
fn labelled(picture: &GroupPicture) -> Value {
    let labels = picture.labels();
    let mut data = picture.to_json();
    for member in data["members"].as_array_mut().into_iter().flatten() {
        let label = member["id"].as_str().and_then(|id| labels.get(id)).cloned();
        member["label"] = json!(label);
    }
    data
}
