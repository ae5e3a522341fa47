//! What the operating system lets one process open.

use anyhow::{Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that a process needs beside its connections.
const FILES_BESIDE: u64 = 64;
/// Connections from one address to one port: what is left of 65,536 with the usual `net.ipv4.ip_local_port_range`.
const PORTS: u64 = 28_000;

/// Makes room for this many connections: raises the limit of open files as far as the system allows.
///
/// # Errors
/// When it does not allow enough; says how many connections it does allow.
pub(super) fn allow_connections(connections: u32) -> Result<()> {
    let allowed = raise_open_files().saturating_sub(FILES_BESIDE);
    if u64::from(connections) > allowed {
        bail!(
            "{connections} tags need {connections} connections, but this process may open {allowed} (limit of open files): \
             raise it (ulimit -Hn) or take the native protocol, which carries many tags on one connection"
        );
    }
    if u64::from(connections) > PORTS {
        tracing::warn!(connections, "more connections than the usual range of local ports; widen net.ipv4.ip_local_port_range");
    }
    Ok(())
}

fn raise_open_files() -> u64 {
    let now = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: now.maximum, maximum: now.maximum };
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { now.maximum } else { now.current };
    limit.unwrap_or(u64::MAX)
}
