//! Guest calls: made, measured, and their faults told.

use core::time::Duration;

use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};
use tidegate_machines::ConnectionId;
use tidegate_machines::cell::Input;
use tidegate_machines::command::Command;
use tidegate_machines::event::{Envelope, Event};
use tidegate_machines::facts::Facts;
use tidegate_machines::turn::Turn;

use super::round::Round;
use super::{CellTask, Shared};
use crate::counters::fault_label;
use crate::guest::{Guest, GuestContext, GuestFactory, GuestFault};
use crate::socket::Socket;
use std::rc::Rc;

/// The instance behind a cell.
pub(super) enum Instance<G> {
    /// Made with its first call.
    Unmade,
    Live(G),
    /// Freed, with or without a fault.
    Over,
}

impl<S: Socket, F: GuestFactory> CellTask<S, F> {
    pub(super) fn call_guest(&mut self, envelope: Envelope<Bytes>, turn: Turn<Bytes>, round: &mut Round) {
        round.spend_event();
        self.context.counters.event();
        let source = envelope.source;
        let is_last = matches!(envelope.event, Event::Closed(_));
        let meter = Meter::start(&envelope.event);
        let result = self.call_instance(envelope, turn);
        let cpu = meter.stop();
        round.now = self.context.clock.now();
        if is_last {
            self.shared.known.borrow_mut().remove(&source);
        }
        match result {
            Ok(turn) => {
                self.context.counters.commands(turn.commands().len());
                self.queue(source);
                for command in turn.commands() {
                    if let Command::On(connection, _) = command
                        && *connection != source
                    {
                        self.queue(*connection);
                    }
                }
                self.handle(round, Input::GuestReturned { turn, cpu });
            }
            Err(fault) => {
                self.log_fault(source, &fault);
                self.handle(round, Input::GuestFaulted(fault.fault));
                // Connections that flush or linger now have their input thrown away.
                for link in self.links.values() {
                    link.queue();
                }
            }
        }
    }

    /// Drops the instance. Its destructor is the sandbox's business; it may be slow, and is never within a call.
    pub(super) fn drop_instance(&mut self) {
        if matches!(core::mem::replace(&mut self.instance, Instance::Over), Instance::Live(_)) {
            self.context.counters.instance_freed();
        }
    }

    fn call_instance(
        &mut self,
        envelope: Envelope<Bytes>,
        turn: Turn<Bytes>,
    ) -> Result<Turn<Bytes>, GuestFault> {
        if matches!(self.instance, Instance::Unmade) {
            let facts: Rc<Shared> = Rc::clone(&self.shared);
            let facts: Rc<dyn Facts> = facts;
            let context =
                GuestContext { handler: self.handler, facts, counters: self.context.counters.clone() };
            self.instance = Instance::Live(self.context.factory.instantiate(context)?);
            self.context.counters.instance_made();
        }
        match &mut self.instance {
            Instance::Live(guest) => guest.call(envelope, turn),
            // The machine asks for no call after the instance is over; if it did, nothing is recorded.
            Instance::Unmade | Instance::Over => Ok(turn),
        }
    }

    fn log_fault(&self, connection: ConnectionId, fault: &GuestFault) {
        tracing::warn!(
            service = &*self.context.service,
            handler = self.handler.0,
            connection = connection.0,
            fault = fault_label(fault.fault),
            "handler failed, its connections are reset: {}",
            fault.message
        );
    }
}

/// Measures the CPU time of one call, as exactly as the event is worth.
enum Meter {
    /// Bytes the peer sent paid for it: it is not charged, so it is not measured.
    Unmeasured,
    /// Hardly ever charged (only an ack of an empty write is) and frequent: the clock that costs no system call. Time
    /// in which the thread did not run counts too.
    Elapsed(std::time::Instant),
    /// Thread CPU time.
    Cpu(Duration),
}

impl Meter {
    fn start<P>(event: &Event<P>) -> Self {
        match event {
            Event::Received(_) | Event::ReceivedChunk(_) => Self::Unmeasured,
            Event::Acked(_) => Self::Elapsed(std::time::Instant::now()),
            Event::Started(_)
            | Event::Connected
            | Event::CommandFailed(_)
            | Event::WritingResumed
            | Event::PeerClosed
            | Event::Closed(_)
            | Event::Timer(_)
            | Event::Draining(_) => Self::Cpu(thread_cpu()),
        }
    }

    fn stop(self) -> Duration {
        match self {
            Self::Unmeasured => Duration::ZERO,
            Self::Elapsed(start) => start.elapsed(),
            Self::Cpu(start) => thread_cpu().saturating_sub(start),
        }
    }
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
