//! A socket whose kernel and peer are a test.

use core::cell::RefCell;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::rc::Rc;

use bytes::BytesMut;

use crate::limits::IO_SLICES_MAX;
use crate::socket::{News, Socket, WriteWatch};

/// How a socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    Closed,
    Reset,
}

/// What a write call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    /// Takes up to so many bytes.
    Bytes(usize),
    /// `WouldBlock`.
    Nothing,
}

struct Kernel {
    inbound: VecDeque<u8>,
    /// Bytes that come for ever.
    endless: bool,
    fin: bool,
    error: Option<i32>,
    /// What the next write calls do; when it is empty they take everything.
    takes: VecDeque<Take>,
    written: Vec<u8>,
    write_calls: usize,
    widest_write: usize,
    reads: usize,
    looks: usize,
    unacked: u64,
    our_fin: bool,
    resets_on_close: bool,
    fate: Fate,
    news: VecDeque<News>,
    waker: Option<Waker>,
}

/// The other side of a scripted socket.
#[derive(Clone)]
pub(super) struct Peer(Rc<RefCell<Kernel>>);

impl Default for Peer {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(Kernel {
            inbound: VecDeque::new(),
            endless: false,
            fin: false,
            error: None,
            takes: VecDeque::new(),
            written: Vec::new(),
            write_calls: 0,
            widest_write: 0,
            reads: 0,
            looks: 0,
            unacked: 0,
            our_fin: false,
            resets_on_close: false,
            fate: Fate::Open,
            news: VecDeque::new(),
            waker: None,
        })))
    }
}

impl Peer {
    pub(super) fn socket(&self) -> ScriptedSocket {
        ScriptedSocket(Rc::clone(&self.0))
    }

    pub(super) fn send(&self, bytes: &[u8]) {
        self.0.borrow_mut().inbound.extend(bytes);
        self.tell(News::Readable);
    }

    pub(super) fn send_for_ever(&self) {
        self.0.borrow_mut().endless = true;
        self.tell(News::Readable);
    }

    pub(super) fn finish(&self) {
        self.0.borrow_mut().fin = true;
        self.tell(News::PeerEnded);
    }

    /// A RST: bytes that arrived before stay readable, as Linux has it.
    pub(super) fn reset(&self, errno: i32) {
        let after_fin = {
            let mut kernel = self.0.borrow_mut();
            kernel.error = Some(errno);
            kernel.fin
        };
        self.tell(if after_fin { News::Ended } else { News::PeerEnded });
    }

    /// What the next write calls do.
    pub(super) fn will_take(&self, takes: impl IntoIterator<Item = Take>) {
        self.0.borrow_mut().takes.extend(takes);
    }

    pub(super) fn has_room(&self) {
        self.tell(News::Writable);
    }

    pub(super) fn acknowledge_all(&self) {
        self.0.borrow_mut().unacked = 0;
    }

    pub(super) fn written(&self) -> Vec<u8> {
        self.0.borrow().written.clone()
    }

    pub(super) fn write_calls(&self) -> usize {
        self.0.borrow().write_calls
    }

    pub(super) fn widest_write(&self) -> usize {
        self.0.borrow().widest_write
    }

    pub(super) fn reads(&self) -> usize {
        self.0.borrow().reads
    }

    pub(super) fn looks(&self) -> usize {
        self.0.borrow().looks
    }

    pub(super) fn unread(&self) -> usize {
        self.0.borrow().inbound.len()
    }

    pub(super) fn got_fin(&self) -> bool {
        self.0.borrow().our_fin
    }

    pub(super) fn fate(&self) -> Fate {
        self.0.borrow().fate
    }

    fn tell(&self, news: News) {
        let waker = {
            let mut kernel = self.0.borrow_mut();
            kernel.news.push_back(news);
            kernel.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

pub(super) struct ScriptedSocket(Rc<RefCell<Kernel>>);

impl Socket for ScriptedSocket {
    fn read(&mut self, into: &mut BytesMut, bytes_max: usize) -> io::Result<usize> {
        let mut kernel = self.0.borrow_mut();
        kernel.reads += 1;
        let room = bytes_max.min(into.capacity() - into.len());
        if kernel.endless {
            into.extend_from_slice(&vec![b'e'; room]);
            return Ok(room);
        }
        if kernel.inbound.is_empty() {
            return match (kernel.error, kernel.fin) {
                (Some(errno), _) => Err(io::Error::from_raw_os_error(errno)),
                (None, true) => Ok(0),
                (None, false) => Err(io::ErrorKind::WouldBlock.into()),
            };
        }
        let count = room.min(kernel.inbound.len());
        into.extend(kernel.inbound.drain(..count));
        Ok(count)
    }

    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        assert!(parts.len() <= IO_SLICES_MAX, "the system refuses more");
        assert!(parts.iter().all(|part| !part.is_empty()), "an empty buffer says nothing");
        let mut kernel = self.0.borrow_mut();
        kernel.write_calls += 1;
        kernel.widest_write = kernel.widest_write.max(parts.len());
        if let Some(errno) = kernel.error {
            return Err(io::Error::from_raw_os_error(errno));
        }
        let mut left = match kernel.takes.pop_front() {
            Some(Take::Nothing) => return Err(io::ErrorKind::WouldBlock.into()),
            Some(Take::Bytes(count)) => count,
            None => usize::MAX,
        };
        let mut taken = 0;
        for part in parts {
            let count = part.len().min(left);
            kernel.written.extend_from_slice(&part[..count]);
            left -= count;
            taken += count;
        }
        kernel.unacked += taken as u64;
        Ok(taken)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        let mut kernel = self.0.borrow_mut();
        kernel.our_fin = true;
        kernel.unacked += 1;
        Ok(())
    }

    fn make_close_a_reset(&mut self) {
        self.0.borrow_mut().resets_on_close = true;
    }

    fn unread_bytes(&self) -> io::Result<u64> {
        Ok(self.0.borrow().inbound.len() as u64)
    }

    fn unacked_bytes(&self) -> io::Result<u64> {
        Ok(self.0.borrow().unacked)
    }

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(self.0.borrow_mut().error.take().map(io::Error::from_raw_os_error))
    }

    fn poll_news(&mut self, context: &mut Context<'_>, write: WriteWatch) -> Poll<io::Result<News>> {
        let mut kernel = self.0.borrow_mut();
        kernel.looks += 1;
        let wanted =
            kernel.news.iter().position(|news| *news != News::Writable || write == WriteWatch::Blocked);
        if let Some(news) = wanted.and_then(|index| kernel.news.remove(index)) {
            return Poll::Ready(Ok(news));
        }
        kernel.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for ScriptedSocket {
    fn drop(&mut self) {
        let mut kernel = self.0.borrow_mut();
        kernel.fate = if kernel.resets_on_close { Fate::Reset } else { Fate::Closed };
    }
}
