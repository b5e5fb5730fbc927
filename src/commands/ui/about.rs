//! What the page must know before it shows anything: its words, the principals, and where it is.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde_json::{Map, Value, json};

use super::asked::{Asked, Problem};
use super::live;
use crate::commands::Context;
use crate::error::Result;
use crate::lab::Engine;
use crate::profile::ProfileName;
use crate::words::{Lang, page as words};

const LANGUAGES: [Lang; 2] = [Lang::En, Lang::PtBr];

pub(super) async fn about(
    State(context): State<Arc<Context>>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Problem> {
    let lang = asked.lang(&context);
    gathered(&context, lang).map(Json).map_err(|error| Problem::new(error, lang))
}

fn gathered(context: &Context, lang: Lang) -> Result<Value> {
    let profile = context.profile(ProfileName::Admin)?;
    let names = context.library().load(ProfileName::Admin)?.principals;
    let principals =
        names.iter().map(|entry| json!({ "name": entry.name, "principal": format!("User:{}", entry.name) }));
    let engine = engine(context, &profile.bootstrap_server.value);
    Ok(json!({
        "lang": lang.tag(),
        "languages": LANGUAGES.map(Lang::tag),
        "words": LANGUAGES.map(|lang| (lang.tag().to_owned(), texts(lang))).into_iter().collect::<Map<_, _>>(),
        "version": env!("CARGO_PKG_VERSION"),
        "server": profile.bootstrap_server.value,
        "protocol": profile.security_protocol.value.to_string(),
        "engine": engine.map_or_else(|| "other".to_owned(), |engine| engine.to_string()),
        "principal": profile.actor.name.value,
        "principals": principals.collect::<Vec<_>>(),
        "live": live::is_open(context, engine),
    }))
}

/// The lab's engine where the address is the lab's; `None`: somebody else's broker.
pub(super) fn engine(context: &Context, server: &str) -> Option<Engine> {
    let state = context.home().ok()?.state().ok().flatten()?;
    let port = |address: &str| address.rsplit_once(':').map(|(_, port)| port.to_owned());
    let is_its = [&state.sasl, &state.plaintext].into_iter().any(|own| port(own) == port(server));
    Some(state.engine).filter(|engine| is_its && *engine != Engine::External)
}

fn texts(lang: Lang) -> Value {
    words::ALL
        .iter()
        .map(|(key, text)| ((*key).to_owned(), Value::from(text.get(lang))))
        .collect::<Map<_, _>>()
        .into()
}
