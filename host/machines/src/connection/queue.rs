//! Output of one connection: the pending write, those queued behind it, and those not judged yet.
//!
//! Owns: order, cutting, acks. Never decides whether a write is refused; that is `on_write`.
//! Invariants: `unjudged` is offered to the kernel only while nothing is accepted; parts complete in order.

use crate::command::{Answer, Part, Write};
use crate::id::{HandlerId, Token};
use crate::mutation::{self, Mutation};
use crate::payload::Payload;
use std::collections::VecDeque;

/// One write on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry<P> {
    pub(crate) from: HandlerId,
    pub(crate) write: Write<P>,
    /// The part that goes out next.
    next: usize,
    /// Bytes of that part the kernel has.
    sent_in_part: u64,
    /// Bytes of the whole the kernel has not.
    pub(crate) left_bytes: u64,
    /// Whether the kernel has any of it.
    pub(crate) is_begun: bool,
}

impl<P: Payload> Entry<P> {
    pub(crate) fn new(from: HandlerId, write: Write<P>) -> Self {
        let left_bytes = write.len();
        Self { from, write, next: 0, sent_in_part: 0, left_bytes, is_begun: false }
    }

    fn part_mut(&mut self) -> Option<&mut Part<P>> {
        match &mut self.write {
            Write::Single(part) => (self.next == 0).then_some(part),
            Write::Compound(parts) => parts.get_mut(self.next),
        }
    }

    fn remaining_parts(&self) -> &[Part<P>] {
        self.write.parts().get(self.next..).unwrap_or_default()
    }

    /// Acks this write still owes.
    fn always_count(&self) -> usize {
        self.remaining_parts().iter().filter(|part| matches!(part.answer, Answer::Always(_))).count()
    }

    /// Takes up to `bytes` off the front; parts that complete, empty ones included, are handed to `done`.
    fn advance(&mut self, bytes: &mut u64, done: &mut Vec<Done>) {
        let from = self.from;
        loop {
            let sent_before = self.sent_in_part;
            let Some(part) = self.part_mut() else { return };
            let answer = part.answer;
            let take = (part.data.len() as u64).min(*bytes);
            if take > 0 {
                let is_part = take < part.data.len() as u64;
                let again = u64::from(is_part && mutation::is(Mutation::SentAgain));
                // A length taken from a payload in memory fits `usize`.
                part.data.payload_mut().advance((take - again) as usize);
            }
            let is_complete = part.data.is_empty();
            *bytes -= take;
            self.left_bytes = self.left_bytes.saturating_sub(take);
            self.sent_in_part = sent_before + take;
            self.is_begun |= take > 0;
            if !is_complete {
                return;
            }
            let is_left_out = mutation::is(Mutation::EmptyWriteUnacked) && self.sent_in_part == 0;
            if let Answer::Always(token) = answer
                && !is_left_out
            {
                done.push(Done { to: from, token, bytes: self.sent_in_part });
            }
            self.next += 1;
            self.sent_in_part = 0;
        }
    }

    fn is_done(&self) -> bool {
        self.remaining_parts().is_empty()
    }
}

/// A part that completed and asked for an ack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Done {
    pub(crate) to: HandlerId,
    pub(crate) token: Token,
    /// Bytes of the part; an ack of none moved none.
    pub(crate) bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WriteQueue<P> {
    /// The first is the pending one; the others are queued.
    accepted: VecDeque<Entry<P>>,
    /// Executed by the guest, not judged yet.
    unjudged: VecDeque<Entry<P>>,
    accepted_bytes: u64,
    always_count: usize,
}

impl<P: Payload> WriteQueue<P> {
    pub(crate) fn new() -> Self {
        Self { accepted: VecDeque::new(), unjudged: VecDeque::new(), accepted_bytes: 0, always_count: 0 }
    }

    /// Nothing pending, queued or unjudged.
    pub(crate) fn is_empty(&self) -> bool {
        self.accepted.is_empty() && self.unjudged.is_empty()
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.accepted.is_empty()
    }

    /// Bytes behind the pending write.
    pub(crate) fn queued_bytes(&self) -> u64 {
        self.accepted_bytes - self.accepted.front().map_or(0, |entry| entry.left_bytes)
    }

    /// Bytes pending, queued and unjudged.
    pub(crate) fn waiting_bytes(&self) -> u64 {
        self.accepted_bytes + self.unjudged.iter().map(|entry| entry.left_bytes).sum::<u64>()
    }

