//! llm_waits and trace: tasks that sleep, spawned, and their results awaited in order.

use crate::protocol::{cpu_ns, peak_bytes, quantile, sorted, splitmix64, Measurement, Row};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One simulated call. The records belong to the benchmark, so the baseline has them too.
#[derive(Default)]
struct Record {
    duration_us: u64,
    arrival_us: u64,
    asleep_ns: AtomicU64, // since the records were made
    resumed_ns: AtomicU64,
    resumptions: AtomicU32,
}

impl Record {
    fn late_ns(&self) -> i64 {
        let slept = self.resumed_ns.load(Relaxed) - self.asleep_ns.load(Relaxed);
        slept as i64 - 1000 * self.duration_us as i64
    }

    fn failure(&self) -> Option<String> {
        match (self.resumptions.load(Relaxed), self.late_ns()) {
            (1, late) if late >= 0 => None,
            (1, late) => Some(format!("a call woke {} ns early", -late)),
            (times, _) => Some(format!("a call was resumed {times} times")),
        }
    }
}

fn records_of(row: &Row) -> Vec<Record> {
    if row.workload == "trace" {
        return scheduled(&std::fs::read_to_string(row.text("schedule")).expect("a schedule"));
    }
    let duration = |i| 500_000 + splitmix64(42, i) % 500_001;
    let record = |i| Record { duration_us: duration(i), ..Record::default() };
    (0..row.number("n")).map(record).collect()
}

fn scheduled(text: &str) -> Vec<Record> {
    let record = |line: &str| {
        let (arrival, duration) = line.split_once(' ').expect("two numbers");
        let number = |text: &str| text.parse().expect("a number");
        Record {
            arrival_us: number(arrival),
            duration_us: number(duration),
            ..Record::default()
        }
    };
    text.lines().map(record).collect()
}

async fn call<T>(records: Arc<Vec<Record>>, i: usize, begun: Instant, reply: fn(usize) -> T) -> T {
    let mine = &records[i];
    if mine.arrival_us > 0 {
        tokio::time::sleep_until((begun + Duration::from_micros(mine.arrival_us)).into()).await;
    }
    mine.asleep_ns.store(begun.elapsed().as_nanos() as u64, Relaxed);
    tokio::time::sleep(Duration::from_micros(mine.duration_us)).await;
    mine.resumed_ns.store(begun.elapsed().as_nanos() as u64, Relaxed);
    mine.resumptions.fetch_add(1, Relaxed);
    reply(i)
}

struct Marks {
    created_ns: f64,
    ended_ns: f64,
    cpu_ns: f64,
    peak_bytes: i64,
}

async fn call_all<T: Send + 'static>(
    records: &Arc<Vec<Record>>,
    count: usize,
    reply: fn(usize) -> T,
) -> (Vec<T>, Marks) {
    let cpu = cpu_ns();
    let begun = Instant::now();
    let start = |i| tokio::spawn(call(records.clone(), i, begun, reply));
    let calls: Vec<_> = (0..count).map(start).collect();
    let created_ns = begun.elapsed().as_nanos() as f64;
    let mut results = Vec::with_capacity(count);
    for each in calls {
        results.push(each.await.expect("no panic"));
    }
    let ended_ns = begun.elapsed().as_nanos() as f64;
    (results, Marks { created_ns, ended_ns, cpu_ns: cpu_ns() - cpu, peak_bytes: peak_bytes() })
}

fn number(i: usize) -> u64 {
    splitmix64(7, i as u64)
}

fn text(i: usize) -> String {
    format!("reply {i}")
}

async fn run<T: PartialEq + Send + 'static>(
    records: &Arc<Vec<Record>>,
    reply: fn(usize) -> T,
) -> (String, Marks) {
    let (results, marks) = call_all(records, records.len(), reply).await;
    let wrong = results.iter().enumerate().position(|(i, result)| *result != reply(i));
    let failure = wrong.map(|i| format!("call {i} has another call's result"));
    let failure = failure.or_else(|| records.iter().find_map(Record::failure));
    (failure.unwrap_or_default(), marks)
}

pub async fn measure(row: Row) -> Measurement {
    let records = Arc::new(records_of(&row));
    let (failure, marks) = match row.text("result") {
        "string" => run(&records, text).await,
        _ => run(&records, number).await,
    };
    let late = sorted(records.iter().map(|each| each.late_ns() as f64 / 1e3).collect());
    let longest_us = records.iter().map(|each| each.arrival_us + each.duration_us).max();
    let n = records.len() as f64;
    let bytes = marks.peak_bytes - row.number("baseline_bytes") as i64;
    let metrics = vec![
        ("overhead_ms", (marks.ended_ns - 1e3 * longest_us.unwrap_or(0) as f64) / 1e6),
        ("cpu_ns_per_wait", marks.cpu_ns / n),
        ("bytes_per_wait", bytes as f64 / n),
        ("late_p50_us", quantile(&late, 0.5)),
        ("late_p99_us", quantile(&late, 0.99)),
        ("late_p999_us", quantile(&late, 0.999)),
        ("create_ms", marks.created_ns / 1e6),
    ];
    Measurement { metrics, samples: late, failure }
}

pub async fn baseline(row: Row) -> i64 {
    let records = Arc::new(records_of(&row));
    call_all(&records, 0, number).await.1.peak_bytes
}
