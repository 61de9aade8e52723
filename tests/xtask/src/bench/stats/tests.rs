//! The interval is the textbook one, and a bound inside it decides nothing.

use super::{Verdict, interval_rank, summarise};

#[test]
fn the_ranks_are_those_of_the_sign_test_tables() {
    // Tables give the 1-based rank of the lower end; ours counts from 0.
    for (n, rank) in
        [(6, 1), (8, 1), (9, 2), (12, 3), (15, 4), (20, 6), (25, 8), (30, 10), (50, 18), (100, 40)]
    {
        assert_eq!(interval_rank(n) + 1, rank, "n = {n}");
    }
}

#[test]
fn few_samples_give_their_whole_range() {
    for n in 1..6 {
        let samples: Vec<f64> = (0..n).map(f64::from).collect();
        let summary = summarise(&samples).unwrap();
        assert_eq!((summary.low, summary.high), (0.0, f64::from(n - 1)));
    }
    assert_eq!(summarise(&[]), None);
}

#[test]
fn the_order_of_the_samples_does_not_matter() {
    let samples: Vec<f64> = (0..20).map(|index| f64::from(index * 7 % 20)).collect();
    let summary = summarise(&samples).unwrap();
    assert_eq!((summary.median, summary.low, summary.high), (9.5, 5.0, 14.0));
    assert_eq!(summary.quartile_distance, 9.5);
}

#[test]
fn the_interval_covers_the_median_as_often_as_it_says() {
    // A small generator of its own: the claim is about frequencies, and a fixed seed makes it one run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let rounds = 4000;
    let covered = (0..rounds)
        .filter(|_| {
            // Skewed on purpose: the median of u² is 1/4.
            let samples: Vec<f64> = (0..20).map(|_| uniform().powi(2)).collect();
            let summary = summarise(&samples).unwrap();
            summary.low <= 0.25 && 0.25 <= summary.high
        })
        .count();
    let share = covered as f64 / f64::from(rounds);
    assert!((0.945..0.975).contains(&share), "covered {share}; the exact value is 0.9586");
}

#[test]
fn a_bound_inside_the_interval_is_not_decided() {
    let samples: Vec<f64> = (0..20).map(|index| 0.9 + 0.01 * f64::from(index)).collect();
    let summary = summarise(&samples).unwrap();
    assert_eq!(summary.judge(summary.low), Verdict::Reached);
    assert_eq!(summary.judge(0.8), Verdict::Reached);
    assert_eq!(summary.judge(1.0), Verdict::NotDecided);
    assert_eq!(summary.judge(summary.high), Verdict::NotDecided);
    assert_eq!(summary.judge(1.2), Verdict::Missed);
    assert_eq!(Verdict::NotDecided.shown(), "not decided");
}
