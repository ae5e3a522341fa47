//! The peer of single frames: a tokio server that only finds Teltonika's frames and acknowledges them. It checks, decodes and stores nothing.

use anyhow::{Context, Result};
use bytes::{Buf, BytesMut};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Tells this program to be the bare server.
pub const VARIABLE: &str = "PABAND_BENCH_BARE";

/// A bare server in a process of its own, as the measured one is.
pub struct Bare {
    child: Child,
    pub address: String,
}

impl Bare {
    pub fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).env(VARIABLE, "1").stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().context("its output is piped")?).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves for ever.
pub async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(acknowledge(socket));
    }
}

async fn acknowledge(mut socket: TcpStream) -> Result<()> {
    let mut login = [0; 17];
    socket.read_exact(&mut login).await?;
    socket.write_all(&[1]).await?;
    let (mut input, mut output) = (BytesMut::with_capacity(16 * 1024), BytesMut::new());
    while socket.read_buf(&mut input).await? > 0 {
        while let Some(length) = input.get(4..8).map(|length| u32::from_be_bytes(length.try_into().expect("four bytes")) as usize + 12) {
            let Some(frame) = input.get(..length) else { break };
            // The count of records is the second byte of the body.
            output.extend_from_slice(&u32::from(frame[9]).to_be_bytes());
            input.advance(length);
        }
        socket.write_all(&output).await?;
        output.clear();
    }
    Ok(())
}
