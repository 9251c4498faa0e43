//! The monkey: random events over the whole program. What it may never bring about: a change that was not
//! confirmed by the failed region's typed name, a change of a healthy region, a second change beside one that
//! runs, a panic.
//!
//! `FAILBACK_MONKEY_EVENTS` is how many events each of its two halves gets, `FAILBACK_MONKEY_SEED` where it
//! begins; both are printed where it fails. The model's half is the same for the same seed; the window's half
//! talks to a practice world through sockets, whose answers come when they come.

mod model;
mod window;

use std::collections::VecDeque;

pub use window::journals_in;

/// A small random generator (SplitMix64): the same numbers for the same seed, on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below this; 0 of nothing.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % (limit.max(1) as u64)) as usize
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What is typed: names, parts of names, and what nobody would.
const TEXTS: [&str; 12] = [
    "us-east-1",
    "us-east-1",
    "eu-west-1",
    "us-east-1 ",
    "US-EAST-1",
    "us-east",
    "",
    "I insist",
    "3",
    "../../etc",
    "\u{1b}[2J\u{202e}",
    "0000000000000000000000000000000000000000000000000000000000000000000000000000",
];

/// How many events, and the seed.
fn settings(in_ci: usize) -> (usize, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let events = number("FAILBACK_MONKEY_EVENTS").map_or(in_ci, |events| events as usize);
    (events, number("FAILBACK_MONKEY_SEED").unwrap_or(1))
}

/// The last events, to tell where it fails.
#[derive(Default)]
struct Trail {
    last: VecDeque<String>,
    count: usize,
}

impl Trail {
    fn note(&mut self, event: String) {
        if self.last.len() == 40 {
            self.last.pop_front();
        }
        self.last.push_back(format!("{:>6} {event}", self.count));
        self.count += 1;
    }

    fn told(&self) -> String {
        self.last.iter().map(|event| format!("{event}\n")).collect()
    }
}

/// Tells seed and last events where the panic that ends a test comes by.
struct Told<'a>(&'a std::cell::RefCell<Trail>, String);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let trail = self.0.borrow();
            println!("{}. After {} events, the last ones:\n{}", self.1, trail.count, trail.told());
        }
    }
}
