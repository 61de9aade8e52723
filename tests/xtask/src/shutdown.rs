//! Ctrl-C and SIGTERM, as one future. Installed only while there is something to tidy up: until
//! then the default action (the process ends) is right.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Both signals, from the moment this is made.
pub(crate) struct Shutdown {
    interrupt: Signal,
    terminate: Signal,
}

impl Shutdown {
    /// Takes the two signals over. Fails only if the operating system refuses.
    pub(crate) fn install() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next of them. Cancel-safe.
    pub(crate) async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
