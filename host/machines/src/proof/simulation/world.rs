//! The scripted rest: peers, kernels, time, the service that drains, the partners of hand-over and hibernation.

use super::guest::Guest;
use crate::proof::harness::{Harness, Step};
use crate::proof::reference::{Doing, Standing};
use crate::proof::rng::Rng;
use bytes::Bytes;
use core::time::Duration;
use std::collections::BTreeMap;
use tidegate_machines::ConnectionId;
use tidegate_machines::cell::{Purpose, ReadInterest};
use tidegate_machines::command::ReadMode;
use tidegate_machines::reason::Fault;

/// What the peer has done, as our kernel holds it.
#[derive(Default)]
struct Peer {
    unread: u64,
    is_finished: bool,
}

/// See the module.
pub(super) struct World {
    peers: BTreeMap<ConnectionId, Peer>,
    /// Connections at once.
    connections_max: usize,
    opened: u64,
    /// The kernel takes at most so many bytes at once.
    gulp: u64,
    /// One in so many steps is a rare one.
    rare: u64,
    moves: u64,
    /// One in so many calls faults.
    faults: u64,
}

/// Connections of one run, one after the other.
const CONNECTIONS_MAX: u64 = 30;
/// Tries to find a step that is possible; the guest and time always have one.
const TRIES_MAX: usize = 64;

