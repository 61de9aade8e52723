//! Hand-over and hibernation: the instance behind a handler changes or sleeps, at an event boundary.
//!
//! Events keep queueing meanwhile and go to whoever wins (invariant 10). Commands recorded while a new instance is
//! started and restored run when the move is committed, and never if it is not.

use super::phase::{Cursor, Phase};
use super::{Handler, Step};
use crate::mutation::{self, Mutation};
use crate::payload::Payload;
use crate::turn::Turn;
use std::collections::VecDeque;

/// Why a snapshot is taken or restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To another generation.
    HandOver,
    /// To sleep, or to wake.
    Hibernate,
}

/// What became of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Moved {
    /// There is a snapshot: make the new instance.
    Taken(Purpose),
    /// The new instance owns everything; drop the old one.
    Committed,
    /// The old instance goes on as if nothing had happened; drop the new one.
    Abandoned,
    /// The snapshot is kept; drop the instance.
    Asleep,
    /// The sleeping handler could not be woken: it is lost.
    Lost,
}

impl<P: Payload> Handler<P> {
    /// Asks for a move at the next event boundary. A second one while one waits or runs, and one of a handler that
    /// sleeps or is gone, is ignored: `false`.
    pub(crate) fn want_move(&mut self, purpose: Purpose) -> bool {
        let can_move = match self.phase {
            Phase::Idle | Phase::Calling(..) | Phase::Executing(_) => self.wanted.is_none(),
            Phase::Snapshotting(_) | Phase::Restoring(_) | Phase::Hibernated | Phase::Gone => false,
        };
        if can_move {
            self.wanted = Some(purpose);
        }
        can_move
    }

    /// At an event boundary: begins the move that was asked for. One with events waiting is not idle enough to sleep.
    pub(super) fn begin_move(&mut self) -> Option<Step<P>> {
        let purpose = self.wanted.take()?;
        if purpose == Purpose::Hibernate && !self.mailbox.is_empty() {
            return Some(Step::AbandonMove);
        }
        self.phase = Phase::Snapshotting(purpose);
        Some(Step::TakeSnapshot(purpose))
    }

    /// `snapshot` returned: bytes, or a refusal, which changes nothing.
    pub(crate) fn on_snapshot(&mut self, is_taken: bool) -> Option<Moved> {
        let Phase::Snapshotting(purpose) = self.phase else { return None };
        let (phase, moved) = match (is_taken, purpose) {
            (false, _) => (Phase::Idle, Moved::Abandoned),
            (true, Purpose::Hibernate) => (Phase::Hibernated, Moved::Asleep),
            (true, Purpose::HandOver) => (Phase::Restoring(purpose), Moved::Taken(purpose)),
        };
        self.phase = phase;
        Some(moved)
    }

    /// The new instance was started and restored, or it was not. `turn` holds what it recorded on the way.
    ///
    /// After a hand-over it runs now. After waking it runs at the head of the turn of the event that woke: bytes may be
    /// queued, and a `suspend-reading` carried out ahead of them would come too late.
    pub(crate) fn on_restored(&mut self, turn: Option<Turn<P>>) -> Option<Moved> {
        let Phase::Restoring(purpose) = self.phase else { return None };
        match (turn, purpose) {
            (Some(turn), Purpose::HandOver) => {
                if mutation::is(Mutation::HandOverForgets) {
                    self.mailbox = super::Mailbox::new();
                }
                let mut commands = core::mem::take(&mut self.held);
                commands.extend(turn.into_commands());
                self.phase = Phase::Executing(Cursor { commands: VecDeque::from(commands), waiting: None });
                Some(Moved::Committed)
            }
            (Some(turn), Purpose::Hibernate) => {
                self.held.extend(turn.into_commands());
                self.phase = Phase::Idle;
                Some(Moved::Committed)
            }
            (None, Purpose::HandOver) => {
                self.phase = Phase::Idle;
                Some(Moved::Abandoned)
            }
            (None, Purpose::Hibernate) => Some(Moved::Lost),
        }
    }

    pub(super) fn wake(&mut self) -> Step<P> {
        self.phase = Phase::Restoring(Purpose::Hibernate);
        Step::Restore(Purpose::Hibernate)
    }
}
