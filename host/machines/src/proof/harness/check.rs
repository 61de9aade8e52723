//! What is compared after every step.

use super::{Harness, Socket};
use crate::proof::payload::TestPayload;
use crate::proof::reference::{Doing, Standing};
use tidegate_machines::ConnectionId;
use tidegate_machines::cell::ReadInterest;

impl<P: TestPayload> Harness<P> {
    /// What is offered is what was accepted, in order, and what has not been taken (invariant 10).
    pub(super) fn check_content(&self, connection: ConnectionId) -> Result<(), String> {
        let Some(link) = self.reference.links.get(&connection) else { return Ok(()) };
        let mut offered = self.cell.transmit(connection);
        for write in link.accepted.iter().chain(&link.offered) {
            for part in write.parts.iter().filter(|part| !part.data.is_empty()) {
                let mine = part.data.payload();
                let theirs = offered.next().ok_or("invariant 10: something accepted is not offered")?;
                if mine.len() != theirs.len() || !mine.has_prefix(theirs, mine.len()) {
                    return Err(format!("invariant 10: {theirs:?} is offered, {mine:?} is due"));
                }
            }
        }
        Ok(())
    }

    /// Everything that can be seen from outside, compared.
    pub(super) fn check(&self) -> Result<(), String> {
        let reference = &self.reference;
        if reference.doing == Doing::Nothing
            && !reference.expected.is_empty()
            && self.cell.poll_timeout().is_none()
        {
            return Err(format!("{:?} waits for ever", reference.expected.front()));
        }
        if self.cell.can_receive() != reference.can_receive() {
            return Err("invariant 3: whether bytes may be read for the guest".into());
        }
        if reference.answers_owed() > 2 * self.setup.handler.commands_per_turn_max {
            return Err("invariant 11: more answers are owed than twice the command limit".into());
        }
        let due = reference.timers.iter().map(|(at, _)| *at).min();
        if due.is_some_and(|due| self.cell.poll_timeout().is_none_or(|at| at > due)) {
            return Err("a timer is not armed".into());
        }
        for (connection, socket) in &self.sockets {
            self.check_connection(*connection, *socket)?;
        }
        let is_finished =
            reference.doing == Doing::Gone && self.sockets.values().all(|socket| !socket.is_there);
        if is_finished != self.cell.is_finished() {
            return Err("whether the cell is finished".into());
        }
        Ok(())
    }

    fn check_connection(&self, connection: ConnectionId, socket: Socket) -> Result<(), String> {
        let Some(link) = self.reference.links.get(&connection) else { return Ok(()) };
        let is_over = link.standing == Standing::Over;
        if socket.is_there == is_over || socket.is_gone_reported != is_over {
            return Err(format!("{connection} is {:?}, its socket {socket:?}", link.standing));
        }
        let predicted = match link.interest() {
            ReadInterest::Deliver(_) if !self.reference.can_receive() => ReadInterest::Off,
            other => other,
        };
        let actual = match self.interest(connection) {
            ReadInterest::Discard { .. } => ReadInterest::Discard { bytes_max: 0 },
            other => other,
        };
        if actual != predicted {
            return Err(format!("reading of {connection}: {actual:?}, expected {predicted:?}"));
        }
        let facts = self.cell.facts(connection);
        if facts.is_none() != link.standing.is_over() {
            return Err(format!("whether {connection} has facts"));
        }
        let waiting: u64 = link.accepted.iter().chain(&link.offered).map(|write| write.left()).sum();
        let tokens: Vec<_> =
            link.accepted.iter().chain(&link.offered).flat_map(|write| write.tokens()).collect();
        if let Some(facts) = facts {
            if facts.registered != link.is_registered
                || facts.suspended != link.is_suspended
                || facts.peer_finished != link.peer_finished
                || facts.queued_bytes < waiting
            {
                return Err(format!("facts of {connection}: {facts:?}, expected {link:?}"));
            }
            // Writes of the turn behind the offered one are known to the machine only.
            if !self.cell.pending_tokens(connection).take(tokens.len()).eq(tokens) {
                return Err(format!("invariant 2: pending tokens of {connection}"));
            }
        }
        if (waiting > 0) != self.cell.has_transmit(connection) {
            return Err(format!("whether output of {connection} is offered"));
        }
        match self.reference.limit_of(connection) {
            Some((limit, due)) if self.cell.poll_timeout().is_none_or(|at| at > due) => {
                Err(format!("invariant 6: {limit:?} of {connection} is not armed"))
            }
            None if !matches!(link.standing, Standing::Open | Standing::Over)
                && self.cell.poll_timeout().is_none() =>
            {
                Err(format!("invariant 6: {connection} can last for ever"))
            }
            Some(_) | None => Ok(()),
        }
    }
}
