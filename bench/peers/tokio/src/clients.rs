//! http_fanout and sse: hyper's client with its pool of kept connections, a task for each request.
//!
//! The pool bounds the connections that are idle, not those that are open: one whose answer was just
//! read may come back a moment after the next request has begun to make another.

use crate::protocol::{cpu_ns, mismatch, monotonic_ns, ns_since, quantile, sorted};
use crate::protocol::{Measurement, Row};
use hyper::body::{to_bytes, HttpBody};
use hyper::client::HttpConnector;
use hyper::{Client, StatusCode, Uri};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// What ../../../load/http_service.hpp has the server do.
const REPLY_TIME_US: f64 = 50e3;
const REPLY_BYTES: usize = 1024;

type HttpClient = Client<HttpConnector>;

fn client_of(connections: u64) -> HttpClient {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder().pool_max_idle_per_host(connections as usize).build(connector)
}

fn url(row: &Row, path: String) -> Uri {
    let text = format!("http://127.0.0.1:{}{path}", row.number("port"));
    text.parse().expect("a URL")
}

async fn results_of<T>(tasks: Vec<JoinHandle<T>>) -> Vec<T> {
    let mut results = Vec::with_capacity(tasks.len());
    for each in tasks {
        results.push(each.await.expect("no panic"));
    }
    results
}

struct Reply {
    late_us: f64,
    right: bool,
}

async fn text_of(client: &HttpClient, url: Uri) -> hyper::Result<(StatusCode, hyper::body::Bytes)> {
    let answer = client.get(url).await?;
    Ok((answer.status(), to_bytes(answer.into_body()).await?))
}

async fn ask(client: HttpClient, url: Uri, index: u64) -> Reply {
    let begun = Instant::now();
    let got = text_of(&client, url).await;
    let late_us = ns_since(begun) / 1e3 - REPLY_TIME_US;
    let wanted = format!("{index:<REPLY_BYTES$}");
    let right = matches!(got, Ok((StatusCode::OK, text)) if text == wanted);
    Reply { late_us, right }
}

async fn ask_all(row: &Row) -> Vec<Reply> {
    let in_flight = row.number("in_flight");
    let client = client_of(in_flight);
    let places = Arc::new(Semaphore::new(in_flight as usize));
    let mut asking = Vec::new();
    for i in 0..row.number("n") {
        let place = places.clone().acquire_owned().await.expect("it is open");
        let request = ask(client.clone(), url(row, format!("/reply/{i}")), i);
        asking.push(tokio::spawn(async move {
            let reply = request.await;
            drop(place);
            reply
        }));
    }
    results_of(asking).await
}

pub async fn fanout(row: Row) -> Measurement {
    let cpu = cpu_ns();
    let begun = Instant::now();
    let replies = ask_all(&row).await;
    let (wall_ns, cpu_ns) = (ns_since(begun), cpu_ns() - cpu);
    let wrong = replies.iter().filter(|each| !each.right).count();
    let late = sorted(replies.iter().map(|each| each.late_us).collect());
    let metrics = vec![
        ("cpu_us_per_request", cpu_ns / 1e3 / row.number("n") as f64),
        ("wall_ms", wall_ns / 1e6),
        ("late_p50_us", quantile(&late, 0.5)),
        ("late_p99_us", quantile(&late, 0.99)),
    ];
    let failure = if wrong == 0 { String::new() } else { format!("{wrong} answers are wrong") };
    Measurement { metrics, samples: late, failure }
}

/// One stream of events.
struct Stream {
    wanted: u64,
    late_us: Vec<f64>,
    /// True when the stream has said that it is at its end, or is wrong.
    over: bool,
    failure: String,
}

impl Stream {
    fn of(tokens: u64) -> Stream {
        let late_us = Vec::with_capacity(tokens as usize);
        Stream { wanted: tokens, late_us, over: false, failure: String::new() }
    }

    fn end(&mut self, failure: impl ToString) {
        self.over = true;
        self.failure = failure.to_string();
    }

    /// A line, with or without data.
    fn take(&mut self, line: &[u8]) {
        match std::str::from_utf8(line).map(|text| text.strip_prefix("data: ")) {
            Ok(Some("[DONE]")) => self.end(mismatch(self.late_us.len() as u64, self.wanted)),
            Ok(Some(data)) => self.take_token(data),
            Ok(None) => {}
            Err(_) => self.end("something that is no text"),
        }
    }

    fn take_token(&mut self, data: &str) {
        let numbers = data.split_once(' ').map(|(k, due)| (k.parse::<u64>(), due.parse::<i64>()));
        match numbers {
            Some((Ok(k), Ok(due_ns))) if k == self.late_us.len() as u64 => {
                let late_ns = monotonic_ns() - due_ns;
                self.late_us.push(late_ns as f64 / 1e3);
                if late_ns < 0 {
                    self.end("a token that came early");
                }
            }
            Some((Ok(_), Ok(_))) => self.end("a token out of its order"),
            _ => self.end(format!("a token '{data}'")),
        }
    }
}

async fn read(client: &HttpClient, url: Uri, stream: &mut Stream) -> hyper::Result<()> {
    let mut body = client.get(url).await?.into_body();
    let mut text = Vec::new(); // that has not ended its line
    while let Some(piece) = body.data().await {
        text.extend_from_slice(&piece?);
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        for line in text[..whole].split(|byte| *byte == b'\n') {
            if !stream.over {
                stream.take(line);
            }
        }
        text.drain(..whole);
    }
    Ok(())
}

async fn follow(client: HttpClient, url: Uri, tokens: u64) -> Stream {
    let mut stream = Stream::of(tokens);
    match read(&client, url, &mut stream).await {
        Err(why) => stream.end(why),
        Ok(()) if !stream.over => stream.end("ended without its mark"),
        Ok(()) => {}
    }
    stream
}

async fn follow_all(row: &Row) -> Vec<Stream> {
    let (n, tokens) = (row.number("n"), row.number("tokens"));
    let client = client_of(n);
    let start = |i| {
        let url = url(row, format!("/stream/{i}?n={tokens}"));
        tokio::spawn(follow(client.clone(), url, tokens))
    };
    results_of((0..n).map(start).collect()).await
}

pub async fn sse(row: Row) -> Measurement {
    let cpu = cpu_ns();
    let streams = follow_all(&row).await;
    let cpu_ns = cpu_ns() - cpu;
    let wrong = streams.iter().enumerate().find(|(_, each)| !each.failure.is_empty());
    let failure = wrong.map(|(i, each)| format!("stream {i}: {}", each.failure));
    let late = sorted(streams.iter().flat_map(|each| each.late_us.iter().copied()).collect());
    if late.is_empty() {
        return Measurement { failure: failure.unwrap_or_default(), ..Measurement::default() };
    }
    let tokens = row.number("n") * row.number("tokens");
    let metrics = vec![
        ("late_p99_us", quantile(&late, 0.99)),
        ("late_p50_us", quantile(&late, 0.5)),
        ("late_p999_us", quantile(&late, 0.999)),
        ("cpu_us_per_token", cpu_ns / 1e3 / tokens as f64),
    ];
    Measurement { metrics, samples: late, failure: failure.unwrap_or_default() }
}
