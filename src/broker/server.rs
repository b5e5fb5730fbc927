//! Opens the data and the listeners, accepts connections, and ends them all when the broker stops.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::config::Config;
use super::connection::{self, Limits};
use super::event::{Event, Events};
use super::session::{Listener, Session};
use super::shared::Shared;
use super::state::State;
use super::tls::{self, CaCertificate, Tls};
use super::{Addresses, BrokerError};

/// How long accepting pauses when the system refuses.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Open files that connections never take, few as there may be.
const KEPT_FILES: usize = 64;

/// A broker whose data is open and whose ports are bound, before it serves.
pub(super) struct Server {
    plaintext: StdListener,
    sasl_plaintext: StdListener,
    sasl_ssl: Option<(StdListener, Tls)>,
    ca: Option<CaCertificate>,
    addresses: Addresses,
    limits: Limits,
    max_connections: usize,
    shared: Arc<Shared>,
}

impl Server {
    /// Binds first, so that a second broker on the same ports fails before it touches the data.
    pub(super) fn open(
        config: Config,
        events: Events,
        stop: CancellationToken,
    ) -> Result<Server, BrokerError> {
        let (plaintext, plaintext_address) = bind(config.plaintext, config.allow_remote)?;
        let (sasl_plaintext, sasl_address) = bind(config.sasl_plaintext, config.allow_remote)?;
        let sasl_ssl = config.sasl_ssl.map(|address| bind(address, config.allow_remote)).transpose()?;
        let limits = Limits::new(&config.settings);
        let max_connections = config.settings.max_connections.min(sockets()).min(Semaphore::MAX_PERMITS);
        let storage = config.storage.clone();
        let state = State::open(config, events.clone())?;
        let addresses = Addresses {
            plaintext: plaintext_address,
            sasl_plaintext: sasl_address,
            sasl_ssl: sasl_ssl.as_ref().map(|(_, address)| *address),
        };
        let (sasl_ssl, ca) = match sasl_ssl {
            Some((socket, address)) => {
                let advertised = state.settings.advertised_listeners.of(Listener::SaslSsl);
                let opened = Tls::open(&storage, &tls::hosts(address, advertised));
                let (tls, ca) = opened.map_err(BrokerError::Tls)?;
                (Some((socket, tls)), Some(ca))
            }
            None => (None, None),
        };
        Ok(Server {
            plaintext,
            sasl_plaintext,
            sasl_ssl,
            ca,
            addresses,
            limits,
            max_connections,
            shared: Arc::new(Shared::new(state, events, stop)),
        })
    }

    pub(super) fn addresses(&self) -> Addresses {
        self.addresses
    }

    pub(super) fn ca_certificate(&self) -> Option<CaCertificate> {
        self.ca.clone()
    }

    /// Serves until the broker is told to stop or stops itself. One thread: requests are short, and most of their
    /// time is the system's.
    pub(super) fn run(self) -> Result<(), BrokerError> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(BrokerError::Thread)?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> Result<(), BrokerError> {
        let shared = self.shared;
        let tasks = TaskTracker::new();
        let permits = Arc::new(Semaphore::new(self.max_connections));
        let plain = [(Listener::Plaintext, self.plaintext), (Listener::SaslPlaintext, self.sasl_plaintext)];
        let plain = plain.map(|(listener, socket)| (listener, socket, None));
        let secure = self.sasl_ssl.map(|(socket, tls)| (Listener::SaslSsl, socket, Some(tls)));
        for (listener, socket, tls) in plain.into_iter().chain(secure) {
            let socket = TcpListener::from_std(socket).map_err(BrokerError::Thread)?;
            let accepting = accept(
                listener,
                socket,
                tls,
                self.limits.clone(),
                Arc::clone(&shared),
                tasks.clone(),
                Arc::clone(&permits),
            );
            tasks.spawn(accepting);
        }
        let kept_time = shared.keep_time().await;
        shared.stop.cancel();
        tasks.close();
        tasks.wait().await;
        let flushed = kept_time.and_then(|()| shared.with(|state, now| state.close(now)));
        match flushed {
            Ok(result) => result,
            Err(_poisoned) => Err(BrokerError::Fault),
        }
    }
}

/// How many open files connections may take: whoever only connects must not keep others' records from their files.
fn sockets() -> usize {
    #[cfg(unix)]
    if let Some(files) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        return files.saturating_sub(KEPT_FILES.max(files / 4)).max(1);
    }
    usize::MAX
}

/// Accepts until the broker stops. A connection beyond `max.connections` waits, and those behind it too.
async fn accept(
    listener: Listener,
    socket: TcpListener,
    tls: Option<Tls>,
    limits: Limits,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    permits: Arc<Semaphore>,
) {
    loop {
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => return,
            accepted = socket.accept() => accepted,
        };
        let (mut stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly too many open files. Nothing tells when one becomes free, so give others a moment.
                shared.events.emit(|| Event::Trouble(format!("accepting a connection: {error}")));
                if shared.with(|state, _| state.release_files()).is_err() {
                    return;
                }
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                continue;
            }
        };
        if permits.available_permits() == 0 {
            shared.events.emit(|| {
                Event::Trouble("connections: as many are open as there may be, the next one waits".into())
            });
        }
        // Only now: a listener must not hold the last permit while nobody comes.
        let permit = tokio::select! {
            () = shared.stop.cancelled() => return,
            permit = Arc::clone(&permits).acquire_owned() => permit,
        };
        // The semaphore is never closed.
        let Ok(permit) = permit else { return };
        let Ok(local) = stream.local_addr() else { continue };
        // Answers are whole frames; waiting to fill a segment would only delay them.
        let _ = stream.set_nodelay(true);
        let session = Session::new(listener, local, peer);
        let (shared, limits, tls) = (Arc::clone(&shared), limits.clone(), tls.clone());
        tasks.spawn(async move {
            match tls {
                None => connection::serve(&mut stream, session, &limits, &shared).await,
                Some(tls) => serve_over(&tls, stream, session, &limits, &shared).await,
            }
            drop(permit);
        });
    }
}

/// The same through TLS.
async fn serve_over(tls: &Tls, stream: TcpStream, session: Session, limits: &Limits, shared: &Shared) {
    let accepted = tokio::select! {
        () = shared.stop.cancelled() => return,
        accepted = tls.accept(stream) => accepted,
    };
    match accepted {
        Ok(mut stream) => {
            connection::serve(&mut stream, session, limits, shared).await;
            tls::say_goodbye(stream).await;
        }
        Err(Some(message)) => {
            shared.events.emit(|| Event::HandshakeFailed { host: session.host, message });
        }
        Err(None) => {}
    }
}

fn bind(address: SocketAddr, allow_remote: bool) -> Result<(StdListener, SocketAddr), BrokerError> {
    if !address.ip().is_loopback() && !allow_remote {
        return Err(BrokerError::Remote(address));
    }
    let bound = || -> io::Result<_> {
        let socket = StdListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let real = socket.local_addr()?;
        Ok((socket, real))
    };
    bound().map_err(|source| BrokerError::Bind { address, source })
}
