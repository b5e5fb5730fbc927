//! What librdkafka reports outside of any call: refused logins and lost brokers. A call alone would only time out,
//! so each is raced against these.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::{oneshot, watch};

use super::failure::{Failure, Kind};

/// How long a broker that accepts connections but then drops them is given before it counts as unusable. One that
/// restarts answers in less once its port is open.
const GRACE: Duration = Duration::from_millis(800);

#[derive(Debug, Clone, Default)]
struct State {
    /// A failure that no waiting mends.
    terminal: Option<Failure>,
    /// Every known broker is away; may pass.
    down: Option<Failure>,
    /// A denied topic or group, which librdkafka reports once and then never again.
    denied: Option<Failure>,
    /// A call succeeded, so the settings are right and a lost broker may come back.
    proven: bool,
}

/// The shared ear of one librdkafka client.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    state: Arc<watch::Sender<State>>,
    /// Proven and not down, changed with the state only: each acknowledgement asks, and should not take a lock.
    is_well: Arc<AtomicBool>,
    /// The latest words for each code; events carry them, calls do not.
    words: Arc<Mutex<HashMap<i32, String>>>,
    bootstrap: Arc<str>,
}

impl Signals {
    pub(super) fn new(bootstrap: &str) -> Self {
        Self {
            state: Arc::new(watch::Sender::default()),
            is_well: Arc::default(),
            words: Arc::default(),
            bootstrap: bootstrap.into(),
        }
    }

    /// A call was answered.
    pub(super) fn proven(&self) {
        if self.is_well.load(Ordering::Acquire) {
            return;
        }
        self.state.send_if_modified(|state| {
            self.is_well.store(true, Ordering::Release);
            let news = !state.proven || state.down.is_some();
            (state.proven, state.down) = (true, None);
            news
        });
    }

    /// Whether every broker is away at the moment.
    pub(super) fn is_down(&self) -> bool {
        self.state.borrow().down.is_some()
    }

