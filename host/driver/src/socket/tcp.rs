//! The real socket: an owned descriptor watched by the runtime of its worker.
//!
//! Owns: the translation of tokio's level-like readiness flags into changes that are reported once. Never touched by
//! another thread: the readiness flags are set only while the worker's own thread waits for the kernel, so that
//! clearing one right after a `WouldBlock` cannot lose a change.
//!
//! The flags that say "closed" are sticky: once the peer's direction has ended the reading side always looks ready and
//! can report nothing more. From then on what follows (a RST behind the FIN) is seen on the writing side.

use core::task::{Context, Poll};
use core::time::Duration;
use std::io::{self, IoSlice};
use std::os::fd::OwnedFd;

use bytes::BytesMut;
use rustix::net::{SendAncillaryBuffer, SendFlags, Shutdown};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::{News, Socket, WriteWatch};
use crate::sys;

/// Keeps a write after a RST from raising SIGPIPE in a program that did not ignore it. Apple's systems have an option
/// of the socket instead.
#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: SendFlags = SendFlags::empty();

/// A connected TCP socket.
#[derive(Debug)]
pub(crate) struct TcpSocket {
    fd: AsyncFd<OwnedFd>,
    ended: Ended,
}

/// Which sticky end was reported already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// None.
    Neither,
    /// The peer's direction.
    Peer,
    /// Both.
    Both,
}

impl TcpSocket {
    /// Takes over a connected socket that does not block, and switches Nagle's delay off.
    ///
    /// # Errors
    /// The runtime cannot watch another descriptor.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O.
    pub(crate) fn new(fd: OwnedFd) -> io::Result<Self> {
        // It fails on a socket that was reset meanwhile; the socket will say so itself.
        let _ = SockRef::from(&fd).set_tcp_nodelay(true);
        #[cfg(target_vendor = "apple")]
        SockRef::from(&fd).set_nosigpipe(true)?;
        Ok(Self { fd: sys::register(fd)?, ended: Ended::Neither })
    }

    /// Forgets that `interest` is ready. Only right after the kernel said that it is not.
    fn clear(&self, interest: Interest) {
        let _: io::Result<()> = self.fd.try_io(interest, |_| Err(io::ErrorKind::WouldBlock.into()));
    }

    fn poll_reading(&mut self, context: &mut Context<'_>) -> Poll<io::Result<News>> {
        match self.fd.poll_read_ready(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(mut guard)) => {
                // Not after a `WouldBlock`, on purpose: the caller reads before it asks again, and while it does not
                // want to read, only what comes next is news.
                let ready = guard.ready();
                guard.clear_ready();
                if ready.is_read_closed() {
                    self.ended = Ended::Peer;
                    return Poll::Ready(Ok(News::PeerEnded));
                }
                Poll::Ready(Ok(News::Readable))
            }
        }
    }

    fn poll_writing(&mut self, context: &mut Context<'_>) -> Poll<io::Result<News>> {
        match self.fd.poll_write_ready(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(mut guard)) => {
                let ready = guard.ready();
                guard.clear_ready();
                if ready.is_write_closed() {
                    self.ended = Ended::Both;
                    return Poll::Ready(Ok(News::Ended));
                }
                Poll::Ready(Ok(News::Writable))
            }
        }
    }
}

impl Socket for TcpSocket {
    fn read(&mut self, into: &mut BytesMut, bytes_max: usize) -> io::Result<usize> {
        let room = bytes_max.min(into.capacity() - into.len());
        loop {
            match sys::receive(self.fd.get_ref(), into, bytes_max) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.clear(Interest::READABLE);
                    return Err(error);
                }
                Ok(count) => {
                    // A short count means that the kernel's queue was empty: what comes next is a new edge.
                    if count < room {
                        self.clear(Interest::READABLE);
                    }
                    return Ok(count);
                }
                failed => return failed,
            }
        }
    }

    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            let sent = match parts {
                [single] => rustix::net::send(self.fd.get_ref(), single, SEND_FLAGS),
                _ => rustix::net::sendmsg(
                    self.fd.get_ref(),
                    parts,
                    &mut SendAncillaryBuffer::default(),
                    SEND_FLAGS,
                ),
            };
            match sent.map_err(io::Error::from) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.clear(Interest::WRITABLE);
                    return Err(error);
                }
                done => return done,
            }
        }
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        Ok(rustix::net::shutdown(self.fd.get_ref(), Shutdown::Write)?)
    }

    fn make_close_a_reset(&mut self) {
        // It cannot fail on an open socket; if it did, the peer would see a FIN.
        let _ = SockRef::from(self.fd.get_ref()).set_linger(Some(Duration::ZERO));
    }

    fn unread_bytes(&self) -> io::Result<u64> {
        Ok(rustix::io::ioctl_fionread(self.fd.get_ref())?)
    }

    fn unacked_bytes(&self) -> io::Result<u64> {
        sys::unacked_bytes(self.fd.get_ref())
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        SockRef::from(self.fd.get_ref()).take_error()
    }

    fn poll_news(&mut self, context: &mut Context<'_>, write: WriteWatch) -> Poll<io::Result<News>> {
        if self.ended == Ended::Neither
            && let Poll::Ready(news) = self.poll_reading(context)
        {
            return Poll::Ready(news);
        }
        // Room is watched for if it is wanted; the end of both directions only once the reading side is mute.
        let watched = match (self.ended, write) {
            (Ended::Neither, WriteWatch::Idle) | (Ended::Both, _) => return Poll::Pending,
            (Ended::Neither, WriteWatch::Blocked) | (Ended::Peer, _) => write,
        };
        loop {
            match self.poll_writing(context) {
                Poll::Ready(Ok(News::Writable)) if watched == WriteWatch::Idle => {}
                other => return other,
            }
        }
    }
}
