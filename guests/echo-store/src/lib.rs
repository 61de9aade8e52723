//! What the echo guests that keep bytes share: a bounded store, its watermarks, and their arguments.
//!
//! Owns: received bytes until they are acked, and the decision when reading stops and goes on. Never
//! writes. Invariants: what is stored never exceeds `max-stored`; reading is suspended from the moment
//! the store rises above the high mark until it falls below the low one.

mod marks;
mod store;
mod tally;

pub use marks::{READ_CHUNK_BYTES_MAX, Watermarks, delivery};
pub use store::{BURST_BYTES_MAX, BURST_CHUNKS_MAX, Burst, CHUNK_OVERHEAD_BYTES, Overrun, Store};
pub use tally::{REPORT_EVERY, Tally};

#[cfg(test)]
mod tests;
