//! A command of a lesson, run as a child process of this same program with the settings of the tutorial handed on in
//! the environment, so that what is typed here is exactly what works in a shell.

use std::process::Stdio;
use std::time::Duration;

use clap::ValueEnum as _;
use tokio::process::{Child, Command};

use crate::commands::Context;
use crate::error::{Error, Kind, Result};
use crate::lesson::CommandLine;
use crate::ui::{ColorChoice, Explain};
use crate::words::tutorial as words;

/// How a command ends that Ctrl-C has ended; whatever else killed it counts as that.
pub(super) const INTERRUPTED: i32 = 130;

/// What becomes of a child's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// The learner sees it, and may answer.
    Terminal,
    /// It is shown; nobody answers.
    Shown,
    /// It is of no interest.
    Dropped,
}

/// Runs a command to its end and returns its exit code. Ctrl-C on the terminal ends the child, not us.
pub(super) async fn run(context: &Context, line: &CommandLine, output: Output) -> Result<i32> {
    let failed =
        |problem: std::io::Error| Error::new(Kind::Failed, words::NO_CHILD.with(&[("problem", &problem)]));
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command.args(&line.arguments).kill_on_drop(true);
    command.envs(handed_on(context)).env_remove("KAFKALAB_OUTPUT");
    command.envs(line.variables.iter().map(|(name, value)| (name, value)));
    if output != Output::Terminal {
        command.stdin(Stdio::null());
    }
    if output == Output::Dropped {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    let _lent = context.lend_terminal();
    let mut echo = Echo::listen().map_err(failed)?;
    let mut child = command.spawn().map_err(failed)?;
    tokio::select! {
        ended = child.wait() => {
            let code = ended.map_err(failed)?.code().unwrap_or(INTERRUPTED);
            if code == INTERRUPTED {
                echo.pass().await;
            }
            Ok(code)
        }
        () = context.stop.cancelled() => {
            terminate(&mut child).await;
            Err(Error::new(Kind::Interrupted, crate::words::app::INTERRUPTED))
        }
    }
}

/// One Ctrl-C reaches the child and us. The child may be gone before we hear of it, and then the Ctrl-C would count as
/// one at the prompt.
struct Echo {
    #[cfg(unix)]
    interrupts: tokio::signal::unix::Signal,
}

/// A child that ended as if interrupted, but was not, is not waited for any longer.
const LATEST_ECHO: Duration = Duration::from_millis(500);

impl Echo {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            interrupts: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?,
        })
    }

    /// Waits until we have heard of it too, and everybody else here who listens.
    async fn pass(&mut self) {
        #[cfg(unix)]
        if tokio::time::timeout(LATEST_ECHO, self.interrupts.recv()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}

/// Asks the child to end, and waits for it; we are given a time for that ourselves.
async fn terminate(child: &mut Child) {
    #[cfg(unix)]
    if let Some(pid) = child.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed())) {
        // It may be gone already.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    // If it cannot be waited for, dropping it kills it.
    let _ = child.wait().await;
}

/// The flags of the tutorial as variables: a command line may say otherwise.
fn handed_on(context: &Context) -> Vec<(&'static str, String)> {
    let global = &context.global;
    let mut variables = vec![
        ("KAFKALAB_LANG", context.lang().tag().to_owned()),
        ("KAFKALAB_TIMEOUT", format!("{}ms", global.timeout.as_millis())),
    ];
    let path =
        |path: &std::path::Path| std::path::absolute(path).unwrap_or(path.to_owned()).display().to_string();
    variables.extend(context.home().ok().map(|home| ("KAFKALAB_HOME", path(home.path()))));
    variables.extend(global.phases.as_ref().map(|folder| ("KAFKALAB_PHASES", path(folder))));
    variables.extend(global.acls.as_ref().map(|folder| ("KAFKALAB_ACLS", path(folder))));
    variables.extend(global.bootstrap_server.clone().map(|server| ("KAFKALAB_BOOTSTRAP_SERVER", server)));
    variables.extend(global.plaintext_server.clone().map(|server| ("KAFKALAB_PLAINTEXT_SERVER", server)));
    let name = |value: Option<clap::builder::PossibleValue>| value.map(|value| value.get_name().to_owned());
    if global.color != ColorChoice::Auto {
        variables.extend(name(global.color.to_possible_value()).map(|color| ("KAFKALAB_COLOR", color)));
    }
    if global.explain != Explain::Full {
        variables
            .extend(name(global.explain.to_possible_value()).map(|explain| ("KAFKALAB_EXPLAIN", explain)));
    }
    let switches: [(&str, bool); 5] = [
        ("KAFKALAB_PLAIN", global.plain),
        ("KAFKALAB_NO_PROGRESS", global.no_progress),
        ("KAFKALAB_NO_START", global.no_start),
        ("KAFKALAB_YES", global.yes),
        // The step says it in three voices.
        ("KAFKALAB_NO_SAME_WITH", true),
    ];
    variables.extend(switches.into_iter().filter(|(_, on)| *on).map(|(name, _)| (name, "true".to_owned())));
    variables
}
