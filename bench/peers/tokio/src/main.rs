//! The suite's problems on Tokio: spawned tasks, its channels and its timers.

mod channels;
mod outside;
mod protocol;
mod servers;
mod tasks;
mod trees;
mod waits;

use protocol::{Measurement, Row};
use tokio::runtime::{Builder, Runtime};

const UNKNOWN_WORKLOAD: i32 = 3;

fn builder(row: &Row) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(row.number("threads") as usize);
    builder
}

fn runtime(row: &Row) -> Runtime {
    builder(row).enable_time().build().expect("a runtime")
}

/// One that has sockets, too.
fn server_runtime(row: &Row) -> Runtime {
    builder(row).enable_all().build().expect("a runtime")
}

/// Runs `body` as a task of the pool: block_on's own thread is no worker.
fn inside<F>(row: &Row, body: F) -> Measurement
where
    F: std::future::Future<Output = Measurement> + Send + 'static,
{
    let rt = runtime(row);
    rt.block_on(async { tokio::spawn(body).await.expect("no panic") })
}

fn measure(row: Row) -> Option<Measurement> {
    let found = match row.workload.as_str() {
        "llm_waits" | "trace" => inside(&row.clone(), waits::measure(row)),
        "gather" => inside(&row.clone(), tasks::gather(row)),
        "spawn_join" => inside(&row.clone(), tasks::spawn_join(row)),
        "cancel" => inside(&row.clone(), tasks::cancel(row)),
        "timers" => inside(&row.clone(), tasks::timers(row)),
        "skynet" => inside(&row.clone(), trees::skynet(row)),
        "fib" => inside(&row.clone(), trees::fib(row)),
        "nqueens" => inside(&row.clone(), trees::nqueens(row)),
        "ping_pong" => inside(&row.clone(), channels::ping_pong(row)),
        "mpmc" => inside(&row.clone(), channels::mpmc(row)),
        "post_latency" => outside::post_latency(&runtime(&row), &row),
        "fairness" => outside::fairness(&runtime(&row), &row),
        _ => return None,
    };
    Some(found)
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words == ["--version"] {
        println!("Tokio {}, rustc {}", env!("TOKIO_VERSION"), env!("RUSTC_VERSION"));
        return;
    }
    if words[0] == "--serve" {
        let row = Row::parse(&words[1..]);
        match row.workload.as_str() {
            "echo" => servers::echo(&server_runtime(&row)),
            _ => std::process::exit(UNKNOWN_WORKLOAD),
        }
        return;
    }
    let row = Row::parse(&words[2..]);
    if words[0] == "--baseline-row" {
        let peak = runtime(&row).block_on(waits::baseline(row));
        println!("metric peak_bytes {peak}\nverified");
        return;
    }
    match measure(row) {
        Some(found) => found.print(),
        None => std::process::exit(UNKNOWN_WORKLOAD),
    }
}
