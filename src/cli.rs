//! The command line. Doc comments are the help.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand};

use crate::commands;
use crate::ui::{ColorChoice, Explain, Format};
use crate::words::Lang;

/// The exit codes, for the help and the manual page; `error::Kind::exit_code` fixes them.
const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed in another way, or only in part
  2    the command line, a profile or an ACL file is not valid
  3    the broker cannot be reached, or did not answer in time
  4    the login was refused, or TLS does not hold
  5    the broker knows who asks, and refuses
  6    what a lesson or a check expects is not there
  130  interrupted (Ctrl-C)
  143  asked to end (SIGTERM)";

/// Learn Apache Kafka in the terminal, against a broker with real SASL and real ACLs.
#[derive(Debug, Parser)]
#[command(name = "kafkalab", version, propagate_version = true, disable_help_subcommand = true)]
#[command(after_help = EXIT_CODES)]
pub struct Cli {
    /// The flags that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do; without one, kafkalab says what to type next.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// Where to connect: host:port, comma separated. Replaces the profile's main listener.
    #[arg(short = 'b', long, global = true, value_name = "HOST:PORT", visible_aliases = ["bootstrap-servers", "brokers"])]
    pub bootstrap_server: Option<String>,
    /// The listener without a login, where ANONYMOUS is shown refused.
    #[arg(long, global = true, value_name = "HOST:PORT")]
    pub plaintext_server: Option<String>,
    /// A profile to use instead of the phase's own.
    #[arg(long, global = true, value_name = "PATH")]
    pub profile: Option<PathBuf>,
    /// The folder of phases to use instead of the one built in.
    #[arg(long, global = true, value_name = "DIR", env = "KAFKALAB_PHASES")]
    pub phases: Option<PathBuf>,
    /// The folder of ACL files to use instead of those built in.
    #[arg(long, global = true, value_name = "DIR", env = "KAFKALAB_ACLS")]
    pub acls: Option<PathBuf>,
    /// Where the lab keeps its state.
    #[arg(long, global = true, value_name = "DIR", env = "KAFKALAB_HOME")]
    pub home: Option<PathBuf>,
    /// Act as this principal of the profile.
    #[arg(long = "as", global = true, value_name = "PRINCIPAL")]
    pub principal: Option<String>,
    /// Set a librdkafka property; never a password.
    #[arg(short = 'X', long = "set", global = true, value_name = "KEY=VALUE")]
    pub properties: Vec<String>,
    /// Read the SASL password from the first line of standard input.
    #[arg(long, global = true)]
    pub sasl_password_stdin: bool,
    /// How long to wait for the broker, such as 5s or 500ms.
    #[arg(long, global = true, value_name = "TIME", default_value = "5s", value_parser = parse_time, env = "KAFKALAB_TIMEOUT")]
    pub timeout: Duration,
    /// What standard output carries.
    #[arg(long, global = true, value_enum, default_value_t, env = "KAFKALAB_OUTPUT")]
    pub output: Format,
    /// No remarks and no explanations.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more; librdkafka's own log from -vv on.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// How much to explain.
    #[arg(long, global = true, value_enum, default_value_t, env = "KAFKALAB_EXPLAIN")]
    pub explain: Explain,
    /// The language; by default that of LANG.
    #[arg(long, global = true, value_enum, env = "KAFKALAB_LANG")]
    pub lang: Option<Lang>,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t, env = "KAFKALAB_COLOR")]
    pub color: ColorChoice,
    /// No cursor movement, no spinner, no redraw.
    #[arg(long, global = true, env = "KAFKALAB_PLAIN", value_parser = BoolishValueParser::new())]
    pub plain: bool,
    /// No spinner and no progress bar.
    #[arg(long, global = true, env = "KAFKALAB_NO_PROGRESS", value_parser = BoolishValueParser::new())]
    pub no_progress: bool,
    /// Leave out "the same with": the tutorial says it itself, once the step is done.
    #[arg(long, global = true, hide = true, env = "KAFKALAB_NO_SAME_WITH", value_parser = BoolishValueParser::new())]
    pub no_same_with: bool,
    /// Answer yes to every question.
    #[arg(short, long, global = true, env = "KAFKALAB_YES", value_parser = BoolishValueParser::new())]
    pub yes: bool,
    /// Do not start the embedded broker, even if nothing else runs.
    #[arg(long, global = true, env = "KAFKALAB_NO_START", value_parser = BoolishValueParser::new())]
    pub no_start: bool,
    /// Show what would change on the cluster, and change nothing.
    #[arg(long, global = true)]
    pub dry_run: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Phase 0: the environment, without a login.
    #[command(subcommand)]
    Phase0(commands::phase0::Command),
    /// Phase 1: Laravel, with SASL and ACL.
    #[command(subcommand)]
    Phase1(commands::standalone::Command),
    /// Phase 2: NestJS, with SASL and ACL.
    #[command(subcommand)]
    Phase2(commands::standalone::Command),
    /// Phase 3: Laravel and NestJS over one topic and one contract.
    #[command(subcommand)]
    Phase3(commands::phase3::Command),
    /// Phase 4: partitions, consumer groups, dead letters.
    #[command(subcommand)]
    Phase4(commands::phase4::Command),
    /// The guided tour through all phases.
    Tutorial(commands::tutorial::Args),
    /// Ask again and again whether the tutorial's step is done, while you work elsewhere.
    Watch(commands::watch::Args),
    /// Show or forget how far you came in the tutorial.
    #[command(subcommand)]
    Progress(commands::progress::Command),
    /// See topics, groups, ACLs and what the broker does on a page in the browser.
    Ui(commands::ui::Args),
    /// Start the lab: broker, topics, ACLs.
    Up(commands::up::Args),
    /// Stop what `up` started.
    Down,
    /// Show the engine, its addresses, topics, and what is next.
    Status,
    /// Say what is wrong, one check a line, and what to do about it; starts and changes nothing.
    Doctor(commands::doctor::Args),
    /// Show the log of the embedded broker.
    Logs(commands::logs::Args),
    /// Run the embedded broker in the foreground.
    Broker(commands::broker::Args),
    /// Delete the lab's own topics and groups, after asking.
    Reset(commands::reset::Args),
    /// List, describe, create and delete topics.
    #[command(subcommand)]
    Topics(commands::topics::Command),
    /// List and describe consumer groups, and put one to another place.
    #[command(subcommand)]
    Groups(commands::groups::Command),
    /// List, apply, compare, explain and delete ACLs.
    #[command(subcommand)]
    Acl(commands::acl::Command),
    /// Show every setting with its source, or the profile as it is written.
    #[command(subcommand)]
    Config(commands::config::Command),
    /// What an error or a word of Kafka means; offline.
    Explain(commands::explain::Args),
    /// For those who write lessons.
    #[command(subcommand)]
    Dev(commands::dev::Command),
    /// Print the completions of a shell.
    Completions(commands::completions::Args),
    /// Print the manual page.
    Man,
}

/// A time with its unit, longer than nothing.
pub(crate) fn parse_time(text: &str) -> Result<Duration, String> {
    let span = text.parse::<jiff::SignedDuration>().map_err(|error| error.to_string())?;
    match Duration::try_from(span) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("a time longer than nothing, such as 5s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_has_every_exit_code() {
        use crate::error::Kind;

        let help = Cli::command().render_help().to_string();
        let kinds = [
            Kind::OutputClosed,
            Kind::Failed,
            Kind::Usage,
            Kind::Unreachable,
            Kind::Authentication,
            Kind::Authorization,
            Kind::NotMet,
            Kind::Interrupted,
            Kind::Terminated,
        ];
        for kind in kinds {
            let code = format!("\n  {:<4} ", kind.exit_code());
            assert!(help.contains(&code), "{kind:?}: {help}");
        }
    }

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!(parse_time("1500ms"), Ok(Duration::from_millis(1500)));
        assert!(parse_time("5").is_err() && parse_time("0s").is_err() && parse_time("-1s").is_err());
    }
}
