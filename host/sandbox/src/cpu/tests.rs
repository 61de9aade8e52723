//! The CPU bound counts CPU time, not wall time.

use super::*;

const LIMIT: Duration = Duration::from_millis(20);
const TICK: Duration = Duration::from_millis(2);

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn the_first_expiry_only_reads_the_clock_and_grants_the_whole_limit() {
    let mut watch = CpuWatch::new(LIMIT, TICK);
    assert_eq!(watch.judge(ms(1000), Instant::now()).unwrap(), 10);
}

#[test]
fn a_thread_that_did_not_run_is_given_the_time_it_missed() {
    let mut watch = CpuWatch::new(LIMIT, TICK);
    let start = Instant::now();
    watch.judge(ms(1000), start).unwrap();
    assert_eq!(watch.judge(ms(1005), start + ms(40)).unwrap(), 8, "15 of 20 ms are left");
    assert_eq!(watch.judge(ms(1019), start + ms(80)).unwrap(), 1);
    assert_eq!(watch.judge(ms(1020), start + ms(120)).unwrap_err().fault, Fault::Cpu);
}

#[test]
fn work_of_the_host_is_not_charged() {
    let mut watch = CpuWatch::new(LIMIT, TICK);
    let start = Instant::now();
    watch.credit(ms(500));
    watch.judge(ms(1000), start).unwrap();
    watch.credit(ms(30));
    assert_eq!(watch.judge(ms(1045), start).unwrap(), 3, "15 of 45 ms were the guest's");
    assert!(watch.judge(ms(1050), start).is_err());
}

#[test]
fn wall_time_without_cpu_time_has_an_end_too() {
    let mut watch = CpuWatch::new(LIMIT, TICK);
    let start = Instant::now();
    watch.judge(ms(0), start).unwrap();
    assert!(watch.judge(ms(1), start + WALL_MAX - ms(1)).is_ok());
    let stop = watch.judge(ms(1), start + WALL_MAX).unwrap_err();
    assert_eq!(stop.fault, Fault::Cpu);
    assert!(stop.message.contains("30 s of wall time"), "{}", stop.message);
}

#[test]
fn a_new_call_begins_from_nothing() {
    let mut watch = CpuWatch::new(LIMIT, TICK);
    let start = Instant::now();
    watch.judge(ms(0), start).unwrap();
    watch.begin_call();
    assert!(watch.judge(ms(500), start).is_ok());
}

#[test]
fn the_clock_of_the_thread_advances_while_it_works() {
    let before = thread_cpu_time();
    let mut sum = 0u64;
    // Bounded: a processor that needs 2^32 rounds for a microsecond does not exist.
    for round in 0..u64::from(u32::MAX) {
        sum = std::hint::black_box(sum.wrapping_add(round));
        if round % 4096 == 0 && thread_cpu_time() > before {
            break;
        }
    }
    assert!(thread_cpu_time() > before, "{sum}");
}
