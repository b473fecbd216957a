//! Rows, measurements and their text forms; clocks; the seeded numbers.

use std::collections::HashMap;
use std::time::Instant;

#[derive(Clone)]
pub struct Row {
    pub workload: String,
    params: HashMap<String, String>,
}

impl Row {
    pub fn parse(words: &[String]) -> Row {
        let params = words[1..].iter().filter_map(|word| word.split_once('='));
        let params = params.map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Row { workload: words[0].clone(), params }
    }

    pub fn text(&self, name: &str) -> &str {
        self.params.get(name).map(String::as_str).unwrap_or_else(|| panic!("{name} is missing"))
    }

    pub fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or_else(|_| panic!("{name} is no number"))
    }
}

/// What one run of a row found. An empty failure means that its result was verified.
#[derive(Default)]
pub struct Measurement {
    pub metrics: Vec<(&'static str, f64)>,
    pub samples: Vec<f64>, // sorted
    pub failure: String,
}

const TAILS: [f64; 23] = [
    1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 0.005,
    0.003, 0.002, 0.001, 0.0005, 0.0002, 0.0001,
];

impl Measurement {
    pub fn print(&self) {
        for (name, value) in &self.metrics {
            println!("metric {name} {value}");
        }
        for tail in TAILS {
            if tail * self.samples.len() as f64 >= 1.0 {
                println!("curve {} {}", 1.0 - tail, quantile(&self.samples, 1.0 - tail));
            }
        }
        match self.failure.as_str() {
            "" => println!("verified"),
            why => println!("failed {why}"),
        }
    }
}

pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    sorted[((q * sorted.len() as f64).ceil() as usize).max(1) - 1]
}

pub fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

pub fn mismatch(got: u64, wanted: u64) -> String {
    if got == wanted { String::new() } else { format!("got {got}, expected {wanted}") }
}

pub fn ns_since(begun: Instant) -> f64 {
    begun.elapsed().as_nanos() as f64
}

/// The clock that the servers' times are of, which Instant does not show.
pub fn monotonic_ns() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime fills in the structure that it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

fn usage() -> libc::rusage {
    let mut used = std::mem::MaybeUninit::uninit();
    // SAFETY: getrusage fills in the whole structure.
    unsafe {
        libc::getrusage(libc::RUSAGE_SELF, used.as_mut_ptr());
        used.assume_init()
    }
}

pub fn cpu_ns() -> f64 {
    let used = usage();
    let of = |time: libc::timeval| time.tv_sec as f64 * 1e9 + time.tv_usec as f64 * 1e3;
    of(used.ru_utime) + of(used.ru_stime)
}

/// The peak of this program; getrusage's would count that of the program that started it.
pub fn peak_bytes() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a process has a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak");
    let kib: i64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("KiB");
    kib * 1024
}

/// Output `index` of the generator splitmix64 with that seed.
pub fn splitmix64(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add((index + 1).wrapping_mul(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
    z ^ (z >> 31)
}
