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
        "engine": engine,
        "principal": profile.actor.name.value,
        "principals": principals.collect::<Vec<_>>(),
        "live": live::is_open(context),
    }))
}

/// Whose broker it is: the lab's engine where the address is the lab's.
fn engine(context: &Context, server: &str) -> &'static str {
    let state = context.home().ok().and_then(|home| home.state().ok().flatten());
    let port = |address: &str| address.rsplit_once(':').map(|(_, port)| port.to_owned());
    match state.filter(|state| port(&state.sasl) == port(server) || port(&state.plaintext) == port(server)) {
        Some(state) if state.engine == Engine::Embedded => "embedded",
        Some(state) if state.engine == Engine::Docker => "docker",
        _ => "other",
    }
}

fn texts(lang: Lang) -> Value {
    words::ALL
        .iter()
        .map(|(key, text)| ((*key).to_owned(), Value::from(text.get(lang))))
        .collect::<Map<_, _>>()
        .into()
}
