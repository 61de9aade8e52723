//! One connection as the reference sees it.

use std::collections::VecDeque;
use tidegate_machines::cell::ReadInterest;
use tidegate_machines::command::{Answer, Delivery, Part, ReadMode};
use tidegate_machines::limits::ConnectionLimits;
use tidegate_machines::payload::Payload;
use tidegate_machines::reason::{ClosedBy, TimeLimit};
use tidegate_machines::{Timestamp, Token};

/// How far the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Standing {
    Unregistered,
    Open,
    Flushing(Ending),
    /// Our FIN is sent, the peer's awaited.
    HalfClosed,
    /// Terminal, the kernel is not done.
    Lingering,
    /// Terminal, the socket is gone.
    Over,
}

/// What a flush leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ending {
    PeerClosed,
    Confirmed,
    Close,
}

impl Ending {
    pub(crate) fn by(self) -> ClosedBy {
        match self {
            Self::PeerClosed => ClosedBy::PeerClosed,
            Self::Confirmed => ClosedBy::ConfirmedClosed,
            Self::Close => ClosedBy::Closed,
        }
    }
}

impl Standing {
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Lingering | Self::Over)
    }
}

/// Where `resume-writing` stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Resuming {
    No,
    Waiting,
    /// Sent; whether it ends the suspension.
    Sent(Lifts),
}

/// Whether a `writing-resumed` on its way ends the suspension: not one that began after it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Lifts {
    Yes,
    No,
}

/// A write the kernel has not taken whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Waiting<P> {
    pub(crate) parts: VecDeque<Part<P>>,
    pub(crate) is_begun: bool,
    pub(crate) is_compound: bool,
}

impl<P: Payload> Waiting<P> {
    pub(crate) fn left(&self) -> u64 {
        self.parts.iter().map(|part| part.data.len() as u64).sum()
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = Token> + '_ {
        self.parts.iter().filter_map(|part| match part.answer {
            Answer::Always(token) => Some(token),
            Answer::None | Answer::OnFailure(_) => None,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Link<P> {
    pub(crate) standing: Standing,
    pub(crate) limits: ConnectionLimits,
    pub(crate) mode: ReadMode,
    pub(crate) delivery: Delivery,
    pub(crate) is_registered: bool,
    pub(crate) keeps_open: bool,
    pub(crate) suspends: bool,
    pub(crate) write_buffer: u64,
    /// The last of suspend (`false`) and resume (`true`), before `register` too. Pull: whether one read was asked for.
    pub(crate) wish: Option<bool>,
    pub(crate) peer_finished: bool,
    pub(crate) is_suspended: bool,
    pub(crate) resuming: Resuming,
    /// The one the kernel has been offered and has not blocked at.
    pub(crate) offered: Option<Waiting<P>>,
    /// The pending one and those behind it.
    pub(crate) accepted: VecDeque<Waiting<P>>,
    pub(crate) opened_at: Timestamp,
    pub(crate) received_at: Timestamp,
    pub(crate) sent_at: Timestamp,
    pub(crate) discarded: u64,
    /// The instance is gone.
    pub(crate) is_orphan: bool,
    /// Nobody takes input any more.
    pub(crate) is_deaf: bool,
}

impl<P: Payload> Link<P> {
    pub(crate) fn new(limits: ConnectionLimits, mode: ReadMode, now: Timestamp) -> Self {
        Self {
            standing: Standing::Unregistered,
            limits,
            mode,
            delivery: Delivery::Copied,
            is_registered: false,
            keeps_open: false,
            suspends: false,
            write_buffer: 0,
            wish: None,
            peer_finished: false,
            is_suspended: false,
            resuming: Resuming::No,
            offered: None,
            accepted: VecDeque::new(),
            opened_at: now,
            received_at: now,
            sent_at: now,
            discarded: 0,
            is_orphan: false,
            is_deaf: false,
        }
    }

    pub(crate) fn has_output(&self) -> bool {
        self.offered.is_some() || !self.accepted.is_empty()
    }

    /// Bytes behind the pending write.
    pub(crate) fn queued(&self) -> u64 {
        self.accepted.iter().skip(1).map(Waiting::left).sum()
    }

    pub(crate) fn on_resumed(&mut self) {
        if self.resuming == Resuming::Sent(Lifts::Yes) {
            self.is_suspended = false;
        }
        self.resuming = Resuming::No;
    }

    pub(crate) fn answers_owed(&self) -> usize {
        let waiting = self.accepted.iter().chain(&self.offered);
        waiting.flat_map(|write| write.tokens()).count() + usize::from(self.resuming == Resuming::Waiting)
    }

    /// Whether the guest's commands let bytes through, given whether output holds paced reading back.
    fn is_gate_open(&self) -> bool {
        match self.mode {
            ReadMode::Push => self.wish != Some(false),
            ReadMode::Pull => self.wish == Some(true),
            ReadMode::Paced => self.wish != Some(false) && !self.has_output(),
        }
    }

    pub(crate) fn is_for_guest(&self) -> bool {
        let can_take = matches!(self.standing, Standing::Open | Standing::Flushing(_) | Standing::HalfClosed);
        can_take && self.is_registered && !self.is_deaf && !self.peer_finished
    }

    /// What may be read, as far as this connection goes; how much may be thrown away is not predicted.
    pub(crate) fn interest(&self) -> ReadInterest {
        match self.standing {
            _ if self.peer_finished => ReadInterest::Off,
            Standing::Unregistered | Standing::Over => ReadInterest::Off,
            Standing::Lingering => ReadInterest::Discard { bytes_max: 0 },
            Standing::Open | Standing::Flushing(_) | Standing::HalfClosed => {
                if !self.is_for_guest() {
                    ReadInterest::Discard { bytes_max: 0 }
                } else if self.is_gate_open() {
                    ReadInterest::Deliver(self.delivery)
                } else {
                    ReadInterest::Off
                }
            }
        }
    }

    /// When it is over if nothing moves, and why.
    pub(crate) fn limit(&self) -> Option<(TimeLimit, Timestamp)> {
        match self.standing {
            Standing::Unregistered => Some((TimeLimit::Register, self.opened_at.after(self.limits.register))),
            Standing::Open => {
                let last = self.received_at.max(self.sent_at);
                let idle = self.limits.idle.map(|idle| (TimeLimit::Idle, last.after(idle)));
                let half = self
                    .peer_finished
                    .then(|| (TimeLimit::HalfClose, self.sent_at.after(self.limits.half_close)));
                match (idle, half) {
                    (Some(idle), Some(half)) if half.1 < idle.1 => Some(half),
                    (Some(idle), _) => Some(idle),
                    (None, half) => half,
                }
            }
            Standing::Flushing(_) => Some((TimeLimit::Flush, self.sent_at.after(self.limits.flush))),
            Standing::HalfClosed => {
                Some((TimeLimit::HalfClose, self.received_at.after(self.limits.half_close)))
            }
            Standing::Lingering | Standing::Over => None,
        }
    }
}
