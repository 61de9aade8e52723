//! The scratch buffer: its space is used again, and what is kept does not pin more than it should.

use bytes::Bytes;
use tidegate_machines::command::Delivery;

use super::Scratch;

const CHUNK: usize = 4096;
const AUTOMATIC_MIN: usize = 2048;

fn read(scratch: &mut Scratch, bytes: usize, delivery: Delivery) -> Bytes {
    scratch.room().extend_from_slice(&vec![7; bytes]);
    scratch.take(delivery, AUTOMATIC_MIN)
}

#[test]
fn the_space_of_a_copied_payload_is_used_again_when_its_event_is_over() {
    let mut scratch = Scratch::new(CHUNK);
    let first = read(&mut scratch, 100, Delivery::Copied);
    let place = first.as_ptr();
    drop(first);
    for _ in 0..1000 {
        let next = read(&mut scratch, 100, Delivery::Copied);
        assert_eq!(next.as_ptr(), place, "no allocation for a read");
    }
}

#[test]
fn a_payload_that_is_still_held_is_never_overwritten() {
    let mut scratch = Scratch::new(CHUNK);
    let held = read(&mut scratch, CHUNK, Delivery::ByReference);
    scratch.room().extend_from_slice(&[1; CHUNK]);
    let other = scratch.take(Delivery::Copied, AUTOMATIC_MIN);
    assert!(held.iter().all(|byte| *byte == 7));
    assert!(other.iter().all(|byte| *byte == 1));
}

#[test]
fn a_small_payload_that_is_kept_gets_an_allocation_of_its_own() {
    let mut scratch = Scratch::new(CHUNK);
    let space = scratch.room().as_ptr() as usize;
    let range = space..space + CHUNK;
    let small = read(&mut scratch, CHUNK / 4 - 1, Delivery::ByReference);
    assert!(!range.contains(&(small.as_ptr() as usize)), "under a quarter: copied out");
    let large = read(&mut scratch, CHUNK / 4, Delivery::ByReference);
    assert!(range.contains(&(large.as_ptr() as usize)), "a quarter: takes the buffer along");
}

#[test]
fn automatic_delivery_is_by_reference_from_its_bound_on() {
    let mut scratch = Scratch::new(64 * 1024);
    let space = scratch.room().as_ptr() as usize;
    let range = space..space + 64 * 1024;
    let below = read(&mut scratch, AUTOMATIC_MIN - 1, Delivery::Automatic);
    assert!(range.contains(&(below.as_ptr() as usize)), "copied: lies in the buffer until the event is over");
    drop(below);
    let at = read(&mut scratch, AUTOMATIC_MIN, Delivery::Automatic);
    assert!(!range.contains(&(at.as_ptr() as usize)), "kept, and small: an allocation of its own");
}
