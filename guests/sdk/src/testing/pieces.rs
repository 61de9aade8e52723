//! Seeded sizes for tests that vary how bytes fall.

use crate::runtime::Model;
use crate::testing::Wire;

/// A source of sizes: the same for the same seed. Print the seed when a test fails.
#[derive(Clone, Debug)]
pub struct Pieces {
    state: u64,
}

impl Pieces {
    /// The sizes of this seed.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number from 0 to `most`.
    pub const fn next(&mut self, most: usize) -> usize {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        // The remainder is below most + 1, so it fits.
        (z % (most as u64 + 1)) as usize
    }
}

impl<M: Model> Wire<M> {
    /// The peer sends `data`, then its FIN, and takes what comes, all in pieces of up to `piece` bytes
    /// that fall as `pieces` says; until the connection is closed and the kernel is empty.
    ///
    /// # Panics
    /// If the connection does not end within a thousand rounds per byte, at least a million: something
    /// is stuck.
    pub fn exchange(&mut self, data: &[u8], piece: usize, pieces: &mut Pieces) {
        let mut rest = data;
        let mut finished = false;
        for _ in 0..data.len().max(1000).saturating_mul(1000) {
            match pieces.next(3) {
                0 if !rest.is_empty() => {
                    let (now, later) = rest.split_at(pieces.next(piece).min(rest.len()));
                    self.peer_sends(now);
                    rest = later;
                }
                0 if !finished => {
                    self.peer_finishes();
                    finished = true;
                }
                1 => self.peer_takes(pieces.next(piece)),
                _ => {
                    self.step();
                }
            }
            if self.closed().is_some() && self.in_kernel() == 0 {
                return;
            }
        }
        panic!("the connection does not end: {} of {} bytes taken", self.taken().len(), data.len());
    }
}
