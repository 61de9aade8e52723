//! A trial: one instance is made and given `started`, before anybody depends on the module.
//!
//! None of the commands it records runs. If it fails, the guest's last lines come with the fault, because they mostly
//! say why.

use crate::error::InstantiateError;
use crate::fault::CallFault;
use crate::instance::{Instance, InstanceConfig};
use crate::module::Module;
use crate::output::{Dropped, GuestLog, LogLevel, LogSource};
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tidegate_machines::ConnectionId;
use tidegate_machines::event::{Envelope, Event, StartReason};
use tidegate_machines::limits::HandlerLimits;
use tidegate_machines::turn::Turn;

/// Lines of a failed guest that are kept.
const LINES_MAX: usize = 16;

/// What a trial found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeReport {
    /// Time to make the instance and deliver `started`.
    pub elapsed: Duration,
    /// Its linear memory after that, bytes.
    pub memory_bytes: u64,
    /// Commands it recorded in `started`; none of them ran.
    pub commands: usize,
}

/// A trial failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeError {
    /// Why.
    pub cause: InstantiateError,
    /// What the guest printed and logged last, oldest first, at most 16 lines.
    pub last_lines: Vec<String>,
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause)?;
        self.last_lines.iter().try_for_each(|line| write!(f, "\n  guest: {line}"))
    }
}

impl std::error::Error for ProbeError {}

impl Module {
    /// Makes one instance and gives it `started`. `config.log`, if any, sees its lines too.
    ///
    /// # Errors
    /// It could not be made, or it failed.
    pub fn probe(
        &self,
        mut config: InstanceConfig,
        limits: &HandlerLimits,
    ) -> Result<ProbeReport, ProbeError> {
        let lines = Rc::new(LastLines { inner: config.log.take(), lines: RefCell::default() });
        config.log = Some(lines.clone());
        let start = Instant::now();
        let failed = |cause| ProbeError { cause, last_lines: lines.lines.take().into() };
        let mut instance = self.instantiate(config).map_err(failed)?;
        let turn = started(&mut instance, limits).map_err(|fault| failed(InstantiateError::Guest(fault)))?;
        Ok(ProbeReport {
            elapsed: start.elapsed(),
            memory_bytes: instance.memory_peak_bytes(),
            commands: turn.commands().len(),
        })
    }
}

fn started(instance: &mut Instance, limits: &HandlerLimits) -> Result<Turn<Bytes>, CallFault> {
    let envelope = Envelope { source: ConnectionId::NONE, event: Event::Started(StartReason::Fresh) };
    instance.call(envelope, Turn::new(limits, 0))
}

/// Keeps the last lines and passes everything on.
struct LastLines {
    inner: Option<Rc<dyn GuestLog>>,
    lines: RefCell<VecDeque<String>>,
}

impl GuestLog for LastLines {
    fn line(&self, level: LogLevel, source: LogSource, text: &str) {
        let mut lines = self.lines.borrow_mut();
        if lines.len() == LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(text.to_owned());
        drop(lines);
        if let Some(inner) = &self.inner {
            inner.line(level, source, text);
        }
    }

    fn count(&self, name: &str, by: u64) {
        if let Some(inner) = &self.inner {
            inner.count(name, by);
        }
    }

    fn dropped(&self, what: Dropped, count: u64) {
        if let Some(inner) = &self.inner {
            inner.dropped(what, count);
        }
    }
}
