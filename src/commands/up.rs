//! `kafkalab up`: starts the lab's broker, creates the profiles' topics and applies the ACL files. Running it twice
//! changes nothing.

use std::net::ToSocketAddrs as _;

use serde_json::json;

use super::{Context, prepare, status};
use crate::error::{Error, Kind, Result};
use crate::lab::{Engine, Home, Listen, State, docker, embedded};
use crate::profile::{LAB_PLAINTEXT, LAB_PLAINTEXT_LISTEN, LAB_SASL, LAB_SASL_LISTEN, Profile, ProfileName};
use crate::report::Report;
use crate::words::up as words;

/// Arguments of `up`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the broker comes from.
    #[arg(long, value_enum, default_value = "embedded")]
    engine: Engine,
    /// Three brokers instead of one (with --engine docker).
    #[arg(long)]
    cluster: bool,
    /// The listener without a login; port 0 takes a free one (embedded).
    #[arg(long, value_name = "HOST:PORT", default_value = LAB_PLAINTEXT_LISTEN)]
    listen: String,
    /// The listener with a login; port 0 takes a free one (embedded).
    #[arg(long, value_name = "HOST:PORT", default_value = LAB_SASL_LISTEN)]
    sasl_listen: String,
    /// A listener with a login over TLS (SASL_SSL), such as 127.0.0.1:9096; port 0 takes a free one (embedded).
    #[arg(long, value_name = "HOST:PORT")]
    tls_listen: Option<String>,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    if args.cluster && args.engine != Engine::Docker {
        return Err(Error::usage(words::CLUSTER_NEEDS_DOCKER).next("kafkalab up --engine docker --cluster"));
    }
    if args.tls_listen.is_some() && args.engine != Engine::Embedded {
        return Err(Error::usage(words::TLS_NEEDS_EMBEDDED).next("kafkalab up --tls-listen 127.0.0.1:9096"));
    }
    if context.global.dry_run && args.engine != Engine::External && running(&context.home()?)?.is_none() {
        return Ok(Report::new(json!({ "started": null, "dry_run": true }))
            .line(words::WOULD_START.with(&[("engine", &args.engine)])));
    }
    match args.engine {
        Engine::Embedded => {
            let plain = [&args.listen, &args.sasl_listen];
            plain.into_iter().chain(&args.tls_listen).try_for_each(|address| on_loopback(address))?;
            let listen =
                Listen { plaintext: &args.listen, sasl: &args.sasl_listen, tls: args.tls_listen.as_deref() };
            let state = start_embedded(context, listen)?;
            say_where_it_listens(context, args, &state);
            say_where_tls_is(context, args, &state);
        }
        Engine::Docker => start_docker(context, args.cluster)?,
        Engine::External => {
            context
                .confirm(
                    words::CHANGES_EXTERNAL
                        .with(&[("address", &context.profile(ProfileName::Admin)?.bootstrap_server.value)]),
                )
                .await?;
        }
    }
    let prepared = prepare::run(context).await?;
    let mut report = status::report(context).await?;
    if let Some(data) = &mut report.data {
        data.insert("prepared".to_owned(), json!(prepared));
    }
    Ok(prepared.before(report))
}

/// The lab's broker has public passwords, so it listens where no other machine can reach it.
fn on_loopback(address: &str) -> Result<()> {
    let found = address.to_socket_addrs().map_err(|problem| {
        Error::usage(words::BAD_LISTEN.with(&[("address", &address), ("problem", &problem)]))
    })?;
    if found.into_iter().all(|socket| socket.ip().is_loopback()) {
        return Ok(());
    }
    Err(Error::usage(words::NOT_LOOPBACK.with(&[("address", &address)]))
        .next("kafkalab broker --allow-remote --help"))
}

/// A lab that runs already keeps its addresses: whoever asked for others must know.
fn say_where_it_listens(context: &Context, args: &Args, state: &State) {
    let asked = [
        ("--listen", &args.listen, LAB_PLAINTEXT_LISTEN, &state.plaintext),
        ("--sasl-listen", &args.sasl_listen, LAB_SASL_LISTEN, &state.sasl),
    ];
    for (flag, wanted, usual, actual) in asked {
        if wanted != usual && !serves(actual, wanted) {
            context.ui.warn(words::LISTENS_ELSEWHERE.with(&[
                ("flag", &flag),
                ("wanted", wanted),
                ("actual", actual),
            ]));
        }
    }
}

