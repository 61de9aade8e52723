//! The vocabulary between a cell and whoever executes what it asks: facts in, requests out. Data only.

use crate::command::{CommandName, Delivery, ReadMode};
use crate::event::Envelope;
use crate::handler::Purpose;
use crate::id::ConnectionId;
use crate::limits::ConnectionLimits;
use crate::reason::{CloseReason, Fault, Refusal};
use crate::turn::Turn;
use core::time::Duration;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input<P> {
    /// The handler owns a new connection; it gets `connected`.
    Opened {
        /// Its id, new in the life of the host.
        connection: ConnectionId,
        /// What the service sets for it.
        limits: ConnectionLimits,
        /// The read mode if `register` names none.
        read_mode: ReadMode,
    },
    /// The guest call asked for by [`Output::CallGuest`] returned.
    GuestReturned {
        /// What it recorded.
        turn: Turn<P>,
        /// CPU time it took.
        cpu: Duration,
    },
    /// The guest call asked for by [`Output::CallGuest`] faulted. Nothing it recorded has any effect. A fault in
    /// `snapshot` or while restoring is [`Self::SnapshotRefused`] or [`Self::RestoreFailed`].
    GuestFaulted(Fault),
    /// Bytes read, never none. Only as allowed by [`ReadInterest::Deliver`].
    Received {
        /// Where.
        connection: ConnectionId,
        /// The bytes.
        data: P,
    },
    /// Bytes read and thrown away, as allowed by [`ReadInterest::Discard`].
    Discarded {
        /// Where.
        connection: ConnectionId,
        /// How many.
        bytes: u64,
    },
    /// The peer's FIN was read, or was noticed while nothing is unread. At most once for a connection.
    PeerFinished(ConnectionId),
    /// The socket failed, by the peer's RST or otherwise. Nothing can be read or written any more.
    SocketFailed {
        /// Where.
        connection: ConnectionId,
        /// The error number.
        errno: i32,
        /// Bytes in the kernel that were never read.
        unread_bytes: u64,
    },
    /// The kernel accepted so many bytes of what [`Output::Transmit`] offers, and may take more.
    Transmitted {
        /// Where.
        connection: ConnectionId,
        /// How many.
        bytes: u64,
    },
    /// The kernel takes no byte now. What is offered stays offered; call again when the socket is writable.
    Blocked(ConnectionId),
    /// The answer to [`Output::ProbeLinger`].
    LingerProbed {
        /// Where.
        connection: ConnectionId,
        /// Bytes the kernel holds that the peer's kernel has not acknowledged, our FIN included.
        unacked_bytes: u64,
        /// Bytes that arrived and were not read.
        unread_bytes: u64,
    },
    /// The deadline that [`Cell::poll_expired`](super::Cell::poll_expired) named has passed.
    Expired {
        /// Where.
        connection: ConnectionId,
        /// Bytes in the kernel that were never read.
        unread_bytes: u64,
    },
    /// Time passed: handler timers that are due enter the queue, before bytes read in the same round.
    Tick,
    /// The service is being stopped: the handler gets `draining`.
    Drain(Duration),
    /// The drain deadline passed: every connection left is reset.
    DrainExpired,
    /// Hand over or hibernate at the next event boundary; ignored while another move waits or runs, or the handler
    /// sleeps. Else it ends with exactly one of [`Output::CommitMove`], [`Output::AbandonMove`], [`Output::Sleep`],
    /// [`Output::Freed`] and [`Output::Failed`].
    Move(Purpose),
    /// The `snapshot` asked for by [`Output::TakeSnapshot`] returned bytes, which the driver keeps.
    SnapshotTaken,
    /// It was refused, or the result cannot be used: the instance goes on as if nothing had happened.
    SnapshotRefused,
    /// The new instance asked for by [`Output::Restore`] was made, started and restored; this is what it recorded, into
    /// [`Cell::turn`](super::Cell::turn).
    Restored(Turn<P>),
    /// It was not. After a hand-over the old instance goes on; a sleeping handler is lost.
    RestoreFailed,
}

/// What has to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output<P> {
    /// Call the guest with this event and answer with [`Input::GuestReturned`] or [`Input::GuestFaulted`].
    CallGuest {
        /// The event.
        envelope: Envelope<P>,
        /// An empty turn with the call's bounds, to record into.
        turn: Turn<P>,
    },
    /// [`Cell::transmit`](super::Cell::transmit) has bytes: write until all are taken or the kernel blocks.
    Transmit(ConnectionId),
    /// Send our FIN: shut the socket's write side down. Failure is not reported: the socket says so itself later.
    ShutdownWrite(ConnectionId),
    /// Say what the kernel still holds: answer with [`Input::LingerProbed`].
    ProbeLinger(ConnectionId),
    /// Close the socket in order. The connection is gone.
    CloseSocket(ConnectionId),
    /// Reset the socket: linger 0, close. The connection is gone.
    ResetSocket(ConnectionId),
    /// Call `snapshot`: answer with [`Input::SnapshotTaken`] or [`Input::SnapshotRefused`].
    TakeSnapshot(Purpose),
    /// Make an instance, start it, give it the snapshot: answer with [`Input::Restored`] or [`Input::RestoreFailed`].
    Restore(Purpose),
    /// The new instance owns everything: drop the old one, if there is one, and the snapshot.
    CommitMove,
    /// The old instance goes on: drop the new one, if there is one, and the snapshot.
    AbandonMove,
    /// Keep the snapshot, drop the instance.
    Sleep,
    /// A fact to count or log.
    Report(Report),
    /// The instance has ended without fault and owns nothing: drop it. The last output of a cell but for those of
    /// connections that still flush or linger.
    Freed,
    /// The instance faulted: drop it. Connections that still flush or linger go on.
    Failed(Fault),
}

/// What is to be read for a connection now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadInterest {
    /// Nothing. A FIN behind which nothing is unread, and a RST, are still to be noticed.
    Off,
    /// One read of at most a chunk; then ask again.
    Deliver(Delivery),
    /// Read and throw away, at most so many bytes; then ask again.
    Discard {
        /// Bytes that may still be thrown away.
        bytes_max: u64,
    },
}

/// Facts the host counts. Never needed for correctness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Report {
    /// The terminal event was decided: the handler's part is over.
    Closed(ConnectionId, CloseReason),
    /// The connection took nothing more from us or the kernel: it no longer counts as live.
    Gone(ConnectionId),
    /// A command was refused.
    Refused(ConnectionId, CommandName, Refusal),
    /// A write that asked for it was acked.
    Acked(ConnectionId),
    /// `suspend-reading` was executed.
    ReadingSuspended(ConnectionId),
    /// `resume-reading` was executed while suspended.
    ReadingResumed(ConnectionId),
    /// Bytes pending and queued reached a new maximum for this connection.
    QueuePeak(ConnectionId, u64),
    /// A command on a connection that has ended for the guest was ignored (invariant 1).
    StaleCommand(ConnectionId),
    /// A call was put off because the rolling CPU budget is used up.
    Throttled,
}
