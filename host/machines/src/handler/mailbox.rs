//! Events that wait for the guest, in the order the host learned them.
//!
//! Bounded by what may enter: answers by the commands that caused them (at most twice the turn's limit), `connected`,
//! `peer-closed` and `closed` once per connection, timers by their number (those set and those here together),
//! `draining` once; bytes enter only while it is empty.

use crate::connection::Cost;
use crate::event::{Envelope, Event};
use crate::id::Token;
use std::collections::VecDeque;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mailbox<P> {
    queue: VecDeque<(Envelope<P>, Cost)>,
    answers: usize,
    /// Tokens of the timers in it, so that cancelling need not search the queue in vain.
    timers: Vec<Token>,
    /// The front was put off once already: it is not reported again.
    is_throttled: bool,
}

impl<P> Mailbox<P> {
    pub(crate) fn new() -> Self {
        Self { queue: VecDeque::new(), answers: 0, timers: Vec::new(), is_throttled: false }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn answers(&self) -> usize {
        self.answers
    }

    pub(crate) fn timers(&self) -> usize {
        self.timers.len()
    }

    pub(crate) fn push(&mut self, envelope: Envelope<P>, cost: Cost) {
        self.answers += usize::from(envelope.event.is_answer());
        if let Event::Timer(token) = envelope.event {
            self.timers.push(token);
        }
        self.queue.push_back((envelope, cost));
    }

    pub(crate) fn front_cost(&self) -> Option<Cost> {
        self.queue.front().map(|(_, cost)| *cost)
    }

    pub(crate) fn pop(&mut self) -> Option<Envelope<P>> {
        let (envelope, _) = self.queue.pop_front()?;
        self.answers -= usize::from(envelope.event.is_answer());
        if let Event::Timer(token) = envelope.event
            && let Some(index) = self.timers.iter().position(|queued| *queued == token)
        {
            self.timers.remove(index);
        }
        self.is_throttled = false;
        Some(envelope)
    }

    /// Whether this is the first time the front is put off.
    pub(crate) fn mark_throttled(&mut self) -> bool {
        !core::mem::replace(&mut self.is_throttled, true)
    }

    /// No timer of this token is delivered any more.
    pub(crate) fn cancel_timer(&mut self, token: Token) {
        if self.timers.contains(&token) {
            self.timers.retain(|queued| *queued != token);
            self.queue
                .retain(|(envelope, _)| !matches!(envelope.event, Event::Timer(queued) if queued == token));
        }
    }

    /// No timer is delivered any more.
    pub(crate) fn cancel_timers(&mut self) {
        self.timers.clear();
        self.queue.retain(|(envelope, _)| !matches!(envelope.event, Event::Timer(_)));
    }

    /// A later `draining` replaces one that was not delivered.
    pub(crate) fn cancel_draining(&mut self) {
        self.queue.retain(|(envelope, _)| !matches!(envelope.event, Event::Draining(_)));
    }

    #[cfg(any(test, feature = "model"))]
    pub(crate) fn events_mut(&mut self) -> impl Iterator<Item = &mut Event<P>> + '_ {
        self.queue.iter_mut().map(|(envelope, _)| &mut envelope.event)
    }

    /// After tokens were renamed.
    #[cfg(any(test, feature = "model"))]
    pub(crate) fn recount_timers(&mut self) {
        let queued = self.queue.iter().filter_map(|(envelope, _)| match envelope.event {
            Event::Timer(token) => Some(token),
            _ => None,
        });
        self.timers = queued.collect();
    }

    #[cfg(any(debug_assertions, test))]
    pub(crate) fn timer_tokens(&self) -> impl Iterator<Item = Token> + '_ {
        self.timers.iter().copied()
    }

    #[cfg(any(debug_assertions, test))]
    pub(crate) fn check(&self) {
        let answers = self.queue.iter().filter(|(envelope, _)| envelope.event.is_answer()).count();
        assert_eq!(answers, self.answers, "queued answers are counted");
        let timers =
            self.queue.iter().filter(|(envelope, _)| matches!(envelope.event, Event::Timer(_))).count();
        assert_eq!(timers, self.timers.len(), "queued timers are counted");
        let mut ended = std::collections::BTreeSet::new();
        for (envelope, _) in &self.queue {
            assert!(!ended.contains(&envelope.source), "invariant 1: an event follows the terminal one");
            if matches!(envelope.event, Event::Closed(_)) {
                ended.insert(envelope.source);
            }
        }
    }
}
