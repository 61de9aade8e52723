//! What one store carries: the turn under way, the handles, and everything an import may ask.
//!
//! Lives as long as its instance and is not `Send`: an instance stays on its worker. Holds a turn only during a call.

use crate::ambient::Ambient;
use crate::cpu::CpuWatch;
use crate::fault::Stop;
use crate::handles::Handles;
use crate::limits::Limiter;
use crate::output::Output;
use bytes::Bytes;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tidegate_machines::command::Command;
use tidegate_machines::facts::Facts;
use tidegate_machines::reason::Fault;
use tidegate_machines::turn::{Turn, TurnOverrun};
use tidegate_machines::{ChunkId, HandlerId};

/// Data of a store.
pub(crate) struct State {
    pub(crate) handler: HandlerId,
    pub(crate) turn: Option<Turn<Bytes>>,
    /// Bytes the turn under way could take when it began.
    turn_bytes_max: u64,
    pub(crate) handles: Handles,
    pub(crate) facts: Rc<dyn Facts>,
    pub(crate) ambient: Rc<dyn Ambient>,
    pub(crate) output: Output,
    pub(crate) limiter: Limiter,
    pub(crate) cpu: CpuWatch,
    pub(crate) chunk_ids: ChunkIds,
    /// The monotonic time of this event, once it was asked for.
    now_ns: Cell<Option<u64>>,
}

/// What a [`State`] is made of.
pub(crate) struct Parts {
    pub(crate) handler: HandlerId,
    pub(crate) handles: Handles,
    pub(crate) facts: Rc<dyn Facts>,
    pub(crate) ambient: Rc<dyn Ambient>,
    pub(crate) output: Output,
    pub(crate) limiter: Limiter,
    pub(crate) cpu: CpuWatch,
    pub(crate) chunk_ids: ChunkIds,
}

impl State {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { handler, handles, facts, ambient, output, limiter, cpu, chunk_ids } = parts;
        Self {
            handler,
            turn: None,
            turn_bytes_max: 0,
            handles,
            facts,
            ambient,
            output,
            limiter,
            cpu,
            chunk_ids,
            now_ns: Cell::new(None),
        }
    }

    /// A guest call begins; `turn` takes its commands. Without one, every command is a fault.
    pub(crate) fn begin_call(&mut self, turn: Option<Turn<Bytes>>) {
        self.turn_bytes_max = turn.as_ref().map_or(0, Turn::bytes_left);
        self.turn = turn;
        self.now_ns.set(None);
        self.limiter.begin_call();
        self.cpu.begin_call();
        self.output.begin_call();
    }

    /// The guest call is over, well or not.
    pub(crate) fn end_call(&mut self) -> Option<Turn<Bytes>> {
        self.output.end_call();
        self.turn.take()
    }

    /// Charges and records a command.
    pub(crate) fn record(&mut self, command: Command<Bytes>) -> Result<(), Stop> {
        let turn = self.turn.as_mut().ok_or_else(outside_a_turn)?;
        turn.record(command).map_err(|overrun| {
            let text = match overrun {
                TurnOverrun::Commands => {
                    format!("recorded more than the limit of {} commands in one event", turn.commands().len())
                }
                TurnOverrun::Bytes => return too_many_bytes(self.turn_bytes_max),
                TurnOverrun::Answers => {
                    "recorded more commands than may wait for an answer, twice the limit of one event"
                        .to_owned()
                }
            };
            Stop::new(Fault::Commands, text)
        })
    }

    /// Whether `len` more bytes may be recorded, asked before they are copied.
    pub(crate) fn check_bytes(&self, len: usize) -> Result<(), Stop> {
        let turn = self.turn.as_ref().ok_or_else(outside_a_turn)?;
        if len as u64 > turn.bytes_left() {
            return Err(too_many_bytes(self.turn_bytes_max));
        }
        Ok(())
    }

    /// Monotonic time in nanoseconds, the same within one event.
    pub(crate) fn now_ns(&self) -> u64 {
        self.now_ns.get().unwrap_or_else(|| {
            let now_ns = self.ambient.now_ns();
            self.now_ns.set(Some(now_ns));
            now_ns
        })
    }

    /// Fills `buffer` with random bytes.
    pub(crate) fn fill_random(&self, buffer: &mut [u8]) -> Result<(), Stop> {
        self.ambient.fill_random(buffer).map_err(|text| Stop::new(Fault::Trap, text))
    }

    /// 64 random bits.
    pub(crate) fn random_u64(&self) -> Result<u64, Stop> {
        let mut bytes = [0; 8];
        self.fill_random(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

fn too_many_bytes(bytes_max: u64) -> Stop {
    Stop::new(Fault::Commands, format!("recorded more than the limit of {bytes_max} bytes in one event"))
}

fn outside_a_turn() -> Stop {
    Stop::new(Fault::Contract, "issued a command where none is allowed")
}

/// Names for chunks, unique in the life of the host. Taken from the engine in blocks, so that instances on different
/// workers do not contend for one number.
#[derive(Debug)]
pub(crate) struct ChunkIds {
    source: Arc<AtomicU64>,
    next: u64,
    end: u64,
}

/// Ids in one block.
const BLOCK: u64 = 1024;

impl ChunkIds {
    pub(crate) fn new(source: Arc<AtomicU64>) -> Self {
        Self { source, next: 0, end: 0 }
    }

    pub(crate) fn next(&mut self) -> ChunkId {
        if self.next == self.end {
            // From 1: the contract has no chunk 0.
            self.next = self.source.fetch_add(BLOCK, Ordering::Relaxed) + 1;
            self.end = self.next + BLOCK;
        }
        let id = self.next;
        self.next += 1;
        ChunkId(id)
    }
}
