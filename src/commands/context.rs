//! What every command is given: the door to the terminal, the flags, and the settings they resolve to.

use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::ArgMatches;
use clap::parser::ValueSource;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::acl::AclFiles;
use crate::cli::Global;
use crate::error::{Error, Identity, Kind, Result};
use crate::lab::{Engine, Home};
use crate::lesson::{Facts, Lessons};
use crate::prediction::Prediction;
use crate::profile::{
    Library, Overrides, Profile, ProfileFile, ProfileName, RunningLab, RunningTls, resolve,
};
use crate::report::Block;
use crate::source::Source;
use crate::ui::{ColorChoice, Look, Ui};
use crate::words::{Lang, Message, app, up as words};

/// The context of one run.
pub struct Context {
    /// The door to the terminal.
    pub ui: Ui,
    /// The flags that every command takes.
    pub global: Global,
    /// Cancelled by Ctrl-C and SIGTERM.
    pub stop: CancellationToken,
    inputs: Inputs,
    streamed: AtomicBool,
    tidies_up: AtomicBool,
    facts: Mutex<Facts>,
    asks: Mutex<Option<Identity>>,
    /// Whether a child has the terminal.
    lent: AtomicBool,
}

/// The terminal belongs to a child process: Ctrl-C ends the child and not us.
pub(super) struct LentTerminal<'c>(&'c Context);

impl Drop for LentTerminal<'_> {
    fn drop(&mut self) {
        self.0.lent.store(false, Ordering::Relaxed);
    }
}

impl Context {
    pub(super) fn new(global: Global, ui: Ui, inputs: Inputs) -> Self {
        Self {
            ui,
            global,
            stop: CancellationToken::new(),
            inputs,
            streamed: AtomicBool::new(false),
            tidies_up: AtomicBool::new(false),
            facts: Mutex::default(),
            asks: Mutex::default(),
            lent: AtomicBool::new(false),
        }
    }

