//! What the instance under test did, and what it is told when it asks.
//!
//! Owns: one record per thread, that of the instance the thread drives. Invariant: one [`Kit`] at a
//! time per thread.
//!
//! [`Kit`]: crate::testing::Kit

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::host::Level;
use crate::testing::Command;
use crate::{Address, ChunkId, ConnectionId, Ipv4Address, ListenerId, Token};

/// What a connection answers when the handler asks for facts. Scripted: nothing changes by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Facts {
    /// The peer's address.
    pub remote_address: Address,
    /// Our address.
    pub local_address: Address,
    /// The handler's own listener that accepted it.
    pub accepted_by: Option<ListenerId>,
    /// The token of the `connect` that made it; with one, it is outbound.
    pub connect_token: Option<Token>,
    /// What a delegator gave along.
    pub delegation_args: Vec<(String, String)>,
    /// Was `register` carried out?
    pub registered: bool,
    /// May the host read?
    pub is_reading: bool,
    /// Is writing suspended?
    pub is_suspended: bool,
    /// Bytes accepted and not yet in the kernel.
    pub queued_bytes: u64,
    /// Tokens still to be answered.
    pub pending_tokens: Vec<Token>,
    /// Was the peer's FIN read?
    pub peer_finished: bool,
}

impl Default for Facts {
    /// An inbound connection over loopback, not registered.
    fn default() -> Self {
        let loopback = |port| Address::Ipv4(Ipv4Address { port, address: (127, 0, 0, 1) });
        Self {
            remote_address: loopback(50_000),
            local_address: loopback(7_007),
            accepted_by: None,
            connect_token: None,
            delegation_args: Vec::new(),
            registered: false,
            is_reading: false,
            is_suspended: false,
            queued_bytes: 0,
            pending_tokens: Vec::new(),
            peer_finished: false,
        }
    }
}

#[derive(Default)]
pub(crate) struct Record {
    /// An instance is being driven.
    pub(crate) live: bool,
    pub(crate) commands: Vec<Command>,
    pub(crate) log: Vec<(Level, String)>,
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) now_ns: u64,
    pub(crate) wall_clock_ms: u64,
    pub(crate) chunks_held: usize,
    pub(crate) connections: BTreeMap<ConnectionId, Facts>,
    chunks_made: u64,
    random: u64,
}

impl Record {
    pub(crate) const fn chunk_made(&mut self) -> ChunkId {
        self.chunks_held += 1;
        self.chunks_made += 1;
        self.chunks_made
    }

    pub(crate) const fn chunk_dropped(&mut self) {
        self.chunks_held = self.chunks_held.saturating_sub(1);
    }

    pub(crate) fn facts(&mut self, connection: ConnectionId) -> &mut Facts {
        self.connections.entry(connection).or_default()
    }

    /// SplitMix64 from seed 0: the same in every run.
    pub(crate) const fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

thread_local! {
    static RECORD: RefCell<Record> = RefCell::new(Record::default());
}

pub(crate) fn with_record<T>(f: impl FnOnce(&mut Record) -> T) -> T {
    RECORD.with_borrow_mut(f)
}
