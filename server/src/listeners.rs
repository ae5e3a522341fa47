//! The sockets on which rooms and machines call.

use crate::config::Config;
use crate::tls::Certificates;
use anyhow::{Context, Result};
use monitor_api::Listener;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Opens them; also says where rooms call, and where machines do if they may.
///
/// # Errors
/// When an address is taken or a certificate is not usable.
pub async fn open(config: &Config, certificates: &mut Certificates) -> Result<(Vec<Listener>, SocketAddr, Option<SocketAddr>)> {
    let tls = certificates.for_rooms(config.rooms.tls.as_ref())?;
    let (socket, rooms) = bind(config.rooms.address, "rooms").await?;
    let mut listeners = vec![Listener { socket, tls, machines: false }];
    let Some(address) = config.machines.address else { return Ok((listeners, rooms, None)) };
    let tls = Some(certificates.for_machines(&config.machines)?);
    let (socket, machines) = bind(address, "machines").await?;
    listeners.push(Listener { socket, tls, machines: true });
    Ok((listeners, rooms, Some(machines)))
}

async fn bind(address: SocketAddr, whom: &str) -> Result<(TcpListener, SocketAddr)> {
    let socket = TcpListener::bind(address).await;
    let socket = socket.with_context(|| format!("cannot listen for {whom} on {address}: is another program there?"))?;
    let bound = socket.local_addr()?;
    Ok((socket, bound))
}