    /// Completes when a topic or group is denied. Calls that need the group only time out after such a refusal.
    pub(super) async fn denied(&self) -> Failure {
        let mut news = self.state.subscribe();
        loop {
            if let Some(failure) = news.borrow_and_update().denied.clone() {
                return failure;
            }
            if news.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Completes when every broker is away, with the words of the connection that was lost last.
    pub(super) async fn away(&self) -> String {
        let mut news = self.state.subscribe();
        loop {
            if let Some(down) = &news.borrow_and_update().down {
                return down.said.clone();
            }
            if news.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Completes when every broker has been away for `limit`. Whether one is back shows only in what it answers, so a
    /// caller must be sure that it asks something.
    pub(super) async fn lost_for(&self, limit: Duration) -> Failure {
        let mut news = self.state.subscribe();
        loop {
            let down = news.borrow_and_update().down.clone();
            match down {
                Some(down) => tokio::select! {
                    biased;
                    changed = news.changed() => if changed.is_err() { return down },
                    () = tokio::time::sleep(limit) => return down,
                },
                None => {
                    if news.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            }
        }
    }

    /// Nothing came although something should have: because nobody is there, or for a reason not known.
    pub(super) fn silent(&self) -> Failure {
        let down = self.state.borrow().down.clone();
        down.unwrap_or_else(|| Failure::from_code(RDKafkaErrorCode::OperationTimedOut))
    }

    /// A failure with the words that came with its code, if an event brought some.
    pub(super) fn explain(&self, error: KafkaError) -> Failure {
        let failure = Failure::from(error);
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        match failure.number().and_then(|number| words.get(&number)) {
            Some(said) => {
                let said = said.clone();
                failure.saying(said)
            }
            None => failure,
        }
    }

    /// Runs `work` unless a failure that no waiting mends comes first.
    pub(super) async fn race<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            result = work => result,
            failure = self.terminal() => Err(failure),
        }
    }

    /// Completes when the client cannot succeed any more. A broker that merely went away is waited for, once the
    /// settings have been proven; before that, a refused connection ends it at once.
    pub(super) async fn terminal(&self) -> Failure {
        let mut news = self.state.subscribe();
        loop {
            let state = news.borrow_and_update().clone();
            if let Some(failure) = state.terminal {
                return failure;
            }
            if let Some(down) = state.down.filter(|_| !state.proven) {
                if let Err(refused) = super::reach::reach(&self.bootstrap, GRACE).await {
                    return refused;
                }
                tokio::select! {
                    _ = news.changed() => continue,
                    () = tokio::time::sleep(GRACE) => return down,
                }
            }
            if news.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn hear(&self, error: KafkaError, reason: &str) {
        use RDKafkaErrorCode as C;
        let Some(code) = error.rdkafka_error_code() else { return };
        tracing::debug!(target: "librdkafka", code = code as i32, "{reason}");
        self.words.lock().unwrap_or_else(PoisonError::into_inner).insert(code as i32, reason.to_owned());
        match code {
            C::Authentication | C::SSL | C::Resolve => {
                let failure = Failure::from_code(code).saying(reason);
                self.state.send_if_modified(|state| {
                    let first = state.terminal.is_none();
                    state.terminal.get_or_insert(failure);
                    first
                });
            }
            C::TopicAuthorizationFailed | C::GroupAuthorizationFailed => {
                let failure = Failure::from_code(code).saying(reason);
                self.state.send_modify(|state| state.denied = Some(failure));
            }
            C::AllBrokersDown => {
                let failure = self.lost();
                self.state.send_if_modified(|state| {
                    let first = state.down.is_none();
                    self.is_well.store(false, Ordering::Release);
                    state.down = Some(failure);
                    first
                });
            }
            _ => {}
        }
    }

    /// "All brokers are down" in the words of the connection that was lost last, which say more.
    fn lost(&self) -> Failure {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let best = [RDKafkaErrorCode::BrokerTransportFailure, RDKafkaErrorCode::AllBrokersDown]
            .iter()
            .find_map(|code| words.get(&(*code as i32)).cloned());
        let failure = Failure::from_code(RDKafkaErrorCode::AllBrokersDown);
        match best {
            Some(said) => failure.saying(said),
            None => failure,
        }
    }
}

impl ClientContext for Signals {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        use RDKafkaLogLevel as L;
        // A connection that the broker closes is only logged, so its words are kept here for `lost`.
        if facility == "FAIL" {
            let said = text.split_once("]: ").map_or(text, |(_thread, said)| said);
            let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
            words.insert(RDKafkaErrorCode::BrokerTransportFailure as i32, said.to_owned());
        }
        match level {
            L::Emerg | L::Alert | L::Critical | L::Error => {
                tracing::error!(target: "librdkafka", "{facility}: {text}");
            }
            L::Warning => tracing::warn!(target: "librdkafka", "{facility}: {text}"),
            L::Notice | L::Info => tracing::info!(target: "librdkafka", "{facility}: {text}"),
            L::Debug => tracing::debug!(target: "librdkafka", "{facility}: {text}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.hear(error, reason);
    }
}

/// Tells when the brokers went away, apart from the reader that waits for them.
#[derive(Debug, Clone)]
pub struct Away(Signals);

impl Away {
    pub(super) fn new(signals: &Signals) -> Self {
        Self(signals.clone())
    }

    /// Completes while every broker is away: librdkafka's words for the connection that was lost last.
    pub async fn wait(&self) -> String {
        self.0.away().await
    }
}

/// Runs a call that blocks on a thread of its own. The thread is not waited for: when a failure is known earlier
/// than the call's own time limit, the command goes on without it.
pub(super) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, KafkaError> {
    let (done, result) = oneshot::channel();
    let thread = std::thread::Builder::new().name("kafka call".to_owned()).spawn(move || {
        let _ = done.send(call());
    });
    match thread {
        Ok(_) => result.await.unwrap_or(Err(KafkaError::Canceled)),
        Err(error) => Err(KafkaError::ClientCreation(error.to_string())),
    }
}

/// A failure of the machine rather than of Kafka.
pub(super) fn unreachable(said: String) -> Failure {
    Failure::new(Kind::Unreachable, said)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_refused_login_beats_the_call_that_waits() {
        let signals = Signals::new("127.0.0.1:1");
        signals.error(KafkaError::Global(RDKafkaErrorCode::Authentication), "Invalid username or password");
        let result = signals.race(std::future::pending::<Result<(), Failure>>()).await;
        let failure = result.expect_err("the login was refused");
        assert_eq!(failure.kind, Kind::Authentication);
        assert_eq!(failure.said, "Invalid username or password");
    }

    #[tokio::test]
    async fn a_finished_call_wins_over_a_late_failure() {
        let signals = Signals::new("127.0.0.1:1");
        signals.error(KafkaError::Global(RDKafkaErrorCode::Authentication), "late");
        assert_eq!(signals.race(async { Ok(7) }).await, Ok(7));
    }

    #[test]
    fn a_lost_broker_is_waited_for_once_the_settings_are_proven() {
        let signals = Signals::new("127.0.0.1:1");
        signals.proven();
        signals.error(KafkaError::Global(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
        assert!(signals.is_down());
        assert!(signals.terminal().now_or_never().is_none(), "it may come back");
    }
}
