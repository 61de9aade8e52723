//! A client with a deadline on everything it does.
//!
//! Owns: one TCP connection to the host under test. Checks every byte of an echo against [`pattern`].

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};

use socket2::{Domain, SockRef, Socket, Type};

use crate::pattern;
use crate::wait::{Deadline, STEP};

/// Bytes moved by one system call.
const CHUNK_BYTES: usize = 64 * 1024;

/// How the host ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A FIN.
    Finished,
    /// A RST.
    Reset,
}

/// A client of the host under test. Its methods panic where the host does not do as it must.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    number: u64,
    sent: u64,
    got: u64,
}

impl Client {
    /// Connects. `number` is the payload's stream.
    #[must_use]
    pub fn connect(address: SocketAddr, number: u64) -> Self {
        let stream = TcpStream::connect_timeout(&address, STEP).expect("connected");
        Self::over(stream, number)
    }

    /// Connects with a receive buffer of about this size, so that the host cannot get far ahead of the
    /// reader.
    #[must_use]
    pub fn connect_narrow(address: SocketAddr, number: u64, receive_buffer_bytes: usize) -> Self {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
        // Before connecting: it decides the window that is offered.
        socket.set_recv_buffer_size(receive_buffer_bytes).expect("a receive buffer");
        socket.connect_timeout(&address.into(), STEP).expect("connected");
        Self::over(socket.into(), number)
    }

    fn over(stream: TcpStream, number: u64) -> Self {
        stream.set_nodelay(true).expect("no delay");
        stream.set_read_timeout(Some(STEP)).expect("a read time-out");
        stream.set_write_timeout(Some(STEP)).expect("a write time-out");
        Self { stream, number, sent: 0, got: 0 }
    }

    /// Sends `count` bytes of the pattern.
    pub fn send(&mut self, count: u64) {
        let deadline = Deadline::step();
        let end = self.sent + count;
        while self.sent < end {
            let size = CHUNK_BYTES.min(usize::try_from(end - self.sent).unwrap_or(CHUNK_BYTES));
            let chunk = pattern::bytes(self.number, self.sent, size);
            self.stream.set_write_timeout(Some(deadline.left("send"))).expect("a write time-out");
            self.stream.write_all(&chunk).expect("sent");
            self.sent += size as u64;
        }
    }

    /// Sends as much of the pattern as goes without waiting, at most `count_max` bytes; gives how much
    /// that was.
    pub fn send_what_fits(&mut self, count_max: u64) -> u64 {
        self.try_send_what_fits(count_max).expect("the connection lives")
    }

    /// Like [`send_what_fits`](Self::send_what_fits); `None` if the host has reset the connection.
    pub fn try_send_what_fits(&mut self, count_max: u64) -> Option<u64> {
        self.stream.set_nonblocking(true).expect("non-blocking");
        let before = self.sent;
        let mut is_alive = true;
        while self.sent - before < count_max {
            let left = count_max - (self.sent - before);
            let size = CHUNK_BYTES.min(usize::try_from(left).unwrap_or(CHUNK_BYTES));
            match self.stream.write(&pattern::bytes(self.number, self.sent, size)) {
                Ok(count) => self.sent += count as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if is_reset(&error) => {
                    is_alive = false;
                    break;
                }
                Err(error) => panic!("sending: {error}"),
            }
        }
        self.stream.set_nonblocking(false).expect("blocking");
        is_alive.then_some(self.sent - before)
    }

    /// Sends these bytes as they are, outside the pattern.
    pub fn send_text(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("sent");
    }

    /// Reads `count` bytes and compares them with the pattern.
    pub fn expect_echo(&mut self, count: u64) {
        let deadline = Deadline::step();
        let mut buffer = vec![0; CHUNK_BYTES];
        let end = self.got + count;
        while self.got < end {
            let size = buffer.len().min(usize::try_from(end - self.got).unwrap_or(usize::MAX));
            self.stream.set_read_timeout(Some(deadline.left("echo"))).expect("a read time-out");
            match self.stream.read(&mut buffer[..size]) {
                Ok(0) => panic!("the host finished after {} of {end} bytes", self.got),
                Ok(count) => {
                    pattern::check(self.number, self.got, &buffer[..count]);
                    self.got += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("after {} of {end} bytes of the echo: {error}", self.got),
            }
        }
    }

    /// Sends `count` bytes and expects them back.
    pub fn echo(&mut self, count: u64) {
        self.send(count);
        self.expect_echo(count);
    }

    /// Expects what was sent and not come back yet, then the host's FIN.
    pub fn expect_rest_and_end(&mut self) {
        self.expect_echo(self.sent - self.got);
        assert_eq!(self.ending(), Ending::Finished, "after the last byte");
    }

    /// Sends our FIN.
    pub fn finish(&self) {
        self.stream.shutdown(Shutdown::Write).expect("half-closed");
    }

    /// Sends a RST.
    pub fn reset(self) {
        SockRef::from(&self.stream).set_linger(Some(std::time::Duration::ZERO)).expect("linger 0");
    }

    /// Reads everything up to the end as text.
    #[must_use]
    pub fn read_to_end(&mut self) -> String {
        let mut text = Vec::new();
        self.stream.set_read_timeout(Some(STEP)).expect("a read time-out");
        self.stream.read_to_end(&mut text).expect("the host's answer");
        String::from_utf8(text).expect("text")
    }

    /// How the host ended the connection.
    ///
    /// # Panics
    /// If it did not, or sends anything before.
    #[must_use]
    pub fn ending(&mut self) -> Ending {
        let (ending, more) = self.ending_after_anything();
        assert_eq!(more, 0, "bytes before the end that nobody asked for");
        ending
    }

    /// How the host ended the connection, and how many bytes came before.
    #[must_use]
    pub fn ending_after_anything(&mut self) -> (Ending, u64) {
        let deadline = Deadline::step();
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut more = 0;
        loop {
            self.stream.set_read_timeout(Some(deadline.left("the end"))).expect("a read time-out");
            match self.stream.read(&mut buffer) {
                Ok(0) => return (Ending::Finished, more),
                Ok(count) => more += count as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_reset(&error) => return (Ending::Reset, more),
                Err(error) => panic!("the host did not end the connection: {error}"),
            }
        }
    }

    /// Bytes sent and bytes that came back.
    #[must_use]
    pub const fn moved(&self) -> (u64, u64) {
        (self.sent, self.got)
    }

    /// The socket, for what the methods do not do.
    #[must_use]
    pub const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Our address.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.stream.local_addr().expect("an address")
    }
}

fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted)
}
