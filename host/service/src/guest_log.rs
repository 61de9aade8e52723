//! What guests print, log and count, with the names of service, handler and connection.

use core::cell::Cell;
use std::sync::Arc;

use tidegate_driver::CounterShard;
use tidegate_machines::{ConnectionId, HandlerId};
use tidegate_sandbox::{Dropped, GuestLog, LogLevel, LogSource};

/// The log of one instance.
pub(crate) struct RunLog {
    service: Arc<str>,
    handler: HandlerId,
    /// The connection of the event that is being handled; 0 if it concerns none.
    connection: Cell<ConnectionId>,
    /// None for an instance that is made for trial.
    counters: Option<CounterShard>,
}

impl RunLog {
    pub(crate) fn new(service: &Arc<str>, handler: HandlerId, counters: Option<CounterShard>) -> Self {
        Self { service: Arc::clone(service), handler, connection: Cell::new(ConnectionId::NONE), counters }
    }

    /// What is printed from now on concerns `connection`.
    pub(crate) fn concerns(&self, connection: ConnectionId) {
        self.connection.set(connection);
    }
}

/// One line at a level, which tracing wants to know when it is compiled.
macro_rules! line {
    ($level:ident, $log:expr, $source:expr, $text:expr) => {
        tracing::$level!(
            target: "tidegate::guest",
            service = &*$log.service,
            handler = $log.handler.0,
            connection = $log.connection.get().0,
            source = $source.as_str(),
            "{}",
            $text
        )
    };
}

impl GuestLog for RunLog {
    fn line(&self, level: LogLevel, source: LogSource, text: &str) {
        match level {
            LogLevel::Error => line!(error, self, source, text),
            LogLevel::Warn => line!(warn, self, source, text),
            LogLevel::Info => line!(info, self, source, text),
            LogLevel::Debug => line!(debug, self, source, text),
            LogLevel::Trace => line!(trace, self, source, text),
        }
    }

    fn count(&self, name: &str, by: u64) {
        if let Some(counters) = &self.counters {
            counters.count_guest(name, by);
        }
    }

    fn dropped(&self, what: Dropped, count: u64) {
        let what = match what {
            Dropped::Lines => "lines over the limit of lines",
            Dropped::LineBytes => "bytes of lines over the limit of a line",
            Dropped::Counts => "counts under a name that is not allowed",
        };
        tracing::warn!(
            target: "tidegate::guest",
            service = &*self.service,
            handler = self.handler.0,
            connection = self.connection.get().0,
            "dropped {count} {what}"
        );
    }
}
