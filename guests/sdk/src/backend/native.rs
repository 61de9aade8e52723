//! The imports of the contract, natively: commands are recorded for the test kit, facts come from it.
//!
//! Owns: the shapes of the generated bindings that hold resources. Never judges a command: a script or
//! [`testing::Wire`](crate::testing::Wire) does.

use std::rc::Rc;

use crate::testing::command::{Command, PartForm, SentPart, Written};
use crate::testing::record::{Facts, with_record};
use crate::{
    Address, Answer, ChunkId, CloseReason, CommandName, ConnectionId, FileRange, HandlerId, ListenerId,
    Receiver, Refusal, Registration, SocketOption, Token,
};

use crate::bindings::tcp_handler::tidegate::tcp::types::StartInfo;

#[derive(Debug)]
pub(crate) struct Chunk {
    id: ChunkId,
    data: Rc<[u8]>,
    start: usize,
    end: usize,
}

impl Chunk {
    pub(crate) fn new(data: &[u8]) -> Self {
        Self::over(data.into(), 0, data.len())
    }

    fn over(data: Rc<[u8]>, start: usize, end: usize) -> Self {
        let id = with_record(|record| record.chunk_made());
        Self { id, data, start, end }
    }

    /// The range, cut to what is there.
    fn range(&self, offset: u32, size: u32) -> (usize, usize) {
        let start = self.end.min(self.start.saturating_add(offset as usize));
        (start, self.end.min(start.saturating_add(size as usize)))
    }

    fn written(&self) -> Written {
        Written::Chunk(self.read(0, u32::MAX))
    }

    pub(crate) const fn id(&self) -> ChunkId {
        self.id
    }

    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.end - self.start).unwrap_or(u32::MAX)
    }

    pub(crate) fn read(&self, offset: u32, size: u32) -> Vec<u8> {
        let (start, end) = self.range(offset, size);
        self.data.get(start..end).unwrap_or(&[]).to_vec()
    }

    pub(crate) fn slice(&self, offset: u32, size: u32) -> Self {
        let (start, end) = self.range(offset, size);
        Self::over(Rc::clone(&self.data), start, end)
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        with_record(|record| record.chunk_dropped());
    }
}

#[derive(Debug)]
pub(crate) struct Listener {
    id: ListenerId,
    local: Address,
}

impl Listener {
    pub(crate) const fn new(id: ListenerId, local: Address) -> Self {
        Self { id, local }
    }

    pub(crate) const fn id(&self) -> ListenerId {
        self.id
    }

    pub(crate) fn local_address(&self) -> Address {
        self.local.clone()
    }

    pub(crate) fn resume_accepting(&self, count: u32) {
        issue(Command::ResumeAccepting { listener: self.id, count });
    }

    pub(crate) fn unbind(&self, token: Token) {
        issue(Command::Unbind { listener: self.id, token });
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        issue(Command::DropListener { listener: self.id });
    }
}

#[derive(Debug)]
pub(crate) struct Connection {
    id: ConnectionId,
}

impl Connection {
    pub(crate) const fn new(id: ConnectionId) -> Self {
        Self { id }
    }

    fn fact<T>(&self, read: impl FnOnce(&Facts) -> T) -> T {
        with_record(|record| read(record.facts(self.id)))
    }

    pub(crate) const fn id(&self) -> ConnectionId {
        self.id
    }

    pub(crate) fn register(&self, registration: Registration) {
        issue(Command::Register { connection: self.id, registration });
    }

    pub(crate) fn delegate(&self, to: &Receiver, args: &[(String, String)], token: Token) {
        issue(Command::Delegate { connection: self.id, to: to.clone(), args: args.to_vec(), token });
    }

    pub(crate) fn write(&self, data: &[u8], answer: Answer) {
        issue(Command::Write { connection: self.id, data: Written::Bytes(data.to_vec()), answer });
    }

    #[allow(clippy::needless_pass_by_value, reason = "the shape of the generated bindings")]
    pub(crate) fn write_chunk(&self, data: Chunk, answer: Answer) {
        issue(Command::Write { connection: self.id, data: data.written(), answer });
    }

    pub(crate) fn write_file(&self, file: &FileRange, answer: Answer) {
        issue(Command::WriteFile { connection: self.id, file: file.clone(), answer });
    }

    pub(crate) fn write_compound(&self, parts: Vec<Part>) {
        let parts = parts.into_iter().map(Part::sent).collect();
        issue(Command::WriteCompound { connection: self.id, parts });
    }

    pub(crate) fn resume_writing(&self) {
        issue(Command::ResumeWriting { connection: self.id });
    }

    pub(crate) fn suspend_reading(&self) {
        issue(Command::SuspendReading { connection: self.id });
    }

    pub(crate) fn resume_reading(&self) {
        issue(Command::ResumeReading { connection: self.id });
    }

    pub(crate) fn close(&self) {
        issue(Command::Close { connection: self.id });
    }

    pub(crate) fn confirmed_close(&self) {
        issue(Command::ConfirmedClose { connection: self.id });
    }

    pub(crate) fn abort(&self) {
        issue(Command::Abort { connection: self.id });
    }

    pub(crate) fn set_option(&self, option: SocketOption) {
        issue(Command::SetOption { connection: self.id, option });
    }

    pub(crate) fn revoke_shares(&self) {
        issue(Command::RevokeShares { connection: self.id });
    }

