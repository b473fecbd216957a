//! gather, spawn_join, cancel, timers.

use crate::protocol::{mismatch, ns_since, quantile, sorted, Measurement, Row};
use std::time::{Duration, Instant};

pub async fn gather(row: Row) -> Measurement {
    let (n, gathers) = (row.number("n"), row.number("gathers"));
    let warm_up = gathers / 10 + 1;
    let mut took_us = Vec::new();
    let mut failure = String::new();
    for i in 0..gathers + warm_up {
        let begun = Instant::now();
        let children: Vec<_> = (0..n).map(|place| tokio::spawn(async move { place })).collect();
        let mut results = Vec::with_capacity(children.len());
        for each in children {
            results.push(each.await.expect("no panic"));
        }
        let took = ns_since(begun) / 1e3;
        if !results.iter().copied().eq(0..n) {
            failure = "a child has another child's result".to_string();
        }
        if i >= warm_up {
            took_us.push(took);
        }
    }
    let total_us: f64 = took_us.iter().sum();
    let samples = sorted(took_us);
    let metrics = vec![
        ("ns_per_child", 1e3 * total_us / (n * gathers) as f64),
        ("p50_us", quantile(&samples, 0.5)),
        ("p99_us", quantile(&samples, 0.99)),
    ];
    Measurement { metrics, samples, failure }
}

pub async fn spawn_join(row: Row) -> Measurement {
    let n = row.number("n");
    let mut begun = Instant::now();
    let mut failure = String::new();
    for i in 0..n + n / 10 {
        if i == n / 10 {
            begun = Instant::now();
        }
        let got = tokio::spawn(async move { i }).await.expect("no panic");
        if got != i {
            failure = mismatch(got, i);
        }
    }
    let metrics = vec![("ns_per_task", ns_since(begun) / n as f64)];
    Measurement { metrics, failure, ..Measurement::default() }
}

pub async fn cancel(row: Row) -> Measurement {
    let n = row.number("n");
    let sleep = |_| tokio::spawn(tokio::time::sleep(Duration::from_secs(3600)));
    let sleepers: Vec<_> = (0..n).map(sleep).collect();
    tokio::time::sleep(Duration::from_millis(300)).await; // all of them have begun
    let begun = Instant::now();
    for each in &sleepers {
        each.abort();
    }
    let queued = ns_since(begun);
    let mut cancelled = 0;
    for each in sleepers {
        cancelled += u64::from(matches!(each.await, Err(why) if why.is_cancelled()));
    }
    let joined = ns_since(begun);
    let metrics =
        vec![("ns_until_joined", joined / n as f64), ("ns_until_queued", queued / n as f64)];
    Measurement { metrics, failure: mismatch(cancelled, n), ..Measurement::default() }
}

async fn limits(times: u64) -> u64 {
    let mut done = 0;
    for _ in 0..times {
        let call = async {
            tokio::task::yield_now().await;
            1
        };
        done += tokio::time::timeout(Duration::from_secs(30), call).await.unwrap_or(0);
    }
    done
}

pub async fn timers(row: Row) -> Measurement {
    let tasks = row.number("tasks");
    let each = row.number("n") / tasks;
    let begun = Instant::now();
    let all: Vec<_> = (0..tasks).map(|_| tokio::spawn(limits(each))).collect();
    let mut done = 0;
    for one in all {
        done += one.await.expect("no panic");
    }
    let metrics = vec![("ns_per_timer", ns_since(begun) / (each * tasks) as f64)];
    Measurement { metrics, failure: mismatch(done, each * tasks), ..Measurement::default() }
}
