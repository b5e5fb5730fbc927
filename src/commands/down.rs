//! `kafkalab down`: stops what `up` started, and nothing else.

use serde_json::json;

use super::Context;
use crate::error::Result;
use crate::lab::{Engine, docker, embedded};
use crate::report::Report;
use crate::words::up as words;

pub(super) fn run(context: &Context) -> Result<Report> {
    let home = context.home()?;
    let _alone = home.lock()?;
    let state = home.state()?;
    let runs = embedded::is_running(&home);
    let engine = match &state {
        Some(state) if state.engine == Engine::Docker => Some(Engine::Docker),
        // An `up` that was killed may not have noted down what it started.
        _ => runs.then_some(Engine::Embedded),
    };
    if let Some(engine) = engine.filter(|_| context.global.dry_run) {
        return Ok(Report::new(json!({ "stopped": null, "dry_run": true }))
            .line(words::WOULD_STOP.with(&[("engine", &engine)])));
    }
    if !context.global.dry_run {
        match engine {
            Some(Engine::Docker) => docker::stop(&home, state.is_some_and(|state| state.cluster))?,
            _ => embedded::stop(&home)?,
        }
        home.forget()?;
    }
    let Some(engine) = engine else {
        return Ok(Report::new(json!({ "stopped": null })).line(words::NOTHING_RUNS));
    };
    Ok(Report::new(json!({ "stopped": engine }))
        .line(words::STOPPED.with(&[("engine", &engine)]))
        .explain(words::DATA_STAYS))
}