    pub(crate) fn remote_address(&self) -> Address {
        self.fact(|facts| facts.remote_address.clone())
    }

    pub(crate) fn local_address(&self) -> Address {
        self.fact(|facts| facts.local_address.clone())
    }

    pub(crate) fn is_inbound(&self) -> bool {
        self.fact(|facts| facts.connect_token.is_none())
    }

    pub(crate) fn accepted_by(&self) -> Option<ListenerId> {
        self.fact(|facts| facts.accepted_by)
    }

    pub(crate) fn connect_token(&self) -> Option<Token> {
        self.fact(|facts| facts.connect_token)
    }

    pub(crate) fn delegation_args(&self) -> Vec<(String, String)> {
        self.fact(|facts| facts.delegation_args.clone())
    }

    pub(crate) fn registered(&self) -> bool {
        self.fact(|facts| facts.registered)
    }

    pub(crate) fn is_reading(&self) -> bool {
        self.fact(|facts| facts.is_reading)
    }

    pub(crate) fn is_suspended(&self) -> bool {
        self.fact(|facts| facts.is_suspended)
    }

    pub(crate) fn queued_bytes(&self) -> u64 {
        self.fact(|facts| facts.queued_bytes)
    }

    pub(crate) fn pending_tokens(&self) -> Vec<Token> {
        self.fact(|facts| facts.pending_tokens.clone())
    }

    pub(crate) fn peer_finished(&self) -> bool {
        self.fact(|facts| facts.peer_finished)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        issue(Command::DropConnection { connection: self.id });
    }
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) command: CommandName,
    pub(crate) token: Option<Token>,
    pub(crate) reason: Refusal,
    pub(crate) sent: u64,
    pub(crate) returned: Option<Chunk>,
}

#[derive(Debug)]
pub(crate) enum Payload {
    Bytes(Vec<u8>),
    Chunk(Chunk),
}

impl Payload {
    fn written(self) -> Written {
        match self {
            Self::Bytes(bytes) => Written::Bytes(bytes),
            Self::Chunk(chunk) => chunk.written(),
        }
    }
}

#[derive(Debug)]
pub(crate) enum PartData {
    Bytes(Vec<u8>),
    Chunk(Chunk),
    File(FileRange),
}

#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) data: PartData,
    pub(crate) answer: Answer,
}

impl Part {
    fn sent(self) -> SentPart {
        let data = match self.data {
            PartData::Bytes(bytes) => PartForm::Data(Written::Bytes(bytes)),
            PartData::Chunk(chunk) => PartForm::Data(chunk.written()),
            PartData::File(file) => PartForm::File(file),
        };
        SentPart { data, answer: self.answer }
    }
}

#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) from: HandlerId,
    pub(crate) payload: Payload,
    pub(crate) shared: Option<Connection>,
}

#[derive(Debug)]
pub(crate) enum Event {
    Started(StartInfo),
    Connected(Connection),
    Received(Vec<u8>),
    ReceivedChunk(Chunk),
    Acked(Token),
    CommandFailed(Failure),
    WritingResumed,
    PeerClosed,
    Closed(CloseReason),
    Bound(Listener),
    Unbound(Token),
    Delegated(Token),
    Timer(Token),
    Message(Message),
    Draining(u64),
}

pub(crate) mod tcp {
    use super::{Connection, Payload, issue};
    use crate::testing::command::Command;
    use crate::{BindRequest, ConnectRequest, HandlerId, Token};

    pub(crate) fn connect(request: &ConnectRequest, token: Token) {
        issue(Command::Connect { request: request.clone(), token });
    }

    pub(crate) fn cancel_connect(token: Token) {
        issue(Command::CancelConnect { token });
    }

    pub(crate) fn bind(request: &BindRequest, token: Token) {
        issue(Command::Bind { request: request.clone(), token });
    }

    pub(crate) fn set_timer(token: Token, after_ms: u64) {
        issue(Command::SetTimer { token, after_ms });
    }

    pub(crate) fn cancel_timer(token: Token) {
        issue(Command::CancelTimer { token });
    }

    pub(crate) fn join(topic: &str) {
        issue(Command::Join { topic: topic.to_owned() });
    }

    pub(crate) fn leave(topic: &str) {
        issue(Command::Leave { topic: topic.to_owned() });
    }

    pub(crate) fn publish(topic: &str, payload: Payload, token: Token) {
        issue(Command::Publish { topic: topic.to_owned(), payload: payload.written(), token });
    }

    pub(crate) fn send(to: HandlerId, payload: Payload, share: Option<&Connection>, token: Token) {
        issue(Command::Send { to, payload: payload.written(), share: share.map(Connection::id), token });
    }
}

pub(crate) mod host {
    use crate::host::Level;
    use crate::testing::record::with_record;

    pub(crate) fn now_ns() -> u64 {
        with_record(|record| record.now_ns)
    }

    pub(crate) fn wall_clock_ms() -> u64 {
        with_record(|record| record.wall_clock_ms)
    }

    pub(crate) fn random_u64() -> u64 {
        with_record(|record| record.next_random())
    }

    pub(crate) fn log(level: Level, message: &str) {
        with_record(|record| record.log.push((level, message.to_owned())));
    }

    pub(crate) fn count(name: &str, by: u64) {
        with_record(|record| *record.counts.entry(name.to_owned()).or_insert(0) += by);
    }
}

fn issue(command: Command) {
    with_record(|record| record.commands.push(command));
}
