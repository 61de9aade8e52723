//! Tests over the whole crate, by its public face: the sentences of the contract, and what runs the proofs.

mod bench;
mod closing;
mod handler;
mod limits;
mod lingering;
mod moving;
mod opening;
mod reading;
mod shared;
mod simulation;
mod table;
mod total;
mod walk;
mod writing;
