//! As whom and in which language the page asks, and how it is told of a failure: in the words of the error block.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::raw::{Cluster, RawError};
use crate::commands::broker::live::PAGE_CLIENT_ID;
use crate::commands::{Context, connect, refusal, trouble};
use crate::error::{Error, Kind, Result};
use crate::profile::{Profile, ProfileName};
use crate::words::{Lang, Message, ui as words};

/// What every request of the page may carry.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Asked {
    /// The principal to act as, without `User:`; by default the profile's own.
    #[serde(rename = "as")]
    pub(super) whom: Option<String>,
    /// `en` or `pt-BR`.
    pub(super) lang: Option<String>,
}

impl Asked {
    /// The language of the sentences that the server makes.
    pub(super) fn lang(&self, context: &Context) -> Lang {
        self.lang.as_deref().map_or(context.lang(), Lang::from_locale)
    }

    /// The settings of the principal.
    pub(super) fn profile(&self, context: &Context) -> Result<Profile> {
        let own = context.profile(ProfileName::Admin)?;
        match &self.whom {
            Some(name) if *name != own.actor.name.value => context.profile_as(ProfileName::Admin, name),
            _ => Ok(own),
        }
    }
}

/// One principal's way to the cluster. It is connected when it is first needed, and anew after a failure.
pub(super) struct Asking {
    pub(super) context: Arc<Context>,
    pub(super) lang: Lang,
    pub(super) profile: Profile,
    cluster: Option<Cluster>,
}

impl Asking {
    /// Finds the principal's settings; nothing connects yet.
    pub(super) fn new(context: &Arc<Context>, asked: &Asked) -> Result<Self, Problem> {
        let lang = asked.lang(context);
        let profile = asked.profile(context).map_err(|error| Problem::new(error, lang))?;
        Ok(Self { context: Arc::clone(context), lang, profile, cluster: None })
    }

    /// The connection.
    pub(super) async fn cluster(&mut self) -> Result<&mut Cluster, RawError> {
        connected(&mut self.cluster, &self.profile, self.context.global.timeout).await
    }

    /// Gives the connection up after a failure: what is left on it belongs to nobody.
    pub(super) fn hang_up(&mut self) {
        self.cluster = None;
    }

    /// The error block of a failed question.
    pub(super) async fn failed(&self, doing: impl Into<Message>, failure: RawError) -> Error {
        trouble::explain_raw(&self.profile, doing, &failure).await
    }

    /// The error block of a question about a topic that needs `operation`, with the rule that refused it.
    pub(super) async fn topic_failed(
        &mut self,
        topic: &str,
        operation: &'static str,
        failure: RawError,
    ) -> Error {
        let doing = words::READING.with(&[("topic", &topic)]);
        // Whoever was refused can usually ask for the names that are near.
        let cluster = connected(&mut self.cluster, &self.profile, self.context.global.timeout).await;
        match cluster {
            Ok(cluster) => {
                let asked = (topic, operation);
                refusal::of_topic(&self.context, &self.profile, cluster, asked, doing, failure).await
            }
            Err(_) => self.failed(doing, failure).await,
        }
    }

    /// The same block as an answer.
    pub(super) fn problem(&self, error: Error) -> Problem {
        Problem::new(error, self.lang)
    }
}

/// The connection of a slot, made if there is none.
async fn connected<'c>(
    slot: &'c mut Option<Cluster>,
    profile: &Profile,
    patience: Duration,
) -> Result<&'c mut Cluster, RawError> {
    let cluster = match slot.take() {
        Some(cluster) => cluster,
        None => connect::raw_as(PAGE_CLIENT_ID, profile, patience).await?,
    };
    Ok(slot.insert(cluster))
}

/// A failure as an answer: a status, and the error block in the page's language.
#[derive(Debug)]
pub(super) struct Problem {
    error: Box<Error>,
    lang: Lang,
}

impl Problem {
    pub(super) fn new(error: Error, lang: Lang) -> Self {
        Self { error: Box::new(error), lang }
    }

    /// What the page shows.
    pub(super) fn block(&self) -> Value {
        crate::ui::for_page(&self.error, self.lang)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = match self.error.kind {
            Kind::Usage => StatusCode::BAD_REQUEST,
            // What a broker refused is an answer like any other here; and a browser would log it as a fault of the page.
            _ => StatusCode::OK,
        };
        (status, Json(json!({ "problem": self.block() }))).into_response()
    }
}
