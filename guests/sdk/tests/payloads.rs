//! Reading payloads from the front, in both forms.

#![allow(clippy::expect_used, clippy::panic, reason = "a failed expectation ends the test")]

use tidegate_guest::prelude::*;
use tidegate_guest::testing::{Command, Kit, Written, start};
use tidegate_guest::{TooShort, runtime::PerConnection};

/// Does with each payload what the test asks for.
#[derive(Clone, Default)]
struct Reader;

impl Handler for Reader {
    fn received(&mut self, c: &Connection, mut data: Payload) {
        let length = data.len();
        let Ok(kind) = data.get_u8() else { return };
        match kind {
            // A length-prefixed frame: its body goes back, then what follows it.
            b'f' => {
                let Ok(len) = data.get_u16() else { return };
                c.forward(data.split_to(usize::from(len)), Answer::None);
                c.forward(data, Answer::None);
            }
            // All integers.
            b'i' => {
                let values = (data.get_u16(), data.get_u32(), data.get_u64());
                c.write(format!("{values:?} {:?}", data.get_u8()), Answer::None);
            }
            // Too little, which takes nothing.
            b's' => {
                assert_eq!(data.get_u64(), Err(TooShort { wanted: 8, left: length - 1 }));
                c.forward(data, Answer::None);
            }
            // Kept while it is written.
            b'k' => {
                c.write_kept(&mut data, Answer::None);
                c.write_kept(&mut data, Answer::None);
            }
            // More is dropped than there is.
            b'd' => {
                data.advance(1_000);
                assert!(data.is_empty());
                c.write(data.into_vec(), Answer::None);
            }
            _ => {}
        }
    }
}

fn connected() -> (Kit<PerConnection<Reader>>, u64) {
    let mut kit = start::<Reader>(&[]).expect("no arguments needed");
    let c = kit.connect();
    kit.commands();
    (kit, c)
}

/// What is written in answer to `data`, which is given in both forms and must be answered alike.
fn written(data: &[u8]) -> Vec<Vec<u8>> {
    let (mut kit, c) = connected();
    let bytes = |commands: Vec<Command>| -> Vec<Vec<u8>> {
        commands
            .into_iter()
            .map(|command| match command {
                Command::Write { data: Written::Bytes(b) | Written::Chunk(b), .. } => b,
                other => panic!("not a write: {other:?}"),
            })
            .collect()
    };
    kit.received(c, data);
    let copied = bytes(kit.commands());
    kit.received_chunk(c, data);
    let by_reference = bytes(kit.commands());
    assert_eq!(copied, by_reference);
    assert_eq!(kit.chunks_held(), 0);
    copied
}

#[test]
fn a_frame_is_split_off_and_the_rest_is_left() {
    assert_eq!(written(b"f\x00\x03abcrest"), [b"abc".to_vec(), b"rest".to_vec()]);
    assert_eq!(written(b"f\x00\x00rest"), [b"".to_vec(), b"rest".to_vec()]);
    assert_eq!(written(b"f\x00\xffabc"), [b"abc".to_vec(), b"".to_vec()]);
}

#[test]
fn integers_are_big_endian() {
    let data = b"i\x01\x02\x01\x02\x03\x04\x01\x02\x03\x04\x05\x06\x07\x08";
    let text = "(Ok(258), Ok(16909060), Ok(72623859790382856)) Err(TooShort { wanted: 1, left: 0 })";
    assert_eq!(written(data), [text.as_bytes().to_vec()]);
}

#[test]
fn asking_for_more_than_is_left_takes_nothing() {
    assert_eq!(written(b"sabc"), [b"abc".to_vec()]);
}

#[test]
fn dropping_more_than_is_left_leaves_nothing() {
    assert_eq!(written(b"dabc"), [b"".to_vec()]);
}

#[test]
fn a_kept_payload_can_be_written_again() {
    assert_eq!(written(b"kabc"), [b"abc".to_vec(), b"abc".to_vec()]);
}

#[test]
fn an_untouched_chunk_is_forwarded_without_a_copy() {
    #[derive(Clone, Default)]
    struct Forward;
    impl Handler for Forward {
        fn received(&mut self, c: &Connection, mut data: Payload) {
            c.forward(data.split_to(2), Answer::None);
            c.forward(data, Answer::None);
        }
    }
    let mut kit = start::<Forward>(&[]).expect("no arguments needed");
    let c = kit.connect();
    kit.commands();
    kit.received_chunk(c, b"abcd");
    let halves = [Command::write_chunk(c, b"ab", Answer::None), Command::write_chunk(c, b"cd", Answer::None)];
    assert_eq!(kit.commands(), halves);
}
