//! post_latency and fairness: tasks spawned from a thread that is no worker.

use crate::channels::answers;
use crate::protocol::{ns_since, quantile, sorted, Measurement, Row};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{channel, Receiver, Sender};

/// Spawns from the calling thread, which sleeps before each.
fn post_tasks(rt: &Runtime, n: u64, pause: Duration) -> Measurement {
    let mut took_us = Vec::new();
    for _ in 0..n {
        std::thread::sleep(pause);
        let (ran, when) = std::sync::mpsc::channel();
        let posted = Instant::now();
        rt.spawn(async move { ran.send(ns_since(posted) / 1e3) });
        took_us.push(when.recv().expect("it runs"));
    }
    let samples = sorted(took_us);
    let metrics = vec![
        ("p50_us", quantile(&samples, 0.5)),
        ("p99_us", quantile(&samples, 0.99)),
        ("max_us", quantile(&samples, 1.0)),
    ];
    Measurement { metrics, samples, ..Measurement::default() }
}

pub fn post_latency(rt: &Runtime, row: &Row) -> Measurement {
    post_tasks(rt, row.number("n"), Duration::from_micros(row.number("idle_us")))
}

async fn asks(to: Sender<u64>, mut from: Receiver<u64>, stop: Arc<AtomicBool>) -> u64 {
    let mut trips = 0;
    while !stop.load(Relaxed) {
        let _ = to.send(trips).await;
        from.recv().await;
        trips += 1;
    }
    trips
}

pub fn fairness(rt: &Runtime, row: &Row) -> Measurement {
    let stop = Arc::new(AtomicBool::new(false));
    let start_pair = |_| {
        let (to, questions) = channel(1);
        let (replies, from) = channel(1);
        rt.spawn(answers(questions, replies));
        rt.spawn(asks(to, from, stop.clone()))
    };
    let pairs: Vec<_> = (0..2 * row.number("threads")).map(start_pair).collect();
    let every = Duration::from_micros(row.number("every_us"));
    let mut found = post_tasks(rt, row.number("n"), every);
    stop.store(true, Relaxed);
    for pair in pairs {
        if rt.block_on(pair).expect("no panic") == 0 {
            found.failure = "a pair made no round trip".to_string();
        }
    }
    found
}
