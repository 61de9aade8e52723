//! The one small trait through which the driver sees a data socket.
//!
//! Owns: the contract between readiness and system calls. Every call returns at once; `WouldBlock` means that nothing
//! can move now. Readiness is *edge-like*: [`Socket::poll_news`] reports each change once. The driver therefore always
//! tries the call first and waits only after a real `WouldBlock`.

mod tcp;

use core::task::{Context, Poll};
use std::io::{self, IoSlice};

use bytes::BytesMut;

pub(crate) use tcp::TcpSocket;

/// What changed on a socket since it was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Bytes may have arrived.
    Readable,
    /// Room for output may have come.
    Writable,
    /// The peer's direction ended, in order or by a failure: [`Socket::take_error`] tells. Bytes that arrived before
    /// may still be unread. Reported once.
    PeerEnded,
    /// Both directions ended after the peer's had: [`Socket::take_error`] tells whether by a failure. Reported once.
    Ended,
}

/// Whether the news that room for output came is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteWatch {
    /// The last write was not taken whole.
    Blocked,
    /// Nothing waits to be written.
    Idle,
}

/// A connected stream socket that never blocks.
pub(crate) trait Socket: 'static {
    /// Appends up to `bytes_max` bytes to `into`, within its spare capacity. 0 is the peer's FIN.
    ///
    /// # Errors
    /// `WouldBlock` if nothing has arrived; else the failure of the socket.
    fn read(&mut self, into: &mut BytesMut, bytes_max: usize) -> io::Result<usize>;

    /// Writes as much as the kernel takes of `parts`, at most
    /// [`IO_SLICES_MAX`](crate::limits::IO_SLICES_MAX) of them.
    ///
    /// # Errors
    /// `WouldBlock` if it takes nothing; else the failure of the socket.
    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Sends our FIN behind what was written.
    ///
    /// # Errors
    /// The socket is not connected any more.
    fn shutdown_write(&mut self) -> io::Result<()>;

    /// Makes the close that follows a reset: unsent bytes are dropped and the peer gets a RST.
    fn make_close_a_reset(&mut self);

    /// Bytes that arrived and were not read.
    ///
    /// # Errors
    /// What the operating system says.
    fn unread_bytes(&self) -> io::Result<u64>;

    /// Bytes written, our FIN included, that the peer's kernel has not acknowledged.
    ///
    /// # Errors
    /// What the operating system says; `Unsupported` where it cannot tell.
    fn unacked_bytes(&self) -> io::Result<u64>;

    /// The failure of the socket, if there is one. Asking consumes it: the next read would look like a FIN.
    ///
    /// # Errors
    /// It cannot be asked.
    fn take_error(&self) -> io::Result<Option<io::Error>>;

    /// The next change, or `Pending`, after which the waker of `context` is woken by the next one.
    ///
    /// # Errors
    /// The runtime that watches the socket is gone.
    fn poll_news(&mut self, context: &mut Context<'_>, write: WriteWatch) -> Poll<io::Result<News>>;
}

/// The error number of a failure, as close reasons carry it.
///
/// A RST that follows a FIN is reported by Linux as EPIPE, and so is a write after a RST that was already noticed. To
/// the handler both are what they are: a reset by the peer.
pub(crate) fn errno(error: &io::Error) -> i32 {
    let reset = rustix::io::Errno::CONNRESET.raw_os_error();
    match error.raw_os_error() {
        Some(number) if number == rustix::io::Errno::PIPE.raw_os_error() => reset,
        Some(number) => number,
        None => rustix::io::Errno::IO.raw_os_error(),
    }
}
