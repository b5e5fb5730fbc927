//! The lab starts by itself the first time a command needs it: only where the profile points at the lab's usual
//! addresses, nothing else was asked for, and nothing listens at either.

use super::{Context, prepare, up};
use crate::error::{Error, Kind, Result};
use crate::lab::{Engine, Listen, Port, embedded, look_at};
use crate::profile::{LAB_PLAINTEXT, LAB_PLAINTEXT_LISTEN, LAB_SASL, LAB_SASL_LISTEN, Profile};
use crate::source::Source;
use crate::words::up as words;

pub(super) async fn ensure(context: &Context, profile: &Profile) -> Result<()> {
    if context.global.no_start || !points_at_the_lab(profile) {
        return Ok(());
    }
    let home = context.home()?;
    let state = home.state()?;
    if state.as_ref().is_some_and(|state| state.engine != Engine::Embedded || embedded::is_running(&home)) {
        return Ok(());
    }
    // A broker that crashed comes back where its clients know it.
    let usual = || (LAB_PLAINTEXT_LISTEN.to_owned(), LAB_SASL_LISTEN.to_owned(), None);
    let (plaintext, sasl, tls) = state.map_or_else(usual, |state| (state.plaintext, state.sasl, state.tls));
    match (look_at(&plaintext), look_at(&sasl)) {
        (Ok(Port::Free), Ok(Port::Free)) => {}
        (Ok(Port::Busy), Ok(Port::Free)) => return Err(one_busy(&plaintext, &sasl)),
        (Ok(Port::Free), Ok(Port::Busy)) => return Err(one_busy(&sasl, &plaintext)),
        // Both answer: somebody else's broker, such as plain `docker compose up -d`.
        _ => return Ok(()),
    }
    let listen = Listen { plaintext: &plaintext, sasl: &sasl, tls: tls.as_deref() };
    let state = up::start_embedded(context, listen)?;
    context.ui.note(words::STARTED.with(&[("plaintext", &state.plaintext), ("sasl", &state.sasl)]));
    prepare::run(context).await.map(drop)
}

/// Whether nothing but a profile or the program chose the address, and it is the lab's.
fn points_at_the_lab(profile: &Profile) -> bool {
    let server = &profile.bootstrap_server;
    match server.source {
        Source::Lab => true,
        Source::File { .. } | Source::Default => server.value == LAB_PLAINTEXT || server.value == LAB_SASL,
        _ => false,
    }
}

fn one_busy(busy: &str, free: &str) -> Error {
    Error::new(Kind::Unreachable, words::ONE_PORT_BUSY.with(&[("busy", &busy), ("free", &free)]))
        .next("kafkalab up --listen 127.0.0.1:0 --sasl-listen 127.0.0.1:0")
        .next("kafkalab status")
}
