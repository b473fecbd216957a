//! The fork trees: one branch is computed by the caller where a runtime's user would do so, the
//! others are spawned.

use crate::protocol::{mismatch, ns_since, quantile, sorted, Measurement, Row};
use std::future::Future;
use std::pin::Pin;
use std::time::Instant;
use tokio::task::JoinHandle;

type Boxed = Pin<Box<dyn Future<Output = u64> + Send>>;

/// Computes once to warm up, then as often as asked; the median counts.
async fn measure(row: &Row, expected: u64, compute: impl Fn() -> Boxed) -> Measurement {
    let mut took_ms = Vec::new();
    let mut failure = String::new();
    for _ in 0..=row.number("repetitions") {
        let begun = Instant::now();
        let result = compute().await;
        took_ms.push(ns_since(begun) / 1e6);
        if failure.is_empty() {
            failure = mismatch(result, expected);
        }
    }
    let ms = quantile(&sorted(took_ms.split_off(1)), 0.5);
    Measurement { metrics: vec![("ms", ms)], failure, ..Measurement::default() }
}

async fn fib_of(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let other = fork_fib(n - 1);
    let mine = boxed_fib(n - 2).await;
    mine + other.await.expect("no panic")
}

fn fork_fib(n: u64) -> JoinHandle<u64> {
    tokio::spawn(fib_of(n))
}

fn boxed_fib(n: u64) -> Boxed {
    Box::pin(fib_of(n))
}

pub async fn fib(row: Row) -> Measurement {
    let n = row.number("n");
    let expected = (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0;
    measure(&row, expected, || boxed_fib(n)).await
}

async fn leaves_below(first: u64, leaves: u64) -> u64 {
    if leaves == 1 {
        return first;
    }
    let each = leaves / 10;
    let parts: Vec<_> = (0..10).map(|i| fork_leaves(first + i * each, each)).collect();
    sum(parts).await
}

fn fork_leaves(first: u64, leaves: u64) -> JoinHandle<u64> {
    tokio::spawn(leaves_below(first, leaves))
}

async fn sum(parts: Vec<JoinHandle<u64>>) -> u64 {
    let mut total = 0;
    for part in parts {
        total += part.await.expect("no panic");
    }
    total
}

pub async fn skynet(row: Row) -> Measurement {
    let n = row.number("n");
    measure(&row, n * (n - 1) / 2, || Box::pin(leaves_below(0, n))).await
}

#[derive(Clone, Copy, Default)]
struct Queens {
    rows: usize,
    columns: [u8; 16],
}

impl Queens {
    fn leaves_free(&self, column: usize) -> bool {
        self.columns[..self.rows].iter().enumerate().all(|(row, taken)| {
            let (taken, distance) = (*taken as usize, self.rows - row);
            taken != column && taken + distance != column && taken != column + distance
        })
    }

    fn with(mut self, column: usize) -> Queens {
        self.columns[self.rows] = column as u8;
        self.rows += 1;
        self
    }
}

async fn solutions(placed: Queens, n: usize) -> u64 {
    if placed.rows == n {
        return 1;
    }
    let free = (0..n).filter(|column| placed.leaves_free(*column));
    let tries = free.map(|column| fork_solutions(placed.with(column), n)).collect();
    sum(tries).await
}

fn fork_solutions(placed: Queens, n: usize) -> JoinHandle<u64> {
    tokio::spawn(solutions(placed, n))
}

pub async fn nqueens(row: Row) -> Measurement {
    let n = row.number("n") as usize;
    let known = [1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2_680, 14_200, 73_712];
    measure(&row, known[n], || Box::pin(solutions(Queens::default(), n))).await
}
