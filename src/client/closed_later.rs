//! A client of librdkafka whose end nobody waits for.

use std::ops::Deref;
use std::sync::Arc;

use super::settings::Security;

/// A client that is closed on a thread of its own when this is dropped. `rdkafka` sleeps out a poll before it closes
/// one, up to a tenth of a second, which is longer than a short command takes. For clients that have nothing to say at
/// the end: no group to leave, no record under way.
///
/// With TLS the closing is waited for: OpenSSL ends with the process, and a connection must not use it then.
pub(super) struct ClosedLater<T: Send + Sync + 'static> {
    client: Option<Arc<T>>,
    waits: bool,
}

impl<T: Send + Sync + 'static> ClosedLater<T> {
    pub(super) fn new(client: Arc<T>, security: Security) -> Self {
        Self { client: Some(client), waits: security.has_tls() }
    }
}

impl<T: Send + Sync + 'static> Deref for ClosedLater<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        self.client.as_ref().expect("only dropping takes it")
    }
}

impl<T: Send + Sync + 'static> Drop for ClosedLater<T> {
    fn drop(&mut self) {
        let client = self.client.take();
        if !self.waits {
            // Without a thread it is closed here, as it would be without this type.
            let _ = std::thread::Builder::new().name("kafka close".to_owned()).spawn(move || drop(client));
        }
    }
}
