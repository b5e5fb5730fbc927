//! What the embedded broker sees, passed on from the door that it opened in the lab home.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;

use super::about;
use super::asked::{Asked, Problem};
use super::stream::{self, Listener};
use crate::commands::Context;
use crate::error::{Error, Kind};
use crate::lab::live::Door;
use crate::lab::{Engine, embedded};
use crate::profile::ProfileName;
use crate::words::ui as words;

/// Whether there is something to listen to: the lab's own broker runs, and is the one that the page asks.
pub(super) fn is_open(context: &Context, engine: Option<Engine>) -> bool {
    engine == Some(Engine::Embedded) && context.home().is_ok_and(|home| embedded::is_running(&home))
}

pub(super) async fn live(State(context): State<Arc<Context>>, Query(asked): Query<Asked>) -> Response {
    let lang = asked.lang(&context);
    let profile = match context.profile(ProfileName::Admin) {
        Ok(profile) => profile,
        Err(error) => return stream::problem(Problem::new(error, lang)),
    };
    if !is_open(&context, about::engine(&context, &profile.bootstrap_server.value)) {
        let error = Error::new(Kind::Failed, words::LISTENING).hint(words::ONLY_EMBEDDED);
        return stream::problem(Problem::new(error, lang));
    }
    let door = context.home().map(|home| home.live()).map(|file| Door::read(&file));
    let opened = match door {
        Ok(Ok(door)) => door.open().await.map_err(|why| why.to_string()),
        Ok(Err(why)) => Err(why.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match opened {
        // When the broker ends, so does the answer, and the page asks again.
        Ok(mut lines) => stream::answer(move |page| async move {
            while let Ok(Some(line)) = lines.next_line().await {
                pass_on(&page, &line).await?;
            }
            Ok(())
        }),
        Err(why) => {
            let error = Error::new(Kind::Failed, words::LISTENING).hint(why).hint(words::TOO_OLD);
            let error = error.next("kafkalab down").next("kafkalab up");
            stream::problem(Problem::new(error, lang))
        }
    }
}

async fn pass_on(page: &Listener, line: &str) -> Result<(), stream::Gone> {
    let event = if line.starts_with("{\"missed\"") { "missed" } else { "live" };
    page.tell_text(event, line).await
}
