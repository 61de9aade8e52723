//! One connection with a modelled kernel and peer.
//!
//! Owns: a small model of the contract's rules for reading, writing, acks, refusals and closing, on one
//! connection, over a [`Kit`]. No timers, options, shares or files. Deterministic: a test that wants
//! other orders varies what the peer sends and takes, and when.
//! Invariant: bytes reach the peer in the order they were accepted, each once.

use std::collections::VecDeque;

use crate::runtime::Model;
use crate::testing::{Command, Kit, Written};
use crate::{Answer, ClosedBy, CommandName, ConnectionId, Delivery, ReadMode, Refusal, Registration, Token};

/// How much the model's kernel and host hold.
#[derive(Clone, Copy, Debug)]
pub struct WireLimits {
    /// Bytes the kernel takes before the peer takes any.
    pub send_buffer: usize,
    /// Largest number of bytes in one `received`.
    pub read_chunk: usize,
    /// Write buffer of a *paced* connection that names none.
    pub queued: u64,
}

impl Default for WireLimits {
    /// 64 KiB in the kernel, chunks of 64 KiB, 32 MiB queued.
    fn default() -> Self {
        Self { send_buffer: 64 << 10, read_chunk: 64 << 10, queued: 32 << 20 }
    }
}

#[derive(Debug)]
enum Pending {
    Acked(Token),
    Refused { data: Option<Written>, command: CommandName, token: Option<Token>, reason: Refusal },
    WritingResumed,
    PeerClosed,
    Closed(ClosedBy),
}

#[derive(Debug)]
struct Accepted {
    rest: VecDeque<u8>,
    ack: Option<Token>,
}

/// One connection of an instance under test, from `connected` to `closed`.
#[derive(Debug)]
pub struct Wire<M: Model> {
    kit: Kit<M>,
    id: ConnectionId,
    limits: WireLimits,
    registration: Option<Registration>,
    /// Sent by the peer, not read yet.
    unread: VecDeque<u8>,
    peer: PeerSide,
    /// May be read: pull mode clears it with every read.
    reading: bool,
    /// Accepted for writing, oldest first; the first is the pending one.
    queue: VecDeque<Accepted>,
    /// In the kernel, not taken by the peer yet.
    kernel: VecDeque<u8>,
    /// Taken by the peer.
    taken: Vec<u8>,
    suspended: bool,
    resume_waiting: bool,
    /// Events not delivered yet.
    events: VecDeque<Pending>,
    ending: Ending,
    refusals: u64,
    queued_peak: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum PeerSide {
    Sending,
    /// FIN sent, not read by us yet.
    Finished,
    /// FIN read.
    FinRead,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    Open,
    /// Requested; what was accepted still goes out.
    Closing(ClosedBy),
    /// `closed` is queued or delivered.
    Closed(ClosedBy),
}

impl<M: Model> Wire<M> {
    /// Connects, and carries out what the handler answers.
    #[must_use]
    pub fn new(mut kit: Kit<M>, limits: WireLimits) -> Self {
        let id = kit.connect();
        let mut wire = Self {
            kit,
            id,
            limits,
            registration: None,
            unread: VecDeque::new(),
            peer: PeerSide::Sending,
            reading: true,
            queue: VecDeque::new(),
            kernel: VecDeque::new(),
            taken: Vec::new(),
            suspended: false,
            resume_waiting: false,
            events: VecDeque::new(),
            ending: Ending::Open,
            refusals: 0,
            queued_peak: 0,
        };
        wire.carry_out();
        wire
    }

    /// The peer sends bytes.
    pub fn peer_sends(&mut self, data: &[u8]) {
        assert_eq!(self.peer, PeerSide::Sending, "the peer has finished");
        self.unread.extend(data);
    }

    /// The peer sends its FIN.
    pub fn peer_finishes(&mut self) {
        self.peer = PeerSide::Finished;
    }

    /// The peer takes up to `count` bytes out of the kernel.
    pub fn peer_takes(&mut self, count: usize) {
        let count = count.min(self.kernel.len());
        self.taken.extend(self.kernel.drain(..count));
        self.pump();
    }

