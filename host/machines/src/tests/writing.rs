//! The three answers, refusal, suspension, the write buffer, compounds.

use super::bench::*;
use bytes::Bytes;
use tidegate_machines::cell::{Input, Report};
use tidegate_machines::command::{
    Answer, CommandName, ConnectionCommand, Part, ReadMode, Registration, WriteData,
};
use tidegate_machines::event::{Event, Failure};
use tidegate_machines::reason::{ClosedBy, Refusal};
use tidegate_machines::{ChunkId, Token};

fn refused(token: u64, reason: Refusal) -> Event<Bytes> {
    failed(CommandName::Write, Some(token), reason)
}

#[test]
fn only_always_is_acked_and_when_the_last_byte_was_taken() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![on(write(4, always(1)))]);
    bench.kernel_takes(3);
    bench.kernel_blocks();
    assert_eq!(bench.events(), []);
    bench.kernel_takes(1);
    assert_eq!(bench.events(), [acked(1)]);
    bench.guest(vec![on(write(4, Answer::None)), on(write(4, Answer::OnFailure(Token(2))))]);
    bench.kernel_takes_all();
    assert_eq!(bench.events(), []);
}

#[test]
fn writes_of_one_turn_are_offered_together_and_acked_in_order() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![on(write(2, always(1))), on(write(3, always(2))), on(write(4, always(3)))]);
    let offered: Vec<usize> = bench.cell.transmit(C).map(Bytes::len).collect();
    assert_eq!(offered, [2, 3, 4]);
    bench.kernel_takes_all();
    assert_eq!(bench.events(), [acked(1), acked(2), acked(3)]);
}

#[test]
fn the_first_write_not_taken_whole_is_pending_and_those_after_it_are_refused() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![on(write(4, always(1))), on(write(4, always(2))), on(write(4, always(3)))]);
    bench.kernel_takes(6);
    bench.kernel_blocks();
    assert_eq!(bench.events(), [acked(1), refused(3, Refusal::QueueFull)]);
    bench.kernel_takes(2);
    assert_eq!(bench.events(), [acked(2)]);
}

#[test]
fn a_write_the_kernel_takes_none_of_is_pending_not_refused() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![on(write(4, always(1))), on(write(4, always(2)))]);
    bench.kernel_takes(4);
    bench.kernel_blocks();
    assert_eq!(bench.events(), [acked(1)], "the second is pending with all its bytes");
    assert_eq!(bench.facts().queued_bytes, 4);
}

#[test]
fn without_suspension_each_write_is_judged_on_its_own() {
    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.does(write(1, always(1)));
    assert_eq!(bench.events(), [refused(1, Refusal::QueueFull)]);
    bench.kernel_takes(4);
    bench.does(write(1, always(2)));
    bench.kernel_takes_all();
    assert_eq!(bench.events(), [acked(1000), acked(2)]);
}

#[test]
fn the_write_buffer_counts_what_is_queued_but_not_the_pending_write() {
    let mut bench = Bench::registered(&buffered(10));
    bench.make_pending(40);
    bench.guest(vec![on(write(10, always(1))), on(write(1, always(2)))]);
    assert_eq!(bench.events(), [refused(2, Refusal::QueueFull)]);
    bench.kernel_takes(40);
    bench.does(write(10, always(3)));
    assert_eq!(bench.events(), [acked(1000)], "what was queued is the pending one and counts no more");
    bench.kernel_takes_all();
    assert_eq!(bench.events(), [acked(1), acked(3)]);
}

#[test]
fn a_write_buffer_above_the_services_limit_is_lowered_to_it() {
    let mut bench = Bench::registered(&buffered(1_000_000));
    bench.make_pending(1);
    bench.guest(vec![on(write(50, always(1))), on(write(1, always(2)))]);
    assert_eq!(bench.events(), [refused(2, Refusal::QueueFull)]);
}

#[test]
fn empty_writes_are_judged_like_any_other_and_then_done() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![
        on(write(0, always(1))),
        on(write(0, Answer::None)),
        on(write(0, Answer::OnFailure(Token(2)))),
    ]);
    assert_eq!(bench.events(), [acked(1)]);
    bench.make_pending(4);
    bench.does(write(0, always(3)));
    assert_eq!(bench.events(), [refused(3, Refusal::QueueFull)]);
}

#[test]
fn an_empty_write_behind_others_is_acked_in_wire_order() {
    let mut bench = Bench::registered(&buffered(10));
    bench.make_pending(4);
    bench.guest(vec![on(write(0, always(1))), on(write(2, always(2))), on(write(0, always(3)))]);
    bench.kernel_takes(4);
    assert_eq!(bench.events(), [acked(1000), acked(1)]);
    bench.kernel_takes(2);
    assert_eq!(bench.events(), [acked(2), acked(3)]);
}

