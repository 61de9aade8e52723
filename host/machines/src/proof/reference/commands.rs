//! Commands other than writes, and what the socket and the clock do to one connection.

use super::link::{Ending, Resuming, Standing};
use super::{Age, Reference};
use tidegate_machines::cell::Output;
use tidegate_machines::command::{Command, CommandName, ConnectionCommand, ReadMode, Registration};
use tidegate_machines::event::{Event, Failure};
use tidegate_machines::payload::Payload;
use tidegate_machines::reason::{CloseReason, ClosedBy, Refusal, TimeLimit};
use tidegate_machines::{ConnectionId, Token};

impl<P: Payload> Reference<P> {
    pub(super) fn execute(&mut self, command: Command<P>) {
        match command {
            Command::On(connection, command) => self.execute_on(connection, command),
            Command::SetTimer { token, after } => {
                self.cancel_timer(token);
                let waiting =
                    self.expected.iter().filter(|envelope| matches!(envelope.event, Event::Timer(_))).count();
                if self.timers.len() + waiting >= self.limits.timers_max || self.age == Age::Expired {
                    return self.refuse(
                        ConnectionId::NONE,
                        CommandName::SetTimer,
                        Some(token),
                        Refusal::Limit,
                    );
                }
                if self.age == Age::Warm {
                    self.age = Age::Used;
                }
                let after = after.max(core::time::Duration::from_nanos(1));
                self.timers.push((self.now.after(after), token));
            }
            Command::CancelTimer(token) => self.cancel_timer(token),
            Command::Unsupported { connection, name, token } => {
                if connection == ConnectionId::NONE || self.is_live(connection) {
                    self.refuse(connection, name, token, Refusal::Unsupported);
                }
            }
        }
    }

    fn cancel_timer(&mut self, token: Token) {
        self.timers.retain(|(_, other)| *other != token);
        self.expected.retain(|envelope| envelope.event != Event::Timer(token));
    }

    fn refuse(&mut self, source: ConnectionId, command: CommandName, token: Option<Token>, reason: Refusal) {
        let failure = Failure { command, token, reason, sent_bytes: 0, returned: None };
        self.expect(source, Event::CommandFailed(failure));
    }

    fn execute_on(&mut self, connection: ConnectionId, command: ConnectionCommand<P>) {
        if !self.is_live(connection) {
            return;
        }
        let Some(link) = self.links.get_mut(&connection) else { return };
        match command {
            ConnectionCommand::Register(registration) => self.register(connection, &registration),
            ConnectionCommand::Write(write) => self.write(connection, write),
            ConnectionCommand::ResumeWriting => {
                let refusal = match (link.standing, link.resuming) {
                    (Standing::Unregistered, _) => Some(Refusal::NotRegistered),
                    (Standing::Open, Resuming::No) => None,
                    (Standing::Open, _) => Some(Refusal::ResumePending),
                    _ => Some(Refusal::Closing),
                };
                match refusal {
                    Some(reason) => self.refuse(connection, CommandName::ResumeWriting, None, reason),
                    None => {
                        link.resuming = Resuming::Waiting;
                        self.on_output_gone(connection);
                    }
                }
            }
            ConnectionCommand::SuspendReading => link.wish = Some(false),
            ConnectionCommand::ResumeReading => link.wish = Some(true),
            ConnectionCommand::Close => self.close(connection),
            ConnectionCommand::ConfirmedClose => self.confirmed_close(connection),
            ConnectionCommand::Abort => self.reset(connection, ClosedBy::Aborted, 0),
            ConnectionCommand::DropHandle => match link.standing {
                Standing::Unregistered | Standing::Open | Standing::Flushing(Ending::PeerClosed) => {
                    self.close(connection);
                }
                _ => {}
            },
        }
    }

