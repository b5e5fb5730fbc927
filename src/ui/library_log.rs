//! librdkafka's own log, on standard error from `-vv` on and never otherwise.

use crate::escape::escape;
use std::fmt::{Debug, Write as _};
use std::io::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// The target under which the client passes librdkafka's lines on.
const TARGET: &str = "librdkafka";

/// Shows librdkafka's log: with `-vv` what it tells of connections and errors, with `-vvv` its debug lines too, which
/// `-X debug=broker,protocol` asks it for. To be called once, before anything connects.
pub fn show_library_log(verbosity: u8) {
    let most = match verbosity {
        0 | 1 => return,
        2 => Level::INFO,
        _ => Level::DEBUG,
    };
    // Only a second call could fail, and the first one's choice then holds.
    let _ = tracing::subscriber::set_global_default(LibraryLog { most });
}

struct LibraryLog {
    most: Level,
}

impl Subscriber for LibraryLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET && *metadata.level() <= self.most
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        // A closed standard error is nobody's loss.
        let _ = writeln!(io::stderr(), "{TARGET} {level}: {}", escape(&text.0));
    }

    // Spans are not used.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The message of an event, with its other fields behind it.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