    /// Delivers one event, or else reads once. `false`: nothing to do until the peer does something.
    pub fn step(&mut self) -> bool {
        if let Some(event) = self.events.pop_front() {
            self.deliver(event);
        } else if !self.read() {
            return false;
        }
        self.carry_out();
        true
    }

    /// Steps until nothing is left to do without the peer.
    ///
    /// # Panics
    /// After a million steps: the handler goes round in circles.
    pub fn settle(&mut self) {
        for _ in 0..1_000_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the handler finds no rest");
    }

    /// All the peer has taken.
    #[must_use]
    pub fn taken(&self) -> &[u8] {
        &self.taken
    }

    /// Bytes in the kernel that the peer has not taken.
    #[must_use]
    pub fn in_kernel(&self) -> usize {
        self.kernel.len()
    }

    /// What ended the connection, once the kernel holds nothing either.
    #[must_use]
    pub fn closed(&self) -> Option<ClosedBy> {
        match self.ending {
            Ending::Closed(by) if self.events.is_empty() => Some(by),
            _ => None,
        }
    }

    /// Commands refused so far.
    #[must_use]
    pub const fn refusals(&self) -> u64 {
        self.refusals
    }

    /// Bytes sent by the peer and not read yet.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.unread.len()
    }

    /// The most bytes that were ever accepted and not yet in the kernel.
    #[must_use]
    pub const fn queued_peak(&self) -> usize {
        self.queued_peak
    }

    /// The instance under test.
    pub const fn kit(&mut self) -> &mut Kit<M> {
        &mut self.kit
    }

    /// The connection's id.
    #[must_use]
    pub const fn id(&self) -> ConnectionId {
        self.id
    }

    fn deliver(&mut self, event: Pending) {
        let c = self.id;
        match event {
            Pending::Acked(token) => self.kit.acked(c, token),
            Pending::Refused { data: Some(Written::Chunk(data)), token, reason, .. } => {
                self.kit.refused_chunk(c, &data, token, reason);
            }
            Pending::Refused { command, token, reason, .. } => self.kit.refused(c, command, token, reason),
            Pending::WritingResumed => {
                self.suspended = false;
                self.kit.writing_resumed(c);
            }
            Pending::PeerClosed => self.kit.peer_closed(c),
            Pending::Closed(by) => self.kit.closed(c, by),
        }
    }

    /// One read, if the gate is open. A FIN with nothing before it is noticed with the gate shut too.
    fn read(&mut self) -> bool {
        let Some(registration) = self.registration else { return false };
        let confirming = Ending::Closing(ClosedBy::ConfirmedClosed);
        if self.ending != Ending::Open && self.ending != confirming {
            return false;
        }
        if self.unread.is_empty() {
            if self.peer != PeerSide::Finished {
                return false;
            }
            self.peer = PeerSide::FinRead;
            if self.ending == confirming {
                self.pump();
            } else if registration.keep_open_on_peer_closed {
                self.events.push_back(Pending::PeerClosed);
            } else {
                self.ending = Ending::Closing(ClosedBy::PeerClosed);
                self.pump();
            }
            return true;
        }
        let paced = registration.read_mode == Some(ReadMode::Paced);
        if !self.reading || (paced && !self.queue.is_empty()) {
            return false;
        }
        self.reading = registration.read_mode != Some(ReadMode::Pull);
        let count = self.limits.read_chunk.min(self.unread.len());
        let data: Vec<u8> = self.unread.drain(..count).collect();
        match registration.delivery {
            Delivery::Copied => self.kit.received(self.id, &data),
            Delivery::ByReference | Delivery::Automatic => self.kit.received_chunk(self.id, &data),
        }
        true
    }

    /// Carries out the commands given since the last time.
    fn carry_out(&mut self) {
        for command in self.kit.commands() {
            let ended = matches!(self.ending, Ending::Closed(_));
            match command {
                Command::DropConnection { .. } => assert!(ended, "the handle was dropped before `closed`"),
                _ if ended => {}
                Command::Register { registration, .. } => self.register(registration),
                Command::Write { data, answer, .. } => self.write(data, answer),
                Command::ResumeWriting { .. } => self.resume_writing(),
                Command::SuspendReading { .. } => self.reading = false,
                Command::ResumeReading { .. } => self.reading = true,
                Command::Close { .. } => self.close(ClosedBy::Closed),
                Command::ConfirmedClose { .. } => self.close(ClosedBy::ConfirmedClosed),
                Command::Abort { .. } => self.end(ClosedBy::Aborted),
                other => panic!("the model does not know {other:?}"),
            }
        }
    }

