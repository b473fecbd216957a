//! What is served until standard input ends: every connection gets its own bytes back.

use std::io::Read;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// The most that a server reads at once; see ../README.md.
const READ_BYTES: usize = 1024;

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; READ_BYTES];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count]).await?,
        }
    }
}

pub fn echo(rt: &Runtime) {
    let listener = rt.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    println!("port {}", listener.local_addr().expect("an address").port());
    // As a task of the pool: block_on's own thread is no worker.
    rt.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(answer(stream));
        }
    });
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).expect("standard input ends");
    // Without unwinding thousands of tasks: their clients are gone or going.
    std::process::exit(0);
}
