//! `kafkalab broker`: the embedded broker in the foreground.

pub(super) mod live;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::Context;
use crate::broker::log::{Inside, JournalError, Short};
use crate::broker::{Broker, BrokerError, Config, Event, Settings, Storage, User, lab_users};
use crate::error::{Error, Kind, Result};
use crate::escape::escape;
use crate::profile::{LAB_PLAINTEXT_LISTEN, LAB_SASL_LISTEN};
use crate::report::Report;
use crate::words::broker as words;

/// Arguments of `broker`. `--acls` belongs to every command.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where everybody may connect, as User:ANONYMOUS; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = LAB_PLAINTEXT_LISTEN)]
    listen: String,
    /// Where a login is asked for; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = LAB_SASL_LISTEN)]
    sasl_listen: String,
    /// Where the same login goes over TLS (SASL_SSL); port 0 picks a free one. Clients must trust tls/ca.pem, which
    /// the broker writes below its data.
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "ephemeral")]
    tls_listen: Option<String>,
    /// Where records, topics, ACLs and offsets are kept; by default in the lab home.
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    data_dir: Option<PathBuf>,
    /// Keep everything in memory.
    #[arg(long)]
    ephemeral: bool,
    /// A TOML file with one line a user, name = "password", instead of the lab's users.
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// A property of Apache Kafka, such as num.partitions=6.
    #[arg(short = 'c', value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Listen on addresses that other machines can reach.
    #[arg(long)]
    allow_remote: bool,
    /// Write down where everything that the broker sees can be listened to.
    #[arg(long, value_name = "FILE", hide = true)]
    live: Option<PathBuf>,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    allow_many_files();
    keep_files_private();
    let config = config(context, args)?;
    let keeps_its_own = context.global.acls.is_some() && has_data(&config.storage);
    let broker = Broker::start(config).map_err(explain)?;
    context.streams();
    context.tidies_up();
    if keeps_its_own {
        context.ui.warn(words::OLD_ACLS);
    }
    if args.allow_remote {
        context.ui.warn(words::REMOTE);
    }
    let mut events = broker.events().subscribe();
    let _traffic = (context.global.verbose > 0).then(|| broker.events().with_traffic());
    if let Some(file) = &args.live {
        live::open(broker.events().clone(), file).await?;
    }
    let addresses = broker.addresses();
    let secure = addresses.sasl_ssl.map(|address| format!(" SASL_SSL={address}")).unwrap_or_default();
    context.ui.data_line(&format!(
        "ready PLAINTEXT={} SASL_PLAINTEXT={}{secure}",
        addresses.plaintext, addresses.sasl_plaintext
    ))?;
    if let Some(file) = broker.ca_certificate().and_then(|ca| ca.file.as_ref()) {
        context.ui.note(words::TRUST.with(&[("file", &file.display())]));
    }
    for event in broker.opening() {
        log(context, event);
    }
    let stopping = broker.stopping();
    tokio::select! {
        () = context.stop.cancelled() => {}
        () = stopping.cancelled() => {}
        () = log_all(context, &mut events) => {}
    }
    // Joining the broker's thread takes as long as the requests in flight.
    let stopped = tokio::task::spawn_blocking(move || broker.stop()).await;
    while let Ok(event) = events.try_recv() {
        log(context, &event);
    }
    if let Some(file) = &args.live {
        // Nobody is behind the door any more; a file that stays says so too, only later.
        let _ = std::fs::remove_file(file);
    }
    match stopped {
        Ok(result) => result.map_err(explain)?,
        Err(_panicked) => return Err(explain(BrokerError::Fault)),
    }
    Ok(Report::streamed())
}

/// Whether a broker has run on this folder before.
fn has_data(storage: &Storage) -> bool {
    match storage {
        Storage::Folder(folder) => {
            std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
        }
        Storage::Memory => false,
    }
}

/// Each partition and each connection is an open file, and most systems let a process have more on request.
fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        // Without it the broker closes files that it needs later: slower, not wrong.
        let _ = setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit });
    }
}

/// Records, keys and the journal with users' keys are for the owner only, whatever the umask and the folder they go to.
fn keep_files_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

fn config(context: &Context, args: &Args) -> Result<Config> {
    let mut settings = Settings::default();
    for given in &args.settings {
        let (name, value) = given
            .split_once('=')
            .ok_or_else(|| Error::usage(words::NOT_A_SETTING.with(&[("given", given)])))?;
        settings.set(name.trim(), value).map_err(|error| Error::usage(error.to_string()))?;
    }
    let storage = match (&args.data_dir, args.ephemeral) {
        (_, true) => Storage::Memory,
        (Some(folder), false) => Storage::Folder(folder.clone()),
        (None, false) => Storage::Folder(context.home()?.broker_data()),
    };
    Ok(Config {
        plaintext: address(&args.listen)?,
        sasl_plaintext: address(&args.sasl_listen)?,
        sasl_ssl: args.tls_listen.as_deref().map(address).transpose()?,
        storage,
        users: args.users.as_deref().map_or_else(|| Ok(lab_users()), users)?,
        acls: context.acl_files()?.set().iter().collect(),
        allow_remote: args.allow_remote,
        settings,
    })
}