#[test]
fn a_refusal_is_reported_with_or_without_a_token() {
    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.guest(vec![
        on(write(1, Answer::None)),
        on(write(1, Answer::OnFailure(Token(1)))),
        on(write(1, always(2))),
    ]);
    assert_eq!(
        bench.events(),
        [
            failed(CommandName::Write, None, Refusal::QueueFull),
            refused(1, Refusal::QueueFull),
            refused(2, Refusal::QueueFull),
        ]
    );
}

#[test]
fn a_refused_chunk_comes_back_and_refused_bytes_do_not() {
    let mut bench = Bench::registered(&push());
    bench.make_pending(4);
    bench.does(write_chunk(77, 3, always(1)));
    let returned = Some(WriteData::Chunk(ChunkId(77), payload(3)));
    let failure = Failure {
        command: CommandName::WriteChunk,
        token: Some(Token(1)),
        reason: Refusal::QueueFull,
        sent_bytes: 0,
        returned,
    };
    assert_eq!(bench.events(), [Event::CommandFailed(failure)]);
}

#[test]
fn a_write_over_the_limit_is_refused_and_what_follows_is_judged_without_it() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![on(write(2, always(1))), on(write(101, always(2))), on(write(3, always(3)))]);
    bench.kernel_takes_all();
    assert_eq!(bench.events(), [acked(1), refused(2, Refusal::TooLarge), acked(3)]);
}

#[test]
fn with_suspension_everything_is_refused_until_writing_resumed_was_delivered() {
    let mut bench = Bench::registered(&suspending());
    bench.make_pending(4);
    bench.guest(vec![on(write(1, always(1))), on(write(0, always(2)))]);
    assert_eq!(bench.events(), [refused(1, Refusal::QueueFull), refused(2, Refusal::WritingSuspended)]);
    bench.kernel_takes(4);
    bench.does(write(1, always(3)));
    assert_eq!(bench.events(), [acked(1000), refused(3, Refusal::WritingSuspended)]);
    bench.guest(vec![on(ConnectionCommand::ResumeWriting), on(write(1, always(4)))]);
    assert_eq!(bench.events(), [Event::WritingResumed, refused(4, Refusal::WritingSuspended)]);
    bench.does(write(1, always(5)));
    bench.kernel_takes_all();
    assert_eq!(bench.events(), [acked(5)]);
}

#[test]
fn too_large_suspends_too() {
    let mut bench = Bench::registered(&suspending());
    bench.guest(vec![on(write(101, always(1))), on(write(1, always(2)))]);
    assert_eq!(bench.events(), [refused(1, Refusal::TooLarge), refused(2, Refusal::WritingSuspended)]);
}

#[test]
fn resume_writing_waits_for_pending_and_queue_and_comes_after_their_acks() {
    let registration = Registration { suspend_on_refusal: true, ..buffered(10) };
    let mut bench = Bench::registered(&registration);
    bench.make_pending(4);
    bench.guest(vec![
        on(write(10, always(1))),
        on(write(1, always(2))),
        on(ConnectionCommand::ResumeWriting),
    ]);
    assert_eq!(bench.events(), [refused(2, Refusal::QueueFull)]);
    bench.kernel_takes(4);
    assert_eq!(bench.events(), [acked(1000)]);
    bench.kernel_takes(10);
    assert_eq!(bench.events(), [acked(1), Event::WritingResumed]);
}

#[test]
fn resume_writing_without_a_refusal_is_answered_at_once() {
    let mut bench = Bench::registered(&push());
    bench.does(ConnectionCommand::ResumeWriting);
    assert_eq!(bench.events(), [Event::WritingResumed]);
}

#[test]
fn a_second_resume_writing_while_one_waits_is_refused() {
    let mut bench = Bench::registered(&suspending());
    bench.make_pending(4);
    bench.guest(vec![on(ConnectionCommand::ResumeWriting), on(ConnectionCommand::ResumeWriting)]);
    assert_eq!(bench.events(), [failed(CommandName::ResumeWriting, None, Refusal::ResumePending)]);
    bench.kernel_takes(4);
    assert_eq!(bench.events(), [acked(1000), Event::WritingResumed]);
}

#[test]
fn a_suspension_that_began_after_writing_resumed_was_sent_is_not_ended_by_it() {
    let mut bench = Bench::registered(&suspending());
    bench.guest(vec![on(ConnectionCommand::ResumeWriting), on(write(4, always(1))), on(write(4, always(2)))]);
    bench.kernel_blocks();
    bench.kernel_takes(4);
    assert_eq!(bench.events(), [Event::WritingResumed, refused(2, Refusal::QueueFull), acked(1)]);
    bench.does(write(4, always(3)));
    assert_eq!(
        bench.events(),
        [refused(3, Refusal::WritingSuspended)],
        "it must not overtake the refused one"
    );
}

