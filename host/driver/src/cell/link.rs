//! One connection as its cell's task sees it: the socket and what is known of its two directions.
//!
//! Owns: noticing. A RST is noticed whatever is read or not, a FIN as soon as it has reached our kernel (invariant 7).
//! Never decides what either means; that is the machine's part.

use core::task::{Context, Poll, Waker};
use std::io;
use std::sync::Arc;

use crate::places::Places;
use crate::registry::Live;
use crate::socket::{News, Socket, WriteWatch, errno};

use super::ready::{Cause, Signal};

/// What the kernel holds of the peer's direction, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inbound {
    /// Bytes may have arrived: a read is worth its system call.
    Readable,
    /// All that had arrived was read.
    Drained,
    /// The peer's FIN has arrived; bytes before it may be unread.
    FinBehind,
    /// The machine was told of the FIN: nothing more will come.
    Finished,
}

/// Whether the kernel takes output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outbound {
    /// As far as we know; nothing is left to be tried.
    Open,
    /// Something was offered and not yet tried to the end: the round was spent, or room came.
    Unfinished,
    /// Not until the socket says so.
    Blocked,
}

impl Outbound {
    fn unblocked(self) -> Self {
        match self {
            Self::Open => Self::Open,
            Self::Unfinished | Self::Blocked => Self::Unfinished,
        }
    }
}

/// A socket and its place in the cell.
pub(super) struct Link<S> {
    pub(super) socket: S,
    pub(super) inbound: Inbound,
    pub(super) outbound: Outbound,
    pub(super) live: Live,
    /// Whether it stands in the line of those that wait for the handler to be idle.
    pub(super) waits_for_handler: bool,
    /// From how many bytes on automatic delivery is by reference.
    pub(super) by_reference_bytes_min: usize,
    signal: Arc<Signal>,
    /// The signal, as the socket wants it.
    waker: Waker,
    /// What the connection takes of limits; given back when the link is dropped.
    places: Places,
}

impl<S: Socket> Link<S> {
    /// A link that is queued to be looked at.
    pub(super) fn new(
        socket: S,
        live: Live,
        signal: Arc<Signal>,
        by_reference_bytes_min: usize,
        places: Places,
    ) -> Self {
        signal.queue(Cause::News);
        Self {
            socket,
            inbound: Inbound::Readable,
            outbound: Outbound::Open,
            live,
            waits_for_handler: false,
            by_reference_bytes_min,
            waker: Waker::from(Arc::clone(&signal)),
            signal,
            places,
        }
    }

    /// Closes the socket. What is left is the connection's place in the registry and in the limits.
    pub(super) fn close(self) -> (Live, Places) {
        (self.live, self.places)
    }

    /// What may be done with it may have changed: it is looked at again, if there is anything it could do.
    pub(super) fn queue(&self) {
        let can_read = matches!(self.inbound, Inbound::Readable | Inbound::FinBehind);
        if can_read || self.outbound == Outbound::Unfinished {
            self.signal.queue(Cause::Again);
        }
    }

    /// Writing was tried, and this came of it.
    pub(super) fn set_outbound(&mut self, outbound: Outbound) {
        self.outbound = outbound;
        if outbound == Outbound::Blocked {
            // News of room are wanted from now on.
            self.signal.queue(Cause::News);
        }
        self.queue();
    }

    /// It was taken from the queue. Takes in the socket's news until there are none, so that the next ones wake the
    /// task. An error number if the socket has failed.
    pub(super) fn look(&mut self) -> Result<(), i32> {
        if self.signal.take() == Cause::Again {
            return Ok(());
        }
        let mut context = Context::from_waker(&self.waker);
        for _ in 0..NEWS_PER_LOOK_MAX {
            let watch = match self.outbound {
                Outbound::Open | Outbound::Unfinished => WriteWatch::Idle,
                Outbound::Blocked => WriteWatch::Blocked,
            };
            match self.socket.poll_news(&mut context, watch) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(error)) => return Err(errno(&error)),
                Poll::Ready(Ok(News::Readable)) => {
                    if self.inbound == Inbound::Drained {
                        self.inbound = Inbound::Readable;
                    }
                }
                Poll::Ready(Ok(News::Writable)) => self.outbound = self.outbound.unblocked(),
                Poll::Ready(Ok(News::PeerEnded)) => {
                    self.fail_if_failed()?;
                    if self.inbound != Inbound::Finished {
                        self.inbound = Inbound::FinBehind;
                    }
                }
                Poll::Ready(Ok(News::Ended)) => {
                    self.fail_if_failed()?;
                    // If something is still to be written, the attempt tells why it cannot be.
                    self.outbound = self.outbound.unblocked();
                }
            }
        }
        self.signal.queue(Cause::News);
        Ok(())
    }

    /// Bytes that arrived and were not read. An error here means that the socket is unusable, which it reports itself.
    pub(super) fn unread_bytes(&self) -> u64 {
        self.socket.unread_bytes().unwrap_or(0)
    }

    /// Asking consumes the failure, so the answer has to be acted on at once.
    fn fail_if_failed(&self) -> Result<(), i32> {
        let failure: Option<io::Error> = self.socket.take_error().unwrap_or_else(Some);
        failure.map_or(Ok(()), |error| Err(errno(&error)))
    }
}

/// News taken in by one look. There are four kinds, and each is reported once until something else happens.
const NEWS_PER_LOOK_MAX: usize = 8;