    fn register(&mut self, connection: ConnectionId, registration: &Registration) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&connection) else { return };
        match link.standing {
            Standing::Unregistered => {}
            Standing::Open => {
                return self.refuse(connection, CommandName::Register, None, Refusal::AlreadyRegistered);
            }
            _ => return self.refuse(connection, CommandName::Register, None, Refusal::Closing),
        }
        let limits = &mut link.limits;
        if let Some(idle) = registration.idle {
            limits.idle = Some(limits.idle.map_or(idle, |ours| ours.min(idle)));
        }
        limits.flush = limits.flush.min(registration.flush.unwrap_or(limits.flush));
        limits.half_close = limits.half_close.min(registration.half_close.unwrap_or(limits.half_close));
        link.mode = registration.read_mode.unwrap_or(link.mode);
        let most = limits.queued_bytes_max;
        let unasked = if link.mode == ReadMode::Paced { most } else { 0 };
        link.write_buffer = registration.write_buffer_bytes.unwrap_or(unasked).min(most);
        link.is_registered = true;
        link.keeps_open = registration.keep_open_on_peer_closed;
        link.suspends = registration.suspend_on_refusal;
        link.delivery = registration.delivery;
        link.received_at = now;
        link.sent_at = now;
        link.standing = Standing::Open;
        if link.peer_finished {
            self.finish_open(connection);
        }
    }

    fn close(&mut self, connection: ConnectionId) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        link.is_deaf = true;
        match link.standing {
            Standing::Unregistered | Standing::Open => self.flush(connection, Ending::Close),
            Standing::Flushing(_) => link.standing = Standing::Flushing(Ending::Close),
            Standing::HalfClosed => self.linger(connection, ClosedBy::Closed, 0),
            Standing::Lingering | Standing::Over => {}
        }
    }

    fn confirmed_close(&mut self, connection: ConnectionId) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        match link.standing {
            Standing::Unregistered | Standing::Open => self.flush(connection, Ending::Confirmed),
            Standing::Flushing(Ending::PeerClosed) => link.standing = Standing::Flushing(Ending::Confirmed),
            _ => {}
        }
    }

    /// Output has run out and an end is due.
    pub(super) fn flushed(&mut self, connection: ConnectionId, ending: Ending) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&connection) else { return };
        if link.peer_finished {
            self.asked.push_back(Output::CloseSocket(connection));
            return self.end(connection, ending.by(), 0, Standing::Over);
        }
        self.asked.push_back(Output::ShutdownWrite(connection));
        if ending == Ending::Close {
            return self.linger(connection, ClosedBy::Closed, 0);
        }
        link.received_at = now;
        link.standing = Standing::HalfClosed;
    }

    pub(super) fn linger(&mut self, connection: ConnectionId, by: ClosedBy, unread: u64) {
        self.end(connection, by, unread, Standing::Lingering);
    }

    pub(super) fn reset(&mut self, connection: ConnectionId, by: ClosedBy, unread: u64) {
        self.asked.push_back(Output::ResetSocket(connection));
        self.end(connection, by, unread, Standing::Over);
    }

    /// The terminal event.
    pub(super) fn end(&mut self, connection: ConnectionId, by: ClosedBy, unread: u64, standing: Standing) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        link.standing = standing;
        link.offered = None;
        link.accepted.clear();
        link.resuming = Resuming::No;
        let reason = CloseReason { by, unread_bytes: unread + link.discarded };
        if !link.is_orphan {
            self.expect(connection, Event::Closed(reason));
        }
    }

    /// The instance is gone.
    pub(super) fn orphan(&mut self, connection: ConnectionId) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        link.is_orphan = true;
        link.resuming = match link.resuming {
            Resuming::Sent(_) => Resuming::No,
            other => other,
        };
        match link.standing {
            Standing::Unregistered | Standing::Open => self.reset(connection, ClosedBy::HandlerFailed, 0),
            Standing::Flushing(Ending::Confirmed | Ending::Close) => {
                link.is_deaf = true;
                link.standing = Standing::Flushing(Ending::Close);
            }
            Standing::Flushing(Ending::PeerClosed) => {}
            Standing::HalfClosed => self.linger(connection, ClosedBy::Closed, 0),
            Standing::Lingering | Standing::Over => {}
        }
    }

    pub(super) fn on_received(&mut self, connection: ConnectionId, data: &P) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&connection) else { return };
        link.received_at = now;
        if link.mode == ReadMode::Pull {
            link.wish = None;
        }
        let by_reference = match link.delivery {
            tidegate_machines::command::Delivery::Copied => false,
            tidegate_machines::command::Delivery::ByReference => true,
            tidegate_machines::command::Delivery::Automatic => {
                data.len() >= link.limits.by_reference_bytes_min
            }
        };
        let data = data.clone();
        self.expect(
            connection,
            if by_reference { Event::ReceivedChunk(data) } else { Event::Received(data) },
        );
    }

    pub(super) fn on_discarded(&mut self, connection: ConnectionId, bytes: u64) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&connection) else { return };
        if link.standing.is_over() {
            return;
        }
        link.received_at = now;
        link.discarded += bytes;
        if link.standing == Standing::HalfClosed && link.discarded >= link.limits.linger_bytes_max {
            self.linger(connection, ClosedBy::TimedOut(TimeLimit::HalfClose), 0);
        }
    }

    pub(super) fn on_peer_finished(&mut self, connection: ConnectionId) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&connection) else { return };
        if link.standing == Standing::Over || link.peer_finished {
            return;
        }
        link.peer_finished = true;
        link.received_at = now;
        match link.standing {
            Standing::Open => self.finish_open(connection),
            Standing::HalfClosed => {
                self.asked.push_back(Output::CloseSocket(connection));
                self.end(connection, ClosedBy::ConfirmedClosed, 0, Standing::Over);
            }
            _ => {}
        }
    }

    /// The peer's FIN while no close was requested.
    fn finish_open(&mut self, connection: ConnectionId) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&connection) else { return };
        if link.keeps_open {
            link.sent_at = now;
            self.expect(connection, Event::PeerClosed);
        } else {
            self.flush(connection, Ending::PeerClosed);
        }
    }

    pub(super) fn on_expired(&mut self, connection: ConnectionId, unread: u64) {
        let Some((limit, at)) = self.limit_of(connection) else { return };
        if self.now < at {
            return;
        }
        let Some(link) = self.links.get(&connection) else { return };
        let by = ClosedBy::TimedOut(limit);
        let is_orderly = matches!(limit, TimeLimit::Idle | TimeLimit::HalfClose) && !link.has_output();
        if !is_orderly {
            self.reset(connection, by, unread);
        } else if link.peer_finished {
            self.asked.push_back(Output::CloseSocket(connection));
            self.end(connection, by, unread, Standing::Over);
        } else {
            if link.standing != Standing::HalfClosed {
                self.asked.push_back(Output::ShutdownWrite(connection));
            }
            self.linger(connection, by, unread);
        }
    }
}
