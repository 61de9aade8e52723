//! Writing: one turn's writes go out together, and only a real `WouldBlock` is a refusal.

use bytes::Bytes;
use tidegate_machines::Token;
use tidegate_machines::command::ReadMode;
use tidegate_machines::event::Event;
use tidegate_machines::reason::Refusal;

use super::scripted::Take;
use super::{Fixture, Recorder, always, register};

/// Registers and writes `count` times `data`, each with its number as token, in its first turn.
fn writing(count: u64, data: &'static [u8]) -> impl Fn(&Event<Bytes>, &mut Recorder) + Send + Sync + 'static {
    move |event, recorder| {
        if *event == Event::Connected {
            register(recorder, ReadMode::Push);
            for token in 1..=count {
                recorder.write(Bytes::from_static(data), always(token));
            }
        }
    }
}

fn acked(cell: &Fixture) -> Vec<u64> {
    cell.told_of(1)
        .iter()
        .filter_map(|event| if let Event::Acked(Token(token)) = event { Some(*token) } else { None })
        .collect()
}

fn refused(cell: &Fixture) -> Vec<(u64, Refusal)> {
    cell.told_of(1)
        .iter()
        .filter_map(|event| match event {
            Event::CommandFailed(failure) => Some((failure.token.map_or(0, |token| token.0), failure.reason)),
            _ => None,
        })
        .collect()
}

/// A cell whose first turn meets a kernel that takes as told.
fn fixture(takes: &[Take], script: impl Fn(&Event<Bytes>, &mut Recorder) + Send + Sync + 'static) -> Fixture {
    let takes = takes.to_vec();
    // The peer is made by the fixture; the script waits for a first byte so that the kernel can be told before.
    let mut cell = Fixture::new(1, move |event, recorder| match event {
        Event::Connected => register(recorder, ReadMode::Push),
        Event::Received(_) => {
            let mut inner = Recorder { source: recorder.source, commands: Vec::new() };
            script(&Event::Connected, &mut inner);
            // Registered already.
            recorder.commands.extend(inner.commands.into_iter().skip(1));
        }
        _ => {}
    });
    cell.peer(0).will_take(takes);
    cell.peer(0).send(b"!");
    cell.settle();
    cell
}

#[tokio::test(start_paused = true)]
async fn invariant_4_the_writes_of_one_turn_are_one_system_call() {
    let cell = fixture(&[], writing(100, b"0123456789"));
    assert_eq!(cell.peer(0).write_calls(), 1);
    assert_eq!(cell.peer(0).written().len(), 1000);
    assert_eq!(acked(&cell), (1..=100).collect::<Vec<_>>(), "acks come in wire order");
}

#[tokio::test(start_paused = true)]
async fn a_short_count_of_a_capped_call_is_not_a_refusal() {
    let cell = fixture(&[], writing(2500, b"x"));
    assert_eq!(cell.peer(0).widest_write(), 1024);
    assert_eq!(cell.peer(0).write_calls(), 3);
    assert_eq!(acked(&cell).len(), 2500);
    assert!(refused(&cell).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_short_write_that_is_followed_by_a_full_one_is_not_a_refusal() {
    let cell = fixture(&[Take::Bytes(3)], writing(2, b"0123456789"));
    assert_eq!(cell.peer(0).written(), b"01234567890123456789");
    assert_eq!(acked(&cell), [1, 2]);
    assert!(refused(&cell).is_empty());
}

#[tokio::test(start_paused = true)]
async fn when_the_kernel_blocks_the_first_write_it_did_not_take_whole_is_pending_and_the_next_are_refused() {
    let mut cell = fixture(&[Take::Bytes(15), Take::Nothing], writing(3, b"0123456789"));
    assert_eq!(acked(&cell), [1]);
    assert_eq!(refused(&cell), [(3, Refusal::QueueFull)]);
    cell.peer(0).has_room();
    cell.settle();
    assert_eq!(acked(&cell), [1, 2]);
    assert_eq!(cell.peer(0).written(), b"01234567890123456789");
}

#[tokio::test(start_paused = true)]
async fn room_that_is_not_enough_is_waited_for_again() {
    let mut cell = fixture(&[Take::Nothing], writing(1, b"0123456789"));
    for _ in 0..9 {
        cell.peer(0).will_take([Take::Bytes(1), Take::Nothing]);
        cell.peer(0).has_room();
        cell.settle();
        assert!(acked(&cell).is_empty());
    }
    cell.peer(0).has_room();
    cell.settle();
    assert_eq!(acked(&cell), [1]);
    assert_eq!(cell.peer(0).written(), b"0123456789", "every byte once, in order");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_ends_the_connection_as_a_reset() {
    let mut cell = fixture(&[Take::Nothing], writing(1, b"0123456789"));
    cell.peer(0).reset(104);
    cell.settle();
    assert!(matches!(cell.told_of(1).last(), Some(Event::Closed(_))));
    assert!(acked(&cell).is_empty(), "invariant 2: the terminal event settles what is left");
    assert!(cell.is_over());
}
