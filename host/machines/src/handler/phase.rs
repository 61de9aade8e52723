//! Where a handler stands.

use super::moving::Purpose;
use crate::command::{Command, ConnectionCommand, Write};
use crate::connection::Cost;
use crate::id::ConnectionId;
use std::collections::VecDeque;

/// What the guest is being told, as far as it matters when the call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Started,
    Closed,
    Other,
}

/// The recorded turn, executed from the front.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cursor<P> {
    pub(crate) commands: VecDeque<Command<P>>,
    /// The connection whose judgement the rest waits for.
    pub(crate) waiting: Option<ConnectionId>,
}

impl<P> Cursor<P> {
    /// `first` and the writes to the same connection that follow it directly.
    pub(crate) fn take_writes(&mut self, connection: ConnectionId, first: Write<P>) -> Vec<Write<P>> {
        let mut writes = vec![first];
        while let Some(Command::On(to, ConnectionCommand::Write(_))) = self.commands.front() {
            if *to != connection {
                break;
            }
            if let Some(Command::On(_, ConnectionCommand::Write(write))) = self.commands.pop_front() {
                writes.push(write);
            }
        }
        writes
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase<P> {
    /// No call runs and no command waits: an event boundary.
    Idle,
    /// The guest is being called.
    Calling(Call, Cost),
    /// The commands of the call that returned are being executed.
    Executing(Cursor<P>),
    /// `snapshot` is being called.
    Snapshotting(Purpose),
    /// A new instance is being made and given the snapshot.
    Restoring(Purpose),
    /// There is a snapshot and no instance.
    Hibernated,
    /// There is no instance and never will be.
    Gone,
}
