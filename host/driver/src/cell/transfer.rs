//! Bytes in and out of the sockets of a cell.
//!
//! Every function that meets the kernel tries first and waits only after a real `WouldBlock`.

use std::io::{self, IoSlice};

use bytes::Bytes;
use tidegate_machines::ConnectionId;
use tidegate_machines::cell::{Input, ReadInterest};
use tidegate_machines::command::Delivery;

use super::CellTask;
use super::link::{Inbound, Link, Outbound};
use super::round::Round;
use crate::guest::GuestFactory;
use crate::limits::IO_SLICES_MAX;
use crate::socket::{Socket, errno};

impl<S: Socket, F: GuestFactory> CellTask<S, F> {
    /// Does the next thing that a connection's news or its machine allow. One thing: what follows from it comes first.
    pub(super) fn attend(&mut self, connection: ConnectionId, round: &mut Round) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        if let Err(errno) = link.look() {
            return self.fail(connection, errno, round);
        }
        if link.outbound == Outbound::Unfinished {
            return self.transmit(connection, round);
        }
        let interest = self.shared.machine.borrow().read_interest(connection);
        match (link.inbound, interest) {
            (Inbound::Drained | Inbound::Finished, _) => {}
            (Inbound::Readable | Inbound::FinBehind, ReadInterest::Deliver(delivery)) => {
                self.read(connection, Wanted::Deliver(delivery), round);
            }
            (Inbound::Readable | Inbound::FinBehind, ReadInterest::Discard { bytes_max }) => {
                self.read(connection, Wanted::Discard { bytes_max }, round);
            }
            (Inbound::FinBehind, ReadInterest::Off) if link.unread_bytes() == 0 => {
                self.peer_finished(connection, round);
            }
            (Inbound::Readable | Inbound::FinBehind, ReadInterest::Off) => self.wait_for_handler(connection),
        }
    }

    /// Writes what the machine offers until all is taken, the kernel takes no more, or the round is spent.
    pub(super) fn transmit(&mut self, connection: ConnectionId, round: &mut Round) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        let written = {
            let machine = self.shared.machine.borrow();
            write_all(link, || machine.transmit(connection), round.bytes_left())
        };
        round.spend_bytes(written.bytes);
        self.context.counters.written(written.calls, written.bytes);
        link.live.connection().written(written.bytes);
        // It is queued in any case: output is what a paced reader waits for.
        link.set_outbound(match written.end {
            WriteEnd::AllTaken | WriteEnd::Failed(_) => Outbound::Open,
            WriteEnd::RoundSpent => Outbound::Unfinished,
            WriteEnd::Blocked => Outbound::Blocked,
        });
        if written.bytes > 0 {
            self.handle(round, Input::Transmitted { connection, bytes: written.bytes });
        }
        match written.end {
            WriteEnd::AllTaken | WriteEnd::RoundSpent => {}
            WriteEnd::Blocked => self.handle(round, Input::Blocked(connection)),
            WriteEnd::Failed(errno) => self.fail(connection, errno, round),
        }
    }

    /// Says what the kernel still holds of a connection that lingers.
    pub(super) fn probe_linger(&mut self, connection: ConnectionId, round: &mut Round) {
        let Some(link) = self.links.get(&connection) else { return };
        let unread_bytes = link.unread_bytes();
        let unacked_bytes = match link.socket.unacked_bytes() {
            Ok(bytes) => bytes,
            // Where it cannot be told, something is: then the peer's FIN or the limits end the linger.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => 1,
            Err(error) => return self.fail(connection, errno(&error), round),
        };
        link.queue();
        self.handle(round, Input::LingerProbed { connection, unacked_bytes, unread_bytes });
    }

    fn read(&mut self, connection: ConnectionId, wanted: Wanted, round: &mut Round) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        let mut scratch = self.context.scratch.borrow_mut();
        let bytes_max = wanted.bytes_max(scratch.chunk_bytes());
        let read = link.socket.read(scratch.room(), bytes_max);
        match read {
            Ok(0) => {
                drop(scratch);
                self.peer_finished(connection, round);
            }
            Ok(count) => {
                let bytes = count as u64;
                round.spend_bytes(bytes);
                link.live.connection().read(bytes);
                if count < bytes_max && link.inbound == Inbound::Readable {
                    link.inbound = Inbound::Drained;
                } else {
                    link.queue();
                }
                let input = match wanted {
                    Wanted::Deliver(delivery) => {
                        self.context.counters.read(bytes);
                        let data: Bytes = scratch.take(delivery, link.by_reference_bytes_min);
                        Input::Received { connection, data }
                    }
                    Wanted::Discard { .. } => {
                        self.context.counters.discarded(bytes);
                        Input::Discarded { connection, bytes }
                    }
                };
                drop(scratch);
                self.handle(round, input);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if link.inbound == Inbound::Readable {
                    link.inbound = Inbound::Drained;
                }
            }
            Err(error) => {
                drop(scratch);
                self.fail(connection, errno(&error), round);
            }
        }
    }

    /// The peer's FIN was read, or nothing is left before it.
    fn peer_finished(&mut self, connection: ConnectionId, round: &Round) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        link.inbound = Inbound::Finished;
        self.handle(round, Input::PeerFinished(connection));
    }

    /// The socket failed: whatever is unread is lost.
    fn fail(&mut self, connection: ConnectionId, errno: i32, round: &Round) {
        let unread_bytes = self.links.get(&connection).map_or(0, |link| link.unread_bytes());
        self.handle(round, Input::SocketFailed { connection, errno, unread_bytes });
    }

    /// Bytes wait, and may not be read now. If that is only because the handler is busy, it is looked at again once it
    /// is idle; if the connection's own read gate is shut, whatever opens it queues the connection.
    fn wait_for_handler(&mut self, connection: ConnectionId) {
        if self.shared.machine.borrow().can_receive() {
            return;
        }
        if let Some(link) = self.links.get_mut(&connection)
            && !link.waits_for_handler
        {
            link.waits_for_handler = true;
            self.waiting.push_back(connection);
        }
    }
}