#[test]
fn a_compound_is_sent_as_one_and_each_part_has_its_own_answer() {
    let mut bench = Bench::registered(&push());
    bench.does(compound(vec![
        part(5, always(1)),
        part(5, Answer::None),
        part(0, always(3)),
        part(5, always(4)),
    ]));
    bench.kernel_takes(5);
    bench.kernel_blocks();
    assert_eq!(bench.events(), [acked(1)]);
    bench.kernel_takes(5);
    assert_eq!(bench.events(), [acked(3)]);
    bench.kernel_takes(5);
    assert_eq!(bench.events(), [acked(4)]);
}

#[test]
fn a_compound_counts_as_its_sum_and_is_refused_whole_with_one_failure_per_token() {
    let mut bench = Bench::registered(&buffered(10));
    bench.make_pending(4);
    let chunk = Part { data: WriteData::Chunk(ChunkId(5), payload(5)), answer: Answer::OnFailure(Token(2)) };
    bench.does(compound(vec![part(3, always(1)), chunk, part(3, Answer::None)]));
    let failure = Failure {
        command: CommandName::WriteCompound,
        token: Some(Token(2)),
        reason: Refusal::QueueFull,
        sent_bytes: 0,
        returned: Some(WriteData::Chunk(ChunkId(5), payload(5))),
    };
    assert_eq!(
        bench.events(),
        [failed(CommandName::WriteCompound, Some(1), Refusal::QueueFull), Event::CommandFailed(failure),]
    );
    bench.does(compound(vec![part(5, Answer::None), part(6, Answer::None)]));
    assert_eq!(
        bench.events(),
        [failed(CommandName::WriteCompound, None, Refusal::QueueFull)],
        "at least one"
    );
    bench.does(compound(vec![part(4, Answer::None), part(6, always(3))]));
    bench.kernel_takes_all();
    assert_eq!(bench.events(), [acked(1000), acked(3)], "ten bytes fit");
}

#[test]
fn the_leading_empty_part_of_a_compound_waits_for_nobody() {
    let mut bench = Bench::registered(&push());
    bench.does(compound(vec![part(0, always(1)), part(3, always(2))]));
    bench.kernel_blocks();
    assert_eq!(bench.events(), [acked(1)]);
}

#[test]
fn a_compound_of_nothing_is_done_at_once() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![on(compound(Vec::new())), on(write(0, always(1)))]);
    assert_eq!(bench.events(), [acked(1)]);
}

#[test]
fn commands_after_a_write_wait_for_its_judgement() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![on(write(4, always(1))), on(ConnectionCommand::Close), on(write(4, always(2)))]);
    assert_eq!(bench.cell.transmit(C).count(), 1);
    bench.kernel_takes(1);
    bench.kernel_blocks();
    assert_eq!(bench.events(), [refused(2, Refusal::Closing)]);
    bench.kernel_takes(3);
    assert_eq!(bench.events(), [acked(1), closed(ClosedBy::Closed, 0)]);
}

#[test]
fn bytes_claimed_beyond_what_was_offered_are_ignored() {
    let mut bench = Bench::registered(&push());
    bench.guest(vec![on(write(4, always(1))), on(write(101, always(2)))]);
    bench.kernel_takes(1_000_000);
    assert_eq!(bench.events(), [acked(1), refused(2, Refusal::TooLarge)]);
}

#[test]
fn facts_tell_what_waits() {
    let mut bench = Bench::registered(&Registration { suspend_on_refusal: true, ..buffered(10) });
    bench.make_pending(4);
    bench.guest(vec![on(write(6, always(1))), on(write(6, always(2)))]);
    let facts = bench.facts();
    assert_eq!((facts.queued_bytes, facts.suspended, facts.registered), (10, true, true));
    assert_eq!(bench.cell.pending_tokens(C).collect::<Vec<_>>(), [Token(1000), Token(1)]);
}

#[test]
fn the_largest_queue_is_reported_as_it_grows() {
    let mut bench = Bench::registered(&buffered(20));
    bench.does(write(4, Answer::None));
    bench.kernel_blocks();
    bench.does(write(10, Answer::None));
    bench.does(write(10, Answer::None));
    bench.kernel_takes_all();
    bench.does(write(4, Answer::None));
    bench.kernel_blocks();
    let peaks: Vec<u64> = bench
        .reports()
        .into_iter()
        .filter_map(|report| if let Report::QueuePeak(_, bytes) = report { Some(bytes) } else { None })
        .collect();
    assert_eq!(peaks, [4, 14, 24]);
}

#[test]
fn tokens_may_repeat() {
    let mut bench = Bench::registered(&mode(ReadMode::Paced));
    bench.guest(vec![on(write(2, always(1))), on(write(2, always(1)))]);
    bench.kernel_takes_all();
    assert_eq!(bench.events(), [acked(1), acked(1)]);
}

#[test]
fn a_kernel_that_blocks_with_nothing_offered_changes_nothing() {
    let mut bench = Bench::registered(&push());
    bench.kernel_blocks();
    bench.input(Input::Transmitted { connection: C, bytes: 10 });
    assert_eq!((bench.events(), bench.outputs()), (vec![], vec![]));
}
