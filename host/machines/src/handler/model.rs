//! The normal form of a handler, for proofs.

use super::Handler;
use super::phase::Phase;
use crate::model::Names;
use crate::payload::Payload;
use crate::time::Timestamp;

impl<P: Payload> Handler<P> {
    pub(crate) fn normalize(&mut self, now: Timestamp, names: &mut Names) {
        for event in self.mailbox.events_mut() {
            names.rename_event(event);
        }
        self.mailbox.recount_timers();
        for command in &mut self.held {
            names.rename_command(command);
        }
        if let Phase::Executing(cursor) = &mut self.phase {
            for command in &mut cursor.commands {
                names.rename_command(command);
            }
        }
        self.timers.normalize(now, names);
        self.budget.normalize(now);
    }
}
