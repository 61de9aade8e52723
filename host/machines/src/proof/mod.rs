//! What the machines are held against: a reference, a harness that compares after every step, a walk over every short
//! sequence of steps, and a simulation of long random ones.

pub(crate) mod harness;
pub(crate) mod payload;
pub(crate) mod reference;
pub(crate) mod rng;
pub(crate) mod simulation;
pub(crate) mod walk;
