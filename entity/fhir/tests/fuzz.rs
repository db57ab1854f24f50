//! The functions that cargo-fuzz drives (`tests/fuzz`), on the stable compiler: the committed corpora, and mutations of them.
//!
//! `WINTEHR_FUZZ_SECONDS` says how many seconds of processor time each target is mutated for, from a seed that is new each time and told
//! first (`WINTEHR_SEED` gives it back); `make soak` says a minute. Without it a fixed number of mutations is tried, always the same:
//! so in `make test`, where the six targets take some sixty seconds of processor time together.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]
#![expect(clippy::disallowed_methods, reason = "its settings are those of a test run, not of the program")]

#[path = "../../../tests/fuzz/targets.rs"]
mod targets;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Mutations of each target when no time is given.
const MUTATIONS: usize = 1_000_000;
/// What one input may take of the processor, in a build without optimisation.
const LIMIT: Duration = Duration::from_secs(10);
/// Longest input, in bytes.
const LONGEST: usize = 16 << 10;

/// Pieces that readers treat in a way of their own.
const PIECES: [&str; 44] = [
    "(",
    ")",
    "((((((((",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "\\",
    ",",
    "|",
    "$",
    "&",
    "=",
    ":",
    ".",
    "*",
    "/",
    "~",
    "`",
    "%",
    "-",
    "+",
    "<",
    ">",
    "/>",
    "<!--",
    "]]>",
    "&#0;",
    "&lt;",
    "\u{0}",
    "é",
    "𝄞",
    "\u{301}",
    "9999999999999999999",
    "1e999",
    "-0.0",
    "T24:00:00",
    "Z",
    "_has:Observation:patient:",
    "_filter=",
    "null",
    "@2020",
];

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }

    /// A start and an end within a length, the end at most `most` later.
    fn range(&mut self, length: usize, most: usize) -> (usize, usize) {
        let from = self.below(length + 1);
        (from, (from + self.below(most + 1)).min(length))
    }
}

fn mutate(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut data = corpus[dice.below(corpus.len())].clone();
    for _ in 0..=dice.below(4) {
        let (from, to) = dice.range(data.len(), 24);
        match dice.below(7) {
            0 if !data.is_empty() => {
                let at = dice.below(data.len());
                data[at] = (dice.below(96) + 32) as u8;
            }
            1 => drop(data.drain(from..to)),
            2 => {
                let copy = data[from..to].repeat(1 + dice.below(6));
                data.splice(to..to, copy);
            }
            3 => {
                let other = &corpus[dice.below(corpus.len())];
                let (a, b) = dice.range(other.len(), 200);
                data.splice(from..to, other[a..b].iter().copied());
            }
            4 => {
                let piece = PIECES[dice.below(PIECES.len())];
                let many = if dice.below(8) == 0 { 300 } else { 1 };
                data.splice(from..from, piece.repeat(many).into_bytes());
            }
            _ => {
                let piece = PIECES[dice.below(PIECES.len())];
                data.splice(from..to, piece.bytes());
            }
        }
        data.truncate(LONGEST);
    }
    data
}

/// What this thread has had of the processor, whatever other programs do.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts a thread's time");
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

fn drive(target: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let corpus: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(f).unwrap()).collect();
    let seconds: Option<u64> = std::env::var("WINTEHR_FUZZ_SECONDS").ok().map(|s| s.parse().unwrap());
    let try_one = |data: &[u8]| {
        let begun = Instant::now();
        let held = catch_unwind(AssertUnwindSafe(|| targets::run(target, data)));
        assert!(held.is_ok(), "{target} panicked on {:?}", String::from_utf8_lossy(data));
        if begun.elapsed() > LIMIT {
            // Waiting for a busy machine is no fault of the reader.
            let begun = processor_time();
            targets::run(target, data);
            let took = processor_time().saturating_sub(begun);
            assert!(took < LIMIT, "{target} took {took:?} for {:?}", String::from_utf8_lossy(data));
        }
    };
    corpus.iter().for_each(|data| try_one(data));
    let given: Option<u64> = std::env::var("WINTEHR_SEED").ok().map(|s| s.parse().unwrap());
    let seed = given.unwrap_or_else(|| if seconds.is_some() { RandomState::new().build_hasher().finish() } else { 7 });
    eprintln!("{target}: seed {seed}");
    let mut dice = Dice(seed);
    let (begun, mut tried) = (processor_time(), 0);
    while seconds.map_or(tried < MUTATIONS, |s| processor_time().saturating_sub(begun) < Duration::from_secs(s)) {
        for _ in 0..100 {
            try_one(&mutate(&mut dice, &corpus));
        }
        tried += 100;
    }
    eprintln!("{target}: {tried} mutations");
}

#[test]
fn every_target_has_its_driver_and_corpus() {
    for target in targets::TARGETS {
        let bin =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/fuzz/fuzz_targets/{target}.rs"));
        assert!(std::fs::read_to_string(bin).unwrap().contains(&format!("run(\"{target}\"")), "{target}");
    }
}

#[test]
fn search_strings_never_panic() {
    drive("search");
}

#[test]
fn json_bodies_never_panic() {
    drive("json");
}

#[test]
fn xml_bodies_never_panic() {
    drive("xml");
}

#[test]
fn fhirpath_never_panics() {
    drive("fhirpath");
}

#[test]
fn patches_never_panic() {
    drive("patch");
}

#[test]
fn dates_and_numbers_never_panic() {
    drive("date");
}
