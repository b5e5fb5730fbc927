//! Every fuzz target on its corpus, and on inputs that are made of it by chance: always the same ones.
//!
//! `KAFKALAB_FUZZ=200000` tries that many of each target instead of a few thousand, `KAFKALAB_FUZZ_SEED=7` others. An
//! input that makes a target panic is written to `target/fuzz/`; once it is mended it belongs into the corpus,
//! `fuzz/corpus/TARGET/`, which `cargo fuzz` uses too. An allocation that would lead beyond [`MEMORY`] ends the process.
#![allow(unreachable_pub, reason = "a test binary has no outside")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code: a panic is how it reports")]

mod mutate;
#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

use std::alloc::System;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{env, fs};

use cap::Cap;

use self::mutate::Random;

/// What all targets together may have at one time, bytes.
const MEMORY: usize = 1 << 30;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, MEMORY);

/// Panics of the broker's threads, which have nobody else to tell.
static ELSEWHERE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Inputs of a target, unless the environment says otherwise; fewer where each one takes its time.
const ROUNDS: u64 = 3000;
const SLOW: [(&str, u64); 5] =
    [("request", 1000), ("scram", 100), ("segment", 800), ("journal", 600), ("lesson", 300)];

/// Declares a test for each target.
macro_rules! targets {
    ($($name:ident)+) => {
        $(#[test]
        fn $name() {
            feed(stringify!($name));
        })+

        #[test]
        fn every_target_has_its_test() {
            let known: Vec<&str> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(known, [$(stringify!($name)),+]);
        }
    };
}

targets!(acl batch contract format journal json lesson offsets plain profile request scram segment settings typed);

fn feed(name: &str) {
    let target = targets::named(name).unwrap();
    listen_for_panics();
    let corpus = corpus(name);
    corpus.iter().for_each(|input| try_one(name, target, input));
    let rounds = SLOW.iter().find(|(slow, _)| *slow == name).map_or(ROUNDS, |(_, rounds)| *rounds);
    let number = |variable, otherwise| env::var(variable).map_or(otherwise, |text| text.parse().unwrap());
    let mut random = Random::new(number("KAFKALAB_FUZZ_SEED", 1));
    for _ in 0..number("KAFKALAB_FUZZ", rounds) {
        try_one(name, target, &mutate::mutated(&corpus, &mut random));
    }
}

fn try_one(name: &str, target: targets::Target, input: &[u8]) {
    let result = panic::catch_unwind(AssertUnwindSafe(|| target(input)));
    let elsewhere = std::mem::take(&mut *ELSEWHERE.lock().unwrap());
    if result.is_ok() && elsewhere.is_empty() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz").join(name);
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{:08x}", crc32fast::hash(input)));
    fs::write(&file, input).unwrap();
    panic!("{name} fails with {}: {elsewhere:?}", file.display());
}

/// The corpus of a target, in the order of its files' names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|problem| panic!("{}: {problem}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Has panics of threads that are no test noted; those of tests are told as ever.
fn listen_for_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |fault| {
            let thread = std::thread::current();
            let is_test = thread.name().is_some_and(|name| targets::named(name).is_some());
            if !is_test {
                ELSEWHERE.lock().unwrap().push(fault.to_string());
            }
            usual(fault);
        }));
    });
}
