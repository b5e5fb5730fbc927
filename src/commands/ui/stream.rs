//! Server-sent events: a task that tells a page what it finds, until the page leaves.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;

use super::asked::{Asked, Asking, Problem};
use crate::client::raw::RawError;
use crate::commands::Context;

/// Events on their way to a page. A page that does not take them makes the task wait: nothing piles up here.
const UNDER_WAY: usize = 4;

/// The page at the other end.
#[derive(Clone)]
pub(super) struct Listener(mpsc::Sender<Event>);

/// The page has left. Its task ends at the next await, or by this.
#[derive(Debug)]
pub(super) struct Gone;

/// Why a task ended before it was done.
pub(super) enum Ended {
    /// The page has left.
    Gone,
    /// A broker failed it, or refused.
    Failed(RawError),
}

impl From<Gone> for Ended {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<RawError> for Ended {
    fn from(failure: RawError) -> Self {
        Self::Failed(failure)
    }
}

impl Listener {
    /// Tells the page something.
    pub(super) async fn tell(&self, event: &str, data: &impl Serialize) -> Result<(), Gone> {
        let text = serde_json::to_string(data).map_err(|_| Gone)?;
        self.tell_text(event, &text).await
    }

    /// The same of data that is JSON already, on one line.
    pub(super) async fn tell_text(&self, event: &str, data: &str) -> Result<(), Gone> {
        self.0.send(Event::default().event(event).data(data)).await.map_err(|_| Gone)
    }

    /// Tells the page of a failure.
    pub(super) async fn tell_problem(&self, problem: &Problem) -> Result<(), Gone> {
        self.tell("problem", &problem.block()).await
    }
}

/// The answer where there is nothing but a failure to tell. It stays open, so that the page does not ask again at once.
pub(super) fn problem(problem: Problem) -> Response {
    answer(move |page| async move {
        page.tell_problem(&problem).await?;
        std::future::pending().await
    })
}

/// The answer of a task that asks the cluster as a principal; where there is no such principal, that is the answer.
pub(super) fn asking<F>(
    context: &Arc<Context>,
    asked: &Asked,
    task: impl FnOnce(Asking, Listener) -> F,
) -> Response
where
    F: Future<Output = Result<(), Gone>> + Send + 'static,
{
    match Asking::new(context, asked) {
        Ok(asking) => answer(|page| task(asking, page)),
        Err(nobody) => problem(nobody),
    }
}

/// The answer that goes on as long as the task does, which is dropped as soon as the page leaves.
pub(super) fn answer<F>(task: impl FnOnce(Listener) -> F) -> Response
where
    F: Future<Output = Result<(), Gone>> + Send + 'static,
{
    let (sender, mut receiver) = mpsc::channel(UNDER_WAY);
    let work = task(Listener(sender.clone()));
    tokio::spawn(async move {
        tokio::select! {
            () = sender.closed() => {}
            _ended = work => {}
        }
    });
    let events = stream::poll_fn(move |waker| receiver.poll_recv(waker)).map(Ok::<_, Infallible>);
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}
