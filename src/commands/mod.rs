//! One file per subcommand: its arguments and one function from context to report.

pub mod acl;
mod arrivals;
mod autostart;
pub mod broker;
mod checks;
pub mod completions;
pub mod config;
pub mod connect;
pub mod consume;
mod context;
mod denial;
pub mod dev;
pub mod doctor;
pub mod down;
pub mod evidence;
pub mod explain;
pub mod groups;
mod home;
mod lent;
mod logins;
pub mod logs;
pub mod man;
mod matrix;
mod next;
pub mod phase0;
mod phase1;
mod phase2;
pub mod phase3;
pub mod phase4;
pub mod prepare;
pub mod produce;
pub mod progress;
mod refusal;
pub mod reset;
pub mod standalone;
pub mod status;
mod tls;
pub mod topics;
pub mod trouble;
pub mod tutorial;
pub mod ui;
pub mod up;
mod usage;
mod voices;
pub mod watch;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, FromArgMatches as _};

pub use self::context::Context;
use self::context::{StopSignal, StopSignals};
use crate::cli::{Cli, Command};
use crate::error::{Error, Kind, Result};
use crate::profile::ProfileName;
use crate::report::Report;
use crate::ui::{Ui, show_library_log};
use crate::words::app as words;

/// Parses the command line, runs the command, shows what came of it.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let json = usage::asks_for_json(&args, std::env::var_os("KAFKALAB_OUTPUT"));
    let parsed = Cli::command()
        .try_get_matches_from(args)
        .and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return ExitCode::from(Ui::show_clap(&error, json.then(|| usage::error(&error)))),
    };
    let name = subcommand_path(&matches);
    let ui = Ui::new(context::look(&cli.global));
    show_library_log(cli.global.verbose);
    let inputs = match context::Inputs::gather(&cli.global, &matches) {
        Ok(inputs) => inputs,
        Err(error) => {
            ui.show_error(&name, &error, false);
            return ExitCode::from(error.kind.exit_code());
        }
    };
    let context = Arc::new(Context::new(cli.global, ui, inputs));
    let result = runtime().and_then(|runtime| {
        let result = runtime.block_on(interruptible(&context, cli.command));
        // librdkafka's own threads may still wait for a broker; nothing of ours depends on them any more.
        runtime.shutdown_background();
        result
    });
    ExitCode::from(finish(&context, &name, result))
}

/// Shows the result, lets a tutorial under way know of it, and says with which code to leave.
fn finish(context: &Context, name: &str, result: Result<Report>) -> u8 {
    let mut run = evidence::run_of(context, name, &result);
    let shown = result.and_then(|report| {
        context
            .ui
            .show(name, &report)
            .map_err(|error| report.done.iter().cloned().fold(error, Error::hint))?;
        Ok(report.outcome.map_or(0, Kind::exit_code))
    });
    run.exit = match shown {
        Ok(code) => code,
        Err(error) => {
            context.ui.show_error(name, &error, context.streamed());
            error.kind.exit_code()
        }
    };
    evidence::write_down(context, &run);
    run.exit
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::new(Kind::Failed, error.to_string()))
}

/// Runs the command until it ends or Ctrl-C or SIGTERM ask for its end. A command that must tidy up watches
/// `context.stop` itself; it is given its timeout to do so.
async fn interruptible(context: &Arc<Context>, command: Option<Command>) -> Result<Report> {
    // Before the work begins: a signal that comes while it connects must find a listener.
    let mut signals = StopSignals::listen()?;
    let work = run(context, command);
    tokio::pin!(work);
    let signal = loop {
        tokio::select! {
            result = &mut work => return result,
            signal = signals.next() => {
                if signal == StopSignal::Terminate || !context.terminal_is_lent() {
                    context.stop.cancel();
                    break signal;
                }
            }
        }
    };
    let result = tokio::select! {
        result = &mut work => result,
        _ = signals.next() => Err(Error::new(Kind::Interrupted, words::INTERRUPTED)),
        () = context.grace() => Err(Error::new(Kind::Interrupted, words::INTERRUPTED)),
    };
    ended_by(signal, result)
}

/// The result of a command that a signal asked to end. One that then only waited for a silent broker was interrupted
/// too: who sent the signal must not read from the exit code that the broker is to blame.
fn ended_by(signal: StopSignal, result: Result<Report>) -> Result<Report> {
    let interruption = match signal {
        StopSignal::Interrupt => Kind::Interrupted,
        StopSignal::Terminate => Kind::Terminated,
    };
    let of = |kind| match kind {
        Kind::Interrupted | Kind::Unreachable => interruption,
        other => other,
    };
    result
        .map(|report| Report { outcome: report.outcome.map(of), ..report })
        .map_err(|error| Error { kind: of(error.kind), ..error })
}

async fn run(context: &Arc<Context>, command: Option<Command>) -> Result<Report> {
    match command {
        None => home::run(context),
        Some(Command::Broker(args)) => broker::run(context, &args).await,
        Some(Command::Phase0(command)) => phase0::run(context, &command).await,
        Some(Command::Phase1(command)) => standalone(context, ProfileName::Phase1, &command).await,
        Some(Command::Phase2(command)) => standalone(context, ProfileName::Phase2, &command).await,
        Some(Command::Phase3(command)) => phase3::run(context, &command).await,
        Some(Command::Phase4(command)) => phase4::run(context, &command).await,
        Some(Command::Watch(args)) => watch::run(context, &args).await,
        Some(Command::Progress(command)) => progress::run(context, &command).await,
        Some(Command::Tutorial(args)) => tutorial::run(context, &args).await,
        Some(Command::Ui(args)) => ui::run(context, &args).await,
        Some(Command::Up(args)) => up::run(context, &args).await,
        Some(Command::Down) => down::run(context),
        Some(Command::Doctor(args)) => doctor::run(context, &args).await,
        Some(Command::Status) => status::run(context).await,
        Some(Command::Logs(args)) => logs::run(context, &args).await,
        Some(Command::Reset(args)) => reset::run(context, &args).await,
        Some(Command::Acl(command)) => acl::run(context, &command).await,
        Some(Command::Topics(command)) => topics::run(context, &command).await,
        Some(Command::Groups(command)) => groups::run(context, &command).await,
        Some(Command::Config(command)) => config::run(context, &command),
        Some(Command::Explain(args)) => explain::run(context, &args),
        Some(Command::Dev(command)) => dev::run(context, &command).await,
        Some(Command::Completions(args)) => completions::run(context, &args),
        Some(Command::Man) => man::run(context),
    }
}

/// A command of a phase with one application.
async fn standalone(context: &Context, phase: ProfileName, command: &standalone::Command) -> Result<Report> {
    match command {
        standalone::Command::Produce(args) => produce::run(context, phase, args).await,
        standalone::Command::Consume(args) => consume::run(context, phase, args).await,
        standalone::Command::Verify if phase == ProfileName::Phase2 => phase2::verify(context).await,
        standalone::Command::Verify => phase1::verify(context).await,
    }
}

/// The subcommand as it was typed, such as `phase1 produce`.
fn subcommand_path(matches: &clap::ArgMatches) -> String {
    let mut names = Vec::new();
    let mut here = matches;
    while let Some((name, below)) = here.subcommand() {
        names.push(name);
        here = below;
    }
    names.join(" ")
}
