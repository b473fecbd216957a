//! ping_pong and mpmc, over Tokio's mpsc channels. Several consumers share a receiver by a mutex:
//! Tokio has no channel with many receivers of one item.

use crate::protocol::{mismatch, ns_since, Measurement, Row};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::{channel, Receiver, Sender};
use tokio::sync::Mutex;

pub async fn answers(mut questions: Receiver<u64>, replies: Sender<u64>) {
    while let Some(asked) = questions.recv().await {
        let _ = replies.send(asked + 1).await;
    }
}

pub async fn ping_pong(row: Row) -> Measurement {
    let n = row.number("n");
    let (to, questions) = channel(1);
    let (replies, mut from) = channel(1);
    let other = tokio::spawn(answers(questions, replies));
    let mut begun = Instant::now();
    let mut failure = String::new();
    for i in 0..n + n / 10 {
        if i == n / 10 {
            begun = Instant::now();
        }
        let _ = to.send(i).await;
        let got = from.recv().await.unwrap_or(0);
        if got != i + 1 {
            failure = mismatch(got, i + 1);
        }
    }
    let metrics = vec![("ns_per_round_trip", ns_since(begun) / n as f64)];
    drop(to);
    other.await.expect("no panic");
    Measurement { metrics, failure, ..Measurement::default() }
}

async fn produces(items: Sender<u64>, first: u64, step: u64, last: u64) {
    for item in (first..=last).step_by(step as usize) {
        let _ = items.send(item).await;
    }
}

async fn consumes(items: Arc<Mutex<Receiver<u64>>>) -> u64 {
    let mut sum = 0;
    loop {
        let next = items.lock().await.recv().await;
        match next {
            Some(item) => sum += item,
            None => return sum,
        }
    }
}

pub async fn mpmc(row: Row) -> Measurement {
    let (n, producers) = (row.number("n"), row.number("producers"));
    let begun = Instant::now();
    let (to, from) = channel(row.number("capacity") as usize);
    let from = Arc::new(Mutex::new(from));
    for i in 0..producers {
        tokio::spawn(produces(to.clone(), i + 1, producers, n));
    }
    drop(to);
    let start = |_| tokio::spawn(consumes(from.clone()));
    let consumers: Vec<_> = (0..row.number("consumers")).map(start).collect();
    let mut total = 0;
    for each in consumers {
        total += each.await.expect("no panic");
    }
    let metrics = vec![("ns_per_item", ns_since(begun) / n as f64)];
    Measurement { metrics, failure: mismatch(total, n * (n + 1) / 2), ..Measurement::default() }
}
