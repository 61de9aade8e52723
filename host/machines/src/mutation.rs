//! Mistakes that can be made on purpose, to prove that the proofs see them.
//!
//! The machines ask `is` at the places concerned; without the feature `mutants` it is the constant `false`.

/// One mistake; the number is that of the invariant it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "mutants"), expect(unreachable_pub, reason = "public only with the feature"))]
pub enum Mutation {
    /// 1: the terminal event is told twice.
    TerminalTwice,
    /// 1: a command is answered after the terminal event.
    AnswerAfterTerminal,
    /// 2: a refusal without a token is not told.
    RefusalUntold,
    /// 2: an ack is told twice.
    AckTwice,
    /// 2: a write of no bytes is never acked.
    EmptyWriteUnacked,
    /// 3: acks of one go come last first.
    AcksReversed,
    /// 3: reading goes on after `suspend-reading`.
    SuspendIgnored,
    /// 3: bytes are read for a guest that has events waiting.
    ReadAhead,
    /// 3: a timer that is due is delivered though it was cancelled.
    CancelledTimerFires,
    /// 4: the write buffer holds one byte less.
    BufferShort,
    /// 4: suspension ends when `resume-writing` is executed.
    ResumedAtOnce,
    /// 4: a refused write does not suspend.
    NotSuspended,
    /// 5: the peer's FIN renames a requested close.
    CloseRenamed,
    /// 5: writes after `confirmed-close` are accepted.
    WriteAfterClose,
    /// 5: `close` after `confirmed-close` is ignored.
    UpgradeIgnored,
    /// 6: a flush can last for ever.
    FlushUnlimited,
    /// 6: bytes going out do not restart the idle time-out.
    IdleNotRestarted,
    /// 10: events that wait are lost in a hand-over.
    HandOverForgets,
    /// 10: the last byte the kernel took of a part is offered again.
    SentAgain,
    /// 11: answers owed do not count against the next turn.
    AnswersUncounted,
    /// 11: timers that are due and wait do not count.
    TimersUncounted,
}

#[cfg(feature = "mutants")]
impl Mutation {
    /// Every one of them.
    pub const ALL: [Self; 21] = [
        Self::TerminalTwice,
        Self::AnswerAfterTerminal,
        Self::RefusalUntold,
        Self::AckTwice,
        Self::EmptyWriteUnacked,
        Self::AcksReversed,
        Self::SuspendIgnored,
        Self::ReadAhead,
        Self::CancelledTimerFires,
        Self::BufferShort,
        Self::ResumedAtOnce,
        Self::NotSuspended,
        Self::CloseRenamed,
        Self::WriteAfterClose,
        Self::UpgradeIgnored,
        Self::FlushUnlimited,
        Self::IdleNotRestarted,
        Self::HandOverForgets,
        Self::SentAgain,
        Self::AnswersUncounted,
        Self::TimersUncounted,
    ];
}

#[cfg(feature = "mutants")]
std::thread_local! {
    static MADE: core::cell::Cell<Option<Mutation>> = const { core::cell::Cell::new(None) };
}

/// From now on this thread's machines make this mistake, or none.
#[cfg(feature = "mutants")]
pub fn make(mutation: Option<Mutation>) {
    MADE.set(mutation);
}

/// Whether the machines make this mistake.
#[cfg(feature = "mutants")]
pub(crate) fn is(mutation: Mutation) -> bool {
    MADE.get() == Some(mutation)
}

/// Whether the machines make this mistake: no.
#[cfg(not(feature = "mutants"))]
pub(crate) const fn is(_: Mutation) -> bool {
    false
}