    /// Lends the terminal to a child process, until the loan is dropped.
    pub(super) fn lend_terminal(&self) -> LentTerminal<'_> {
        self.lent.store(true, Ordering::Relaxed);
        LentTerminal(self)
    }

    /// Whether a Ctrl-C of this moment is meant for a child.
    pub(super) fn terminal_is_lent(&self) -> bool {
        self.lent.load(Ordering::Relaxed)
    }

    /// The language in force.
    pub fn lang(&self) -> Lang {
        self.ui.lang()
    }

    /// The settings of a command of this phase.
    pub fn profile(&self, name: ProfileName) -> Result<Profile> {
        resolve(name, self.inputs.library.load(name)?, &self.overrides(), &variable)
    }

    /// What the command line says, and where the running lab listens.
    fn overrides(&self) -> Overrides {
        let lab = self.home().ok().and_then(|home| {
            let state = home.state().ok().flatten().filter(|state| state.engine == Engine::Embedded)?;
            let ca_file = home.ca_file().display().to_string();
            let tls = state.tls.map(|address| RunningTls { address, ca_file });
            Some(RunningLab { plaintext: state.plaintext, sasl: state.sasl, tls })
        });
        Overrides { lab, ..self.inputs.overrides.clone() }
    }

    /// The lab home.
    pub fn home(&self) -> Result<Home> {
        Home::new(self.global.home.clone())
    }

    /// Where ACL files are read from, if not those built in: `--acls`, else a local `acls/` folder.
    pub fn acls_folder(&self) -> Option<PathBuf> {
        let local = || AclFiles::local_folder(&env::current_dir().ok()?);
        self.global.acls.clone().or_else(local)
    }

    /// The ACL files in force.
    pub fn acl_files(&self) -> Result<AclFiles> {
        AclFiles::load(self.acls_folder().as_deref())
    }

    /// Asks a question that changes something; `--yes` answers it, and `--dry-run` needs no answer.
    pub async fn confirm(&self, question: Message) -> Result<()> {
        if self.global.yes || self.global.dry_run {
            return Ok(());
        }
        if !self.ui.can_ask() {
            return Err(Error::usage(words::NEEDS_YES).hint(question));
        }
        if self.ui.ask(question).await? { Ok(()) } else { Err(Error::new(Kind::NotMet, words::DECLINED)) }
    }

    /// Lets the learner predict what a broker is about to do. Nobody is asked without a terminal, with `--yes`, with
    /// JSON output or with `-q`: the prediction then comes back without an answer. Let no spinner run meanwhile.
    pub async fn predict(&self, asked: Prediction) -> Result<Prediction> {
        let silent = self.global.yes || self.global.quiet || self.ui.is_json() || !self.ui.can_ask();
        let answer = if silent { None } else { self.ui.ask_choice(&asked).await? };
        Ok(Prediction { answer, ..asked })
    }

    /// As [`confirm`](Self::confirm), and whoever is asked sees these blocks first.
    pub async fn confirm_seeing(&self, blocks: &[Block], question: Message) -> Result<()> {
        if !self.global.yes && !self.global.dry_run && self.ui.can_ask() {
            self.ui.show_before(blocks);
        }
        self.confirm(question).await
    }

    /// The settings of a command of this phase that needs a broker: the lab is started first if the profile points
    /// at it and nothing runs there.
    pub async fn lab_profile(&self, name: ProfileName) -> Result<Profile> {
        super::autostart::ensure(self, &self.profile(name)?).await?;
        super::lent::undo(self).await?;
        let profile = self.profile(name)?;
        let mut asks = self.asks.lock().unwrap_or_else(PoisonError::into_inner);
        asks.get_or_insert_with(|| profile.identity());
        Ok(profile)
    }

    /// Notes what the command found out, for a lesson that asks for it: see [`Facts`]. A later value takes the place
    /// of an earlier one.
    pub fn found(&self, fact: &str, value: impl Into<serde_json::Value>) {
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        facts.insert(fact.to_owned(), value.into());
    }

    /// Everything that was noted.
    pub(super) fn facts(&self) -> Facts {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Who asked the broker first, if anybody did.
    pub(super) fn asks(&self) -> Option<Identity> {
        self.asks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lessons in force: those of the folder that profiles are read from, if it has any, else those built in.
    pub fn lessons(&self) -> Result<Lessons> {
        let folder = self.inputs.library.folder().filter(|folder| Lessons::are_in(folder));
        let read = folder.map_or_else(Lessons::built_in, Lessons::from_folder);
        read.map_err(|problem| Error::usage(problem.to_string()))
    }

    /// The settings of a phase as another principal than the one of the command line.
    pub fn profile_as(&self, name: ProfileName, principal: &str) -> Result<Profile> {
        self.resolve_as(name, self.inputs.library.load(name)?, principal)
    }

    /// The settings of a phase that the command is not about, as one of its principals (`None`: its own): neither
    /// `--profile` nor `--as` is meant for it.
    pub fn profile_beside(&self, name: ProfileName, principal: Option<&str>) -> Result<Profile> {
        let file = self.inputs.library.load_own(name)?;
        let own = file.principal.as_ref().map(|own| own.value.clone()).unwrap_or_default();
        self.resolve_as(name, file, principal.unwrap_or(&own))
    }

    fn resolve_as(&self, name: ProfileName, file: ProfileFile, principal: &str) -> Result<Profile> {
        let overrides =
            Overrides { principal: Some(principal.to_owned()), password: None, ..self.overrides() };
        // A password given for the command's own principal is not this one's.
        let variable = |key: &str| if key == "KAFKALAB_SASL_PASSWORD" { None } else { variable(key) };
        resolve(name, file, &overrides, &variable)
    }

    /// Where the value of `--timeout` or `--lang` came from.
    pub fn source_of(&self, id: &str) -> Source {
        let found = self.inputs.sources.iter().find(|(name, _)| *name == id);
        found.map_or(Source::Default, |(_, source)| source.clone())
    }

    /// The library of profiles, as they are written.
    pub fn library(&self) -> &Library {
        &self.inputs.library
    }

    /// The command writes records to standard output itself, so a failure must not put an object between them.
    pub fn streams(&self) {
        self.streamed.store(true, Ordering::Relaxed);
    }

    pub(super) fn streamed(&self) -> bool {
        self.streamed.load(Ordering::Relaxed)
    }

    /// The command watches `stop` and tidies up by itself.
    pub fn tidies_up(&self) {
        self.tidies_up.store(true, Ordering::Relaxed);
    }

    /// Does some work unless Ctrl-C ends it; what it has left behind is for the caller to tidy up.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = work => done,
            () = self.stop.cancelled() => Err(Error::new(Kind::Interrupted, app::INTERRUPTED)),
        }
    }

    /// How long a command may tidy up after Ctrl-C.
    pub(super) async fn grace(&self) {
        if self.tidies_up.load(Ordering::Relaxed) {
            tokio::time::sleep(self.global.timeout + Duration::from_secs(5)).await;
        }
    }
}

