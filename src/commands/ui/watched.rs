//! Views of what Kafka has no notification for: asked again while a page looks, and told when they have changed.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use serde_json::Value;

use super::asked::{Asked, Asking};
use super::stream;
use crate::commands::Context;
use crate::error::Result;

/// What is asked again and again.
pub(super) trait View: 'static {
    /// The name of its events.
    const EVENT: &'static str;
    /// The pause between two questions.
    const EVERY: Duration;

    /// How it looks now.
    fn look(asking: &mut Asking) -> impl Future<Output = Result<Value>> + Send;
}

/// A failure is told once, and again once it is another.
pub(super) fn watch<V: View>(context: &Arc<Context>, asked: &Asked) -> Response {
    stream::asking(context, asked, |mut asking, page| async move {
        let mut told = (V::EVENT, Value::Null);
        loop {
            let now = match V::look(&mut asking).await {
                Ok(value) => (V::EVENT, value),
                Err(error) => {
                    asking.hang_up();
                    ("problem", asking.problem(error).block())
                }
            };
            if now != told {
                page.tell(now.0, &now.1).await?;
                told = now;
            }
            tokio::time::sleep(V::EVERY).await;
        }
    })
}