    /// Acks that are owed.
    pub(crate) fn always_count(&self) -> usize {
        self.always_count
    }

    pub(crate) fn push_unjudged(&mut self, from: HandlerId, write: Write<P>) {
        let entry = Entry::new(from, write);
        self.always_count += entry.always_count();
        self.unjudged.push_back(entry);
    }

    pub(crate) fn first_unjudged(&self) -> Option<&Entry<P>> {
        self.unjudged.front()
    }

    pub(crate) fn accept_first_unjudged(&mut self) {
        if let Some(entry) = self.unjudged.pop_front() {
            self.accepted_bytes += entry.left_bytes;
            self.accepted.push_back(entry);
        }
    }

    pub(crate) fn refuse_first_unjudged(&mut self) -> Option<Entry<P>> {
        let entry = self.unjudged.pop_front()?;
        self.always_count -= entry.always_count();
        Some(entry)
    }

    /// The kernel took `bytes` off the front. Completed parts that asked for an ack go to `done`, in wire order.
    /// Bytes beyond what was offered are ignored.
    pub(crate) fn advance(&mut self, mut bytes: u64, done: &mut Vec<Done>) {
        let before = done.len();
        loop {
            let is_accepted = !self.accepted.is_empty();
            let lane = if is_accepted { &mut self.accepted } else { &mut self.unjudged };
            let Some(entry) = lane.front_mut() else { break };
            let left = entry.left_bytes;
            entry.advance(&mut bytes, done);
            let taken = left - entry.left_bytes;
            let is_done = entry.is_done();
            if is_done {
                lane.pop_front();
            }
            if is_accepted {
                self.accepted_bytes -= taken;
            }
            if !is_done || (!is_accepted && bytes == 0) {
                // One unjudged write at a time: the next may have to be refused.
                break;
            }
        }
        self.always_count -= done.len() - before;
    }

    /// What may be offered to the kernel: everything accepted, else the unjudged writes `may_offer` lets through,
    /// up to the first it does not.
    pub(crate) fn offered<'a>(
        &'a self,
        may_offer: impl Fn(&Entry<P>) -> bool + 'a,
    ) -> impl Iterator<Item = &'a P> + 'a {
        let unjudged = self.accepted.is_empty();
        let entries = self.accepted.iter().chain(
            self.unjudged.iter().take_while(move |entry| unjudged && (entry.is_begun || may_offer(entry))),
        );
        entries
            .flat_map(|entry| entry.remaining_parts().iter())
            .map(|part| part.data.payload())
            .filter(|payload| !payload.is_empty())
    }

    /// Tokens of `writer` that wait for an ack, in wire order.
    pub(crate) fn pending_tokens(&self, writer: HandlerId) -> impl Iterator<Item = Token> + '_ {
        self.accepted
            .iter()
            .chain(&self.unjudged)
            .filter(move |entry| entry.from == writer)
            .flat_map(|entry| entry.remaining_parts().iter())
            .filter_map(|part| match part.answer {
                Answer::Always(token) => Some(token),
                Answer::None | Answer::OnFailure(_) => None,
            })
    }

    #[cfg(any(test, feature = "model"))]
    pub(crate) fn writes_mut(&mut self) -> impl Iterator<Item = &mut Write<P>> + '_ {
        self.accepted.iter_mut().chain(&mut self.unjudged).map(|entry| &mut entry.write)
    }

    /// The terminal event covers everything that is left.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    #[cfg(any(debug_assertions, test))]
    pub(crate) fn check(&self) {
        let bytes: u64 = self.accepted.iter().map(|entry| entry.left_bytes).sum();
        assert_eq!(bytes, self.accepted_bytes, "accepted bytes are counted");
        for entry in self.accepted.iter().chain(&self.unjudged) {
            let left = entry.remaining_parts().iter().fold(0, |sum: u64, part| sum + part.data.len() as u64);
            assert_eq!(left, entry.left_bytes, "invariant 10: bytes of a write were lost or repeated");
        }
        assert!(
            self.accepted.iter().skip(1).all(|entry| !entry.is_begun),
            "invariant 3: bytes of a write went out before the one ahead of it was whole"
        );
        let always: usize = self.accepted.iter().chain(&self.unjudged).map(Entry::always_count).sum();
        assert_eq!(always, self.always_count, "owed acks are counted");
        assert!(
            self.unjudged.iter().skip(1).all(|entry| !entry.is_begun),
            "invariant 4: bytes of a write go out before the one ahead of it is whole"
        );
    }
}