/// As [`say_where_it_listens`], for the listener that need not be there.
fn say_where_tls_is(context: &Context, args: &Args, state: &State) {
    let Some(wanted) = &args.tls_listen else { return };
    match &state.tls {
        Some(actual) if serves(actual, wanted) => {}
        Some(actual) => context.ui.warn(words::LISTENS_ELSEWHERE.with(&[
            ("flag", &"--tls-listen"),
            ("wanted", wanted),
            ("actual", actual),
        ])),
        None => context.ui.warn(words::LISTENS_WITHOUT_TLS.with(&[("wanted", wanted)])),
    }
}

/// Whether a listener at `actual` is what was asked for with `wanted`; any port is, for port 0.
fn serves(actual: &str, wanted: &str) -> bool {
    let sockets = |address: &str| address.to_socket_addrs().map(Vec::from_iter).unwrap_or_default();
    let actual = sockets(actual);
    sockets(wanted).iter().any(|wanted| wanted.port() == 0 || actual.contains(wanted))
}

/// Starts the embedded broker unless it runs. Two at the same moment: the second waits for the first and finds it.
pub(super) fn start_embedded(context: &Context, listen: Listen<'_>) -> Result<State> {
    let home = context.home()?;
    let _alone = home.lock()?;
    if let Some(state) = running(&home)? {
        return match state.engine {
            Engine::Embedded => Ok(state),
            other => Err(other_engine(other)),
        };
    }
    let acls = context
        .acls_folder()
        .map(|folder| std::path::absolute(&folder).unwrap_or(folder).display().to_string());
    let state = embedded::start(&home, listen, acls.as_deref(), context.lang())?;
    if let Err(error) = home.remember(&state) {
        // Nobody would know of it.
        embedded::stop(&home)?;
        return Err(error);
    }
    Ok(state)
}

fn start_docker(context: &Context, cluster: bool) -> Result<()> {
    let home = context.home()?;
    let _alone = home.lock()?;
    if let Some(state) = running(&home)?
        && (state.engine != Engine::Docker || state.cluster != cluster)
    {
        return Err(other_engine(state.engine));
    }
    docker::start(&home, cluster)?;
    home.remember(&State {
        version: State::VERSION,
        engine: Engine::Docker,
        plaintext: LAB_PLAINTEXT.to_owned(),
        sasl: LAB_SASL.to_owned(),
        tls: None,
        pid: None,
        cluster,
        started_at_ms: jiff::Timestamp::now().as_millisecond(),
    })
}

/// The engine that runs, as far as the lab home knows. An embedded broker that died is nothing.
pub(super) fn running(home: &Home) -> Result<Option<State>> {
    Ok(home.state()?.filter(|state| state.engine != Engine::Embedded || embedded::is_running(home)))
}

fn other_engine(engine: Engine) -> Error {
    Error::new(Kind::Failed, words::OTHER_ENGINE.with(&[("engine", &engine)])).next("kafkalab down")
}

/// Neither the embedded broker nor the compose project that this lab home started.
pub(super) fn is_external(context: &Context, admin: &Profile) -> Result<bool> {
    let state = running(&context.home()?)?;
    let usual = [LAB_SASL, LAB_SASL_LISTEN];
    Ok(match state.filter(|state| state.engine != Engine::External) {
        Some(state) => {
            let ours = state.tls.iter().chain([&state.sasl]);
            !ours.into_iter().any(|address| *address == admin.bootstrap_server.value)
                && !usual.contains(&admin.bootstrap_server.value.as_str())
        }
        None => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_serves_its_own_address_and_any_free_port() {
        assert!(serves("127.0.0.1:19092", "127.0.0.1:19092"));
        assert!(serves("127.0.0.1:19092", "127.0.0.1:0"));
        assert!(serves("localhost:19092", "127.0.0.1:19092"));
        assert!(!serves("127.0.0.1:19092", "127.0.0.1:19093"));
    }
}
