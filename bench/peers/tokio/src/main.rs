//! The suite's problems on Tokio: spawned tasks, its channels and its timers, and hyper's client.

mod channels;
mod clients;
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
fn socket_runtime(row: &Row) -> Runtime {
    builder(row).enable_all().build().expect("a runtime")
}

/// Runs `body` as a task of the pool: block_on's own thread is no worker.
fn inside<F>(rt: Runtime, body: F) -> Measurement
where
    F: std::future::Future<Output = Measurement> + Send + 'static,
{
    rt.block_on(async { tokio::spawn(body).await.expect("no panic") })
}

fn measure(row: Row) -> Option<Measurement> {
    let found = match row.workload.as_str() {
        "llm_waits" | "trace" => inside(runtime(&row), waits::measure(row)),
        "gather" => inside(runtime(&row), tasks::gather(row)),
        "spawn_join" => inside(runtime(&row), tasks::spawn_join(row)),
        "cancel" => inside(runtime(&row), tasks::cancel(row)),
        "timers" => inside(runtime(&row), tasks::timers(row)),
        "skynet" => inside(runtime(&row), trees::skynet(row)),
        "fib" => inside(runtime(&row), trees::fib(row)),
        "nqueens" => inside(runtime(&row), trees::nqueens(row)),
        "ping_pong" => inside(runtime(&row), channels::ping_pong(row)),
        "mpmc" => inside(runtime(&row), channels::mpmc(row)),
        "http_fanout" => inside(socket_runtime(&row), clients::fanout(row)),
        "sse" => inside(socket_runtime(&row), clients::sse(row)),
        "post_latency" => outside::post_latency(&runtime(&row), &row),
        "fairness" => outside::fairness(&runtime(&row), &row),
        _ => return None,
    };
    Some(found)
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words == ["--version"] {
        let (tokio, hyper) = (env!("TOKIO_VERSION"), env!("HYPER_VERSION"));
        println!("Tokio {tokio}, hyper {hyper}, rustc {}", env!("RUSTC_VERSION"));
        return;
    }
    if words[0] == "--serve" {
        let row = Row::parse(&words[1..]);
        match row.workload.as_str() {
            "echo" => servers::echo(&socket_runtime(&row)),
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