impl World {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let connections_max = if rng.one_in(2) { 1 } else { 3 };
        Self {
            peers: BTreeMap::new(),
            connections_max,
            opened: 0,
            gulp: 1 + rng.below(40),
            rare: 40 + rng.below(1500),
            moves: 10 + rng.below(100),
            faults: 100 + rng.below(3000),
        }
    }

    /// A step that is possible now; none when everything is over.
    pub(super) fn next(
        &mut self,
        harness: &Harness<Bytes>,
        guest: &mut Guest,
        rng: &mut Rng,
    ) -> Option<Step<Bytes>> {
        if harness.cell.is_finished() {
            return None;
        }
        if self.opened == 0 && rng.one_in(3) {
            return self.open(rng);
        }
        for _ in 0..TRIES_MAX {
            let step = match rng.below(10) {
                0..=3 => self.partner(harness, guest, rng),
                4..=7 => self.socket(harness, rng),
                8 => self.service(harness, rng),
                _ if rng.one_in(40) => Some(Step::Expire),
                _ => Some(Step::Wait(Duration::from_micros(rng.below(30_000)))),
            };
            if step.is_some() {
                return step;
            }
        }
        Some(Step::Expire)
    }

    /// The guest, or whoever takes and restores snapshots.
    fn partner(&self, harness: &Harness<Bytes>, guest: &mut Guest, rng: &mut Rng) -> Option<Step<Bytes>> {
        let connections: Vec<ConnectionId> = harness.sockets.keys().copied().collect();
        match harness.reference.doing {
            Doing::Calling(_) => {
                if rng.one_in(self.faults) {
                    return Some(Step::Fault(Fault::Trap));
                }
                let envelope = harness.call.as_ref().map(|call| &call.envelope);
                let cpu = if rng.one_in(30) { rng.below(8_000) } else { rng.below(20) };
                Some(Step::Return(guest.turn(envelope, &connections, rng), Duration::from_micros(cpu)))
            }
            Doing::Snapshot(_) => Some(Step::Snapshot(!rng.one_in(4))),
            Doing::Restore(purpose) => {
                let is_lost = rng.one_in(if purpose == Purpose::Hibernate { 40 } else { 4 });
                Some(Step::Restore((!is_lost).then(|| guest.turn(None, &connections, rng))))
            }
            Doing::Nothing | Doing::Executing | Doing::Asleep | Doing::Gone => None,
        }
    }

    fn socket(&mut self, harness: &Harness<Bytes>, rng: &mut Rng) -> Option<Step<Bytes>> {
        let there: Vec<ConnectionId> =
            harness.sockets.iter().filter(|(_, socket)| socket.is_there).map(|(id, _)| *id).collect();
        let connection = *rng.pick(&there)?;
        let socket = harness.sockets.get(&connection)?;
        let peer = self.peers.entry(connection).or_default();
        match rng.below(8) {
            0 | 1 if !peer.is_finished => {
                peer.unread += rng.below(30);
                peer.is_finished = rng.one_in(self.rare / 4);
                None
            }
            0..=3 => match harness.interest(connection) {
                ReadInterest::Deliver(_) if peer.unread > 0 => {
                    let bytes = 1 + rng.below(peer.unread.min(16));
                    peer.unread -= bytes;
                    Some(Step::Receive(connection, bytes as usize))
                }
                ReadInterest::Discard { bytes_max } if peer.unread > 0 => {
                    let bytes = 1 + rng.below(peer.unread.min(16).min(bytes_max));
                    peer.unread -= bytes;
                    Some(Step::Discard(connection, bytes))
                }
                _ if peer.is_finished && peer.unread == 0 && !socket.is_fin_told => {
                    Some(Step::PeerFinished(connection))
                }
                _ => None,
            },
            4 | 5 if harness.offered(connection) > 0 => Some(if rng.one_in(3) {
                Step::Block(connection)
            } else {
                Step::Take(connection, 1 + rng.below(self.gulp))
            }),
            6 if socket.is_probed => {
                let unread = if rng.one_in(3) { peer.unread } else { 0 };
                Some(Step::Probed(connection, rng.below(3), unread))
            }
            7 if rng.one_in(self.rare) => Some(Step::Fail(connection, peer.unread)),
            _ => None,
        }
    }

    fn open(&mut self, rng: &mut Rng) -> Option<Step<Bytes>> {
        self.opened += 1;
        let modes = [ReadMode::Push, ReadMode::Pull, ReadMode::Paced];
        rng.pick(&modes).map(|mode| Step::Open(*mode))
    }

    fn service(&mut self, harness: &Harness<Bytes>, rng: &mut Rng) -> Option<Step<Bytes>> {
        match rng.below(4) {
            0 if self.opened < CONNECTIONS_MAX && rng.one_in(3) => {
                let there = harness.sockets.values().filter(|socket| socket.is_there).count();
                if there < self.connections_max { self.open(rng) } else { None }
            }
            1 if rng.one_in(self.moves) => {
                Some(Step::Move(if rng.one_in(2) { Purpose::HandOver } else { Purpose::Hibernate }))
            }
            2 if rng.one_in(self.rare) => Some(Step::Drain),
            3 if rng.one_in(self.rare.saturating_mul(4)) => Some(Step::DrainExpired),
            _ => None,
        }
    }

    /// How everything comes to its end: nobody asks for anything more and time passes. None when it has.
    pub(super) fn ending(&self, harness: &Harness<Bytes>, index: usize) -> Option<Step<Bytes>> {
        if harness.cell.is_finished() {
            return None;
        }
        match harness.reference.doing {
            Doing::Calling(_) => return Some(Step::Return(Vec::new(), Duration::ZERO)),
            Doing::Snapshot(_) => return Some(Step::Snapshot(false)),
            Doing::Restore(_) => return Some(Step::Restore(Some(Vec::new()))),
            Doing::Nothing | Doing::Executing | Doing::Asleep | Doing::Gone => {}
        }
        if index == 0 {
            return Some(Step::Drain);
        }
        let offered = harness.sockets.keys().find(|connection| harness.reference.is_live(**connection));
        match offered {
            // Whatever waits goes out; then time-outs and the drain deadline have to do.
            Some(connection) if harness.offered(*connection) > 0 => Some(Step::Take(*connection, u64::MAX)),
            Some(_) if harness.reference.links.values().any(|link| link.standing == Standing::Open) => {
                Some(Step::DrainExpired)
            }
            _ if index > 1000 => Some(Step::DrainExpired),
            _ => Some(Step::Expire),
        }
    }
}