/// What is done with what is read.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Deliver(Delivery),
    Discard { bytes_max: u64 },
}

impl Wanted {
    fn bytes_max(self, chunk_bytes: usize) -> usize {
        match self {
            Self::Deliver(_) => chunk_bytes,
            Self::Discard { bytes_max } => {
                usize::try_from(bytes_max).unwrap_or(chunk_bytes).clamp(1, chunk_bytes)
            }
        }
    }
}

/// What became of the output that was offered.
struct Written {
    bytes: u64,
    calls: u64,
    end: WriteEnd,
}

enum WriteEnd {
    AllTaken,
    /// The kernel said so; a short count alone does not.
    Blocked,
    RoundSpent,
    Failed(i32),
}

/// Buffers that are gathered without an allocation.
const FEW_SLICES: usize = 8;

/// Writes what `offered` yields. The machine is told of the sum only: to it, the calls are one.
fn write_all<'a, S, I>(link: &mut Link<S>, offered: impl Fn() -> I, bytes_max: u64) -> Written
where
    S: Socket,
    I: Iterator<Item = &'a Bytes>,
{
    let mut written = Written { bytes: 0, calls: 0, end: WriteEnd::AllTaken };
    // Each pass moves at least a byte or ends.
    loop {
        let taken = {
            let mut slices = Remaining::new(offered(), written.bytes);
            let mut few = [IoSlice::new(&[]); FEW_SLICES];
            let mut count = 0;
            for (place, slice) in few.iter_mut().zip(&mut slices) {
                *place = slice;
                count += 1;
            }
            match slices.next() {
                None if count == 0 => return written,
                None => link.socket.write(few.get(..count).unwrap_or_default()),
                Some(next) => {
                    let mut many = few.to_vec();
                    many.push(next);
                    many.extend(slices.take(IO_SLICES_MAX - many.len()));
                    link.socket.write(&many)
                }
            }
        };
        match taken {
            Ok(count) => {
                written.calls += 1;
                written.bytes += count as u64;
                if written.bytes >= bytes_max {
                    written.end = WriteEnd::RoundSpent;
                    return written;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                written.calls += 1;
                written.end = WriteEnd::Blocked;
                return written;
            }
            Err(error) => {
                written.end = WriteEnd::Failed(errno(&error));
                return written;
            }
        }
    }
}

/// What is left of a sequence of buffers behind its first `skip` bytes.
struct Remaining<I> {
    buffers: I,
    skip: u64,
}

impl<I> Remaining<I> {
    fn new(buffers: I, skip: u64) -> Self {
        Self { buffers, skip }
    }
}

impl<'a, I: Iterator<Item = &'a Bytes>> Iterator for Remaining<I> {
    type Item = IoSlice<'a>;

    fn next(&mut self) -> Option<IoSlice<'a>> {
        loop {
            let buffer = self.buffers.next()?;
            let length = buffer.len() as u64;
            if self.skip >= length {
                self.skip -= length;
                continue;
            }
            let start = usize::try_from(self.skip).unwrap_or(usize::MAX);
            self.skip = 0;
            return buffer.get(start..).map(IoSlice::new);
        }
    }
}
