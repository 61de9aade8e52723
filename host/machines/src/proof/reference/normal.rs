//! The normal form of the reference, under the same names as that of the cell it goes with.

use super::link::Standing;
use super::{Link, Reference};
use tidegate_machines::model::{Names, PRESENT, rebase};
use tidegate_machines::payload::Payload;

impl<P: Payload> Reference<P> {
    pub(crate) fn normalize(&mut self, names: &mut Names) {
        let now = self.now;
        self.now = PRESENT;
        for envelope in &mut self.expected {
            names.rename_event(&mut envelope.event);
        }
        for command in self.cursor.iter_mut().chain(&mut self.held) {
            names.rename_command(command);
        }
        for (due, token) in &mut self.timers {
            *due = rebase(*due, now);
            names.rename(token);
        }
        for link in self.links.values_mut() {
            normalize_link(link, now, names);
        }
    }
}

fn normalize_link<P: Payload>(link: &mut Link<P>, now: tidegate_machines::Timestamp, names: &mut Names) {
    for write in link.accepted.iter_mut().chain(&mut link.offered) {
        for part in &mut write.parts {
            names.rename_answer(&mut part.answer);
        }
    }
    // Only what the limit of this standing is counted from matters.
    match link.standing {
        Standing::Open => {
            if link.limits.idle.is_none() {
                link.received_at = now;
            } else {
                link.received_at = link.received_at.max(link.sent_at);
            }
            if !link.peer_finished {
                link.sent_at = link.received_at;
            }
        }
        Standing::Flushing(_) => link.received_at = link.sent_at,
        Standing::HalfClosed => link.sent_at = link.received_at,
        Standing::Unregistered | Standing::Lingering | Standing::Over => {
            link.received_at = now;
            link.sent_at = now;
        }
    }
    if link.standing != Standing::Unregistered {
        link.opened_at = now;
    }
    for at in [&mut link.opened_at, &mut link.received_at, &mut link.sent_at] {
        *at = rebase(*at, now);
    }
    if link.standing.is_over() {
        link.discarded = 0;
        link.peer_finished = false;
        link.wish = None;
        link.is_suspended = false;
    }
}
