//! The read gate: whether bytes may be read for the guest now, as far as the guest's commands go.
//!
//! Owns: read mode, suspension, the one credit of pull mode. Knows nothing of sockets, phases or the write queue but
//! what it is told.

use crate::command::ReadMode;

/// What the guest asked for before `register` (cases 22 and 31: both are honoured).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wish {
    Suspend,
    Resume,
}

/// Whether reading is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Flow {
    Running,
    Suspended,
}

/// Whether the one read of pull mode was asked for. Set, not counted (case 29).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Credit {
    None,
    One,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ReadGate {
    Unregistered(Option<Wish>),
    Push(Flow),
    Pull(Credit),
    Paced(Flow),
}

impl ReadGate {
    pub(crate) fn on_register(&mut self, mode: ReadMode) {
        let wish = match *self {
            Self::Unregistered(wish) => wish,
            Self::Push(_) | Self::Pull(_) | Self::Paced(_) => None,
        };
        let flow = if wish == Some(Wish::Suspend) { Flow::Suspended } else { Flow::Running };
        let credit = if wish == Some(Wish::Resume) { Credit::One } else { Credit::None };
        *self = match mode {
            ReadMode::Push => Self::Push(flow),
            ReadMode::Pull => Self::Pull(credit),
            ReadMode::Paced => Self::Paced(flow),
        };
    }

    /// Whether this changed anything.
    pub(crate) fn on_suspend(&mut self) -> bool {
        let before = *self;
        match self {
            Self::Unregistered(wish) => *wish = Some(Wish::Suspend),
            Self::Push(flow) | Self::Paced(flow) => *flow = Flow::Suspended,
            Self::Pull(credit) => *credit = Credit::None,
        }
        *self != before
    }

    /// Whether this changed anything.
    pub(crate) fn on_resume(&mut self) -> bool {
        let before = *self;
        match self {
            Self::Unregistered(wish) => *wish = Some(Wish::Resume),
            Self::Push(flow) | Self::Paced(flow) => *flow = Flow::Running,
            Self::Pull(credit) => *credit = Credit::One,
        }
        *self != before
    }

    /// One `received` was delivered.
    pub(crate) fn on_delivered(&mut self) {
        if let Self::Pull(credit) = self {
            *credit = Credit::None;
        }
    }

    /// Whether bytes may be read, given whether anything of this connection's output is pending or queued.
    pub(crate) fn is_open(self, is_output_waiting: bool) -> bool {
        match self {
            Self::Unregistered(_) => false,
            Self::Push(flow) => flow == Flow::Running,
            Self::Pull(credit) => credit == Credit::One,
            Self::Paced(flow) => flow == Flow::Running && !is_output_waiting,
        }
    }
}
