//! Bytes as inputs of one cell. The meaning of the bytes is in `interpret.rs`, which the ordinary tests use too.
#![no_main]

#[path = "../interpret.rs"]
mod interpret;

libfuzzer_sys::fuzz_target!(|data: &[u8]| interpret::run(data));