/// What the flags refer to, read once.
pub(super) struct Inputs {
    library: Library,
    overrides: Overrides,
    sources: [(&'static str, Source); 2],
}

impl Inputs {
    pub(super) fn gather(global: &Global, matches: &ArgMatches) -> Result<Self> {
        let here = env::current_dir().unwrap_or_default();
        let library = Library::find(global.phases.clone(), global.profile.clone(), &here)?;
        let properties =
            global.properties.iter().map(|given| Overrides::property(given)).collect::<Result<_>>()?;
        let password = if global.sasl_password_stdin { Some(password_from_stdin()?) } else { None };
        let overrides = Overrides {
            bootstrap_server: global.bootstrap_server.clone(),
            plaintext_server: global.plaintext_server.clone(),
            principal: global.principal.clone(),
            properties,
            password,
            lab: None,
        };
        let sources = [("timeout", "--timeout", "KAFKALAB_TIMEOUT"), ("lang", "--lang", "KAFKALAB_LANG")]
            .map(|(id, flag, variable)| (id, source_of(matches, id, flag, variable)));
        Ok(Self { library, overrides, sources })
    }
}

fn source_of(matches: &ArgMatches, id: &str, flag: &'static str, variable: &'static str) -> Source {
    match matches.value_source(id) {
        Some(ValueSource::CommandLine) => Source::Flag(flag),
        Some(ValueSource::EnvVariable) => Source::Variable(variable),
        _ => Source::Default,
    }
}

fn password_from_stdin() -> Result<SecretString> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(SecretString::from(line.trim_end_matches(['\n', '\r']).to_owned()))
}

/// A variable of the environment; an empty one counts as not set.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The look that the flags and the terminal ask for.
pub(super) fn look(global: &Global) -> Look {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(variable).unwrap_or_default();
    let lang = global.lang.unwrap_or_else(|| Lang::from_locale(&locale));
    // Colour is escape bytes too, and `--plain` lets none through unless they are asked for.
    let plain_color = global.plain && global.color == ColorChoice::Auto;
    let look = Look::detect(lang, global.output, if plain_color { ColorChoice::Never } else { global.color });
    Look {
        explain: global.explain,
        same_with: !global.no_same_with,
        quiet: global.quiet,
        plain: global.plain,
        in_place: look.in_place && !global.plain,
        progress: look.progress && !global.plain && !global.no_progress && !global.quiet,
        ..look
    }
}

/// What asks for our end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopSignal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// Hears Ctrl-C and SIGTERM from its making on, so that none is lost between two waits.
#[cfg(unix)]
pub(super) struct StopSignals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl StopSignals {
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The next of them. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> StopSignal {
        tokio::select! {
            _ = self.interrupt.recv() => StopSignal::Interrupt,
            _ = self.terminate.recv() => StopSignal::Terminate,
        }
    }
}

/// Hears Ctrl-C.
#[cfg(not(unix))]
pub(super) struct StopSignals;

#[cfg(not(unix))]
impl StopSignals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) async fn next(&mut self) -> StopSignal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        StopSignal::Interrupt
    }
}
