//! The store between its marks.

use tidegate_guest::prelude::*;
use tidegate_guest::testing::{Command, Kit, start};

use super::{CHUNK_OVERHEAD_BYTES, Overrun, Store, Tally, Watermarks};

/// A handler that only stores, and drops what an ack names.
#[derive(Clone, Default)]
struct Keeper {
    marks: Watermarks,
    store: Store,
    overrun: Option<Overrun>,
    wrong_acks: u32,
}

impl Handler for Keeper {
    fn configure(&mut self, args: &mut Args) -> Result<(), ArgError> {
        self.marks = Watermarks::from_args(args)?;
        self.store = Store::new(self.marks);
        Ok(())
    }

    fn received(&mut self, c: &Connection, data: Payload) {
        self.overrun = self.store.push(c, data).err();
    }

    fn acked(&mut self, c: &Connection, token: Token) {
        if !self.store.pop(c, token) {
            self.wrong_acks += 1;
        }
    }
}

type KeeperKit = Kit<tidegate_guest::runtime::PerConnection<Keeper>>;

/// 1000 bytes and the overhead, in a store of 200 000 with marks at 50 % and 30 %.
const CHUNK: [u8; 1000] = [7; 1000];
const CHARGED: u64 = 1000 + CHUNK_OVERHEAD_BYTES;

fn keeper() -> (KeeperKit, u64) {
    let mut kit = start::<Keeper>(&[("max-stored", "200000")]).expect("good arguments");
    let c = kit.connect();
    kit.commands();
    (kit, c)
}

fn stored(kit: &KeeperKit, c: u64) -> u64 {
    kit.state(c).expect("connected").store.charged()
}

#[test]
fn reading_stops_above_the_high_mark_and_goes_on_below_the_low_one() {
    let (mut kit, c) = keeper();
    let mut chunks = 0;
    while stored(&kit, c) + CHARGED <= 100_000 {
        kit.received(c, &CHUNK);
        chunks += 1;
    }
    assert_eq!(kit.commands(), [], "at or below the mark nothing happens");
    kit.received(c, &CHUNK);
    assert_eq!(kit.commands(), [Command::SuspendReading { connection: c }]);
    kit.received(c, &CHUNK);
    assert_eq!(kit.commands(), [], "it is suspended once");

    let mut acked = 0;
    while stored(&kit, c) >= 60_000 {
        assert_eq!(kit.commands(), []);
        kit.acked(c, acked * 1000);
        acked += 1;
    }
    assert_eq!(kit.commands(), [Command::ResumeReading { connection: c }]);
    assert!(acked < chunks, "something is left");
    assert_eq!((kit.counted("suspends"), kit.counted("resumes")), (1, 1));
}

#[test]
fn more_than_max_stored_is_an_overrun_and_not_kept() {
    let (mut kit, c) = keeper();
    while stored(&kit, c) + CHARGED <= 200_000 {
        kit.received(c, &CHUNK);
    }
    let before = stored(&kit, c);
    kit.received(c, &CHUNK);
    let state = kit.state(c).expect("connected");
    assert_eq!(state.overrun, Some(Overrun { stored: before + CHARGED, max: 200_000 }));
    assert_eq!(state.store.charged(), before);
}

#[test]
fn an_ack_out_of_order_drops_nothing() {
    let (mut kit, c) = keeper();
    kit.received(c, &CHUNK);
    kit.received(c, &CHUNK);
    kit.acked(c, 1000);
    let state = kit.state(c).expect("connected");
    assert_eq!((state.wrong_acks, state.store.len()), (1, 2));
}

#[test]
fn arguments_that_contradict_each_other_are_refused_with_the_reason() {
    let refusal = |args: &[(&str, &str)]| start::<Keeper>(args).expect_err("bad arguments").to_string();
    assert_eq!(refusal(&[("high", "30"), ("low", "30")]), "argument `low=30`: must be less than `high=30`");
    assert!(refusal(&[("max-stored", "64KiB")]).contains("one read can bring 65664 bytes"));
    assert!(refusal(&[("high", "100")]).contains("only 0 are left above the high mark"));
    assert!(refusal(&[("max-stored", "much")]).contains("expected bytes from 1 to 1073741824"));
}

#[test]
fn the_defaults_are_those_of_the_arguments() {
    let kit = start::<Keeper>(&[]).expect("no arguments needed");
    drop(kit);
    let mut keeper = start::<Keeper>(&[]).expect("no arguments needed");
    let c = keeper.connect();
    let marks = keeper.state(c).expect("connected").marks;
    assert_eq!((marks.max, marks.high, marks.low), (4_194_304, 2_097_152, 1_258_291));
}

#[test]
fn a_tally_reports_in_steps_and_the_rest_at_the_end() {
    let kit = start::<Keeper>(&[]).expect("no arguments needed");
    let mut tally = Tally::new("acks");
    for _ in 0..super::REPORT_EVERY + 3 {
        tally.add();
    }
    assert_eq!(kit.counted("acks"), super::REPORT_EVERY);
    tally.report();
    tally.report();
    assert_eq!(kit.counted("acks"), super::REPORT_EVERY + 3);
}
