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
    let Some(state) = home.state()? else {
        return Ok(Report::new(json!({ "stopped": null })).line(words::NOTHING_RUNS));
    };
    if context.global.dry_run {
        return Ok(Report::new(json!({ "stopped": null, "dry_run": true }))
            .line(words::WOULD_STOP.with(&[("engine", &state.engine)])));
    }
    let ran = match state.engine {
        Engine::Embedded => {
            let ran = embedded::is_running(&home);
            embedded::stop(&home, &state)?;
            ran
        }
        Engine::Docker => {
            docker::stop(&home, state.cluster)?;
            true
        }
        Engine::External => false,
    };
    home.forget()?;
    if !ran {
        return Ok(Report::new(json!({ "stopped": null })).line(words::NOTHING_RUNS));
    }
    Ok(Report::new(json!({ "stopped": state.engine }))
        .line(words::STOPPED.with(&[("engine", &state.engine)]))
        .explain(words::DATA_STAYS))
}