fn address(text: &str) -> Result<SocketAddr> {
    let problem = |why: &dyn std::fmt::Display| {
        Error::usage(words::BAD_ADDRESS.with(&[("address", &text), ("why", why)]))
    };
    let mut found = text.to_socket_addrs().map_err(|error| problem(&error))?;
    found.next().ok_or_else(|| problem(&"no address"))
}

fn users(path: &Path) -> Result<Vec<User>> {
    let problem = |why: &dyn std::fmt::Display| {
        Error::usage(words::BAD_USERS.with(&[("path", &path.display()), ("why", why)]))
    };
    let text = std::fs::read_to_string(path).map_err(|error| problem(&error))?;
    let users: BTreeMap<String, String> =
        toml::from_str(&text).map_err(|error| problem(&not_a_user(&text, error.span())))?;
    if users.iter().any(|(name, password)| name.is_empty() || password.is_empty()) {
        return Err(problem(&"a name or password is empty"));
    }
    Ok(users.into_iter().map(|(name, password)| User { name, password }).collect())
}

/// Where a file of users goes wrong. The parser's own words may hold a password.
fn not_a_user(text: &str, span: Option<Range<usize>>) -> String {
    let before = text.as_bytes().get(..span.map_or(0, |span| span.start)).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("line {line} is not name = \"password\", with a name of its own")
}

/// Logs until the broker stops for a reason of its own.
async fn log_all(context: &Context, events: &mut Receiver<Event>) {
    loop {
        match events.recv().await {
            Ok(event) => log(context, &event),
            Err(RecvError::Lagged(missed)) => context.ui.note(words::MISSED.with(&[("count", &missed)])),
            Err(RecvError::Closed) => return,
        }
    }
}

/// One line, as a log of Kafka has it: time, level, words. Logs are not translated, so that they can be searched for.
/// What clients say is in those words, so a line end among them is shown, not obeyed.
fn log(context: &Context, event: &Event) {
    // Somebody else may have asked for the traffic.
    if event.is_traffic() && context.global.verbose == 0 {
        return;
    }
    let level = match event {
        Event::Fatal(_) | Event::Trouble(_) => "ERROR",
        Event::Recovered(_) => "WARN",
        _ => "INFO",
    };
    let now = jiff::Timestamp::now();
    context.ui.note(format!("[{now:.3}] {level} {}", escape(&event.to_string())));
}

fn explain(error: BrokerError) -> Error {
    match error {
        BrokerError::Remote(_) => Error::usage(error.to_string()),
        BrokerError::Bind { address, source } => {
            let error =
                Error::new(Kind::Failed, words::BIND.with(&[("address", &address), ("why", &source)]));
            if source.kind() == ErrorKind::AddrInUse { error.hint(words::BIND_IN_USE) } else { error }
        }
        BrokerError::Data { folder, source } => explain_data(&folder, &source),
        error => Error::new(Kind::Failed, error.to_string()),
    }
}

/// What is wrong with the data folder, and what can be done about it without losing more than is lost.
fn explain_data(folder: &Path, source: &io::Error) -> Error {
    let error = Error::new(Kind::Failed, words::DATA.with(&[("folder", &folder.display()), ("why", source)]));
    if let Some(inside) = source.get_ref().and_then(|why| why.downcast_ref::<Inside>()) {
        let file = inside.file.display().to_string();
        let cut = format!("truncate -s {} {}", inside.position, shell_words::quote(&file));
        return error.hint(words::DATA_DAMAGED).next(cut);
    }
    if let Some(short) = source.get_ref().and_then(|why| why.downcast_ref::<Short>()) {
        let checkpoint = short.checkpoint.display().to_string();
        return error.hint(words::DATA_SHORT).next(format!("rm {}", shell_words::quote(&checkpoint)));
    }
    match source.get_ref().and_then(|why| why.downcast_ref::<JournalError>()) {
        Some(JournalError::Newer { .. }) => return error.hint(words::DATA_NEWER),
        Some(JournalError::Damaged { .. }) => return error.hint(words::DATA_UNREADABLE),
        _ => {}
    }
    match source.kind() {
        ErrorKind::ResourceBusy => error.hint(words::DATA_BUSY),
        ErrorKind::InvalidData => error.hint(words::DATA_UNREADABLE),
        _ => error.hint(words::DATA_ELSEWHERE),
    }
}
