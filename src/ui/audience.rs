//! Whether anybody still reads standard output.

use std::future::pending;
use std::io;

use crate::error::Error;

/// The reader of standard output. Whoever waits for something to print must ask for it too: a pipe breaks only when it
/// is written to, and behind `| head` that may never happen.
pub struct Audience {
    #[cfg(unix)]
    pipe: Option<tokio::io::unix::AsyncFd<io::Stdout>>,
}

impl Audience {
    /// Begins to watch; needs a runtime. A file has no reader that could leave.
    pub fn new() -> Self {
        #[cfg(unix)]
        #[expect(
            deprecated,
            reason = "what replaces it is unsafe, for descriptors that may be closed meanwhile"
        )]
        let pipe = tokio::io::unix::AsyncFd::with_interest(io::stdout(), tokio::io::Interest::ERROR).ok();
        Self {
            #[cfg(unix)]
            pipe,
        }
    }

    /// Waits until the reader has left; for ever where the system does not tell. What comes back is what a write would
    /// fail with.
    pub async fn gone(&self) -> Error {
        #[cfg(unix)]
        if let Some(pipe) = &self.pipe
            && pipe.ready(tokio::io::Interest::ERROR).await.is_ok()
        {
            return io::Error::from(io::ErrorKind::BrokenPipe).into();
        }
        pending().await
    }
}

impl Default for Audience {
    fn default() -> Self {
        Self::new()
    }
}