    fn register(&mut self, registration: Registration) {
        match self.registration {
            None => {
                self.reading &= registration.read_mode != Some(ReadMode::Pull);
                self.registration = Some(registration);
            }
            Some(_) => self.refuse(None, CommandName::Register, None, Refusal::AlreadyRegistered),
        }
    }

    /// Judges a write (invariant 4 of the contract).
    fn write(&mut self, data: Written, answer: Answer) {
        let command = match data {
            Written::Bytes(_) => CommandName::Write,
            Written::Chunk(_) => CommandName::WriteChunk,
        };
        let token = match answer {
            Answer::None => None,
            Answer::OnFailure(token) | Answer::Always(token) => Some(token),
        };
        let Some(registration) = self.registration else {
            return self.refuse(Some(data), command, token, Refusal::NotRegistered);
        };
        if self.ending != Ending::Open {
            return self.refuse(Some(data), command, token, Refusal::Closing);
        }
        if self.suspended {
            return self.refuse(Some(data), command, token, Refusal::WritingSuspended);
        }
        let paced = registration.read_mode == Some(ReadMode::Paced);
        let room = registration.write_buffer.unwrap_or(if paced { self.limits.queued } else { 0 });
        let queued: usize = self.queue.iter().skip(1).map(|write| write.rest.len()).sum();
        let full = room == 0 || (queued + data.bytes().len()) as u64 > room;
        if !self.queue.is_empty() && full {
            self.suspended = registration.suspend_on_refusal;
            return self.refuse(Some(data), command, token, Refusal::QueueFull);
        }
        let ack = if matches!(answer, Answer::Always(_)) { token } else { None };
        self.queue.push_back(Accepted { rest: data.bytes().iter().copied().collect(), ack });
        self.pump();
        let queued = self.queue.iter().map(|write| write.rest.len()).sum();
        self.queued_peak = self.queued_peak.max(queued);
    }

    fn resume_writing(&mut self) {
        if self.resume_waiting {
            self.refuse(None, CommandName::ResumeWriting, None, Refusal::ResumePending);
        } else if self.queue.is_empty() {
            self.events.push_back(Pending::WritingResumed);
        } else {
            self.resume_waiting = true;
        }
    }

    fn refuse(&mut self, data: Option<Written>, command: CommandName, token: Option<Token>, reason: Refusal) {
        self.refusals += 1;
        self.events.push_back(Pending::Refused { data, command, token, reason });
    }

    fn close(&mut self, by: ClosedBy) {
        let stronger = match self.ending {
            Ending::Open => true,
            Ending::Closing(earlier) => by == ClosedBy::Closed && earlier == ClosedBy::ConfirmedClosed,
            Ending::Closed(_) => false,
        };
        if stronger {
            self.ending = Ending::Closing(by);
            self.pump();
        }
    }

    fn end(&mut self, by: ClosedBy) {
        self.ending = Ending::Closed(by);
        self.events.push_back(Pending::Closed(by));
    }

    /// Moves what fits from the queue into the kernel, and says what came of it.
    fn pump(&mut self) {
        while let Some(first) = self.queue.front_mut() {
            let room = self.limits.send_buffer - self.kernel.len();
            let count = room.min(first.rest.len());
            self.kernel.extend(first.rest.drain(..count));
            if !first.rest.is_empty() {
                return;
            }
            let ack = first.ack;
            self.queue.pop_front();
            self.events.extend(ack.map(Pending::Acked));
        }
        if std::mem::take(&mut self.resume_waiting) {
            self.events.push_back(Pending::WritingResumed);
        }
        match self.ending {
            Ending::Closing(ClosedBy::ConfirmedClosed) if self.peer != PeerSide::FinRead => {}
            Ending::Closing(by) => self.end(by),
            Ending::Open | Ending::Closed(_) => {}
        }
    }
}
