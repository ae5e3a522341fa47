//! Authorities and certificates for a start: one authority for the server, one for machines. In the long run the customer's own
//! authority does this: docs/operations/certificates.md.

mod folder;
mod issue;
mod names;

pub use folder::Folder;

use anyhow::{Context, Result, ensure};
use geofence::Timestamp;
use issue::{Pair, authority, machine, server};
use monitor_api::MachineName;
use names::{names_in, with_local};
use std::path::PathBuf;

/// The authority that vouches for the server.
const SERVER_AUTHORITY: &str = "server-ca";
/// The authority that vouches for machines.
const MACHINES_AUTHORITY: &str = "machines-ca";
const SERVER: &str = "server";

/// Certificate and key, as files.
pub struct Made {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Both authorities and a certificate for the server.
pub struct Begun {
    pub server: Made,
    pub server_authority: PathBuf,
    pub machines_authority: PathBuf,
}

/// Makes everything that a start needs; nothing that is there already is touched.
///
/// # Errors
/// When something is there already, a name is none, or a file cannot be written.
pub fn init(folder: &Folder, given: &[String], days: u32, now: Timestamp) -> Result<Begun> {
    let names = with_local(given)?;
    folder.make()?;
    folder.ensure_absent(&[SERVER_AUTHORITY, MACHINES_AUTHORITY, SERVER])?;
    let for_server = authority("paband server authority", now)?;
    let for_machines = authority("paband machines authority", now)?;
    let own = server(&for_server, names, days, now)?;
    let server_authority = folder.write_new(SERVER_AUTHORITY, &for_server)?.certificate;
    let machines_authority = folder.write_new(MACHINES_AUTHORITY, &for_machines)?.certificate;
    Ok(Begun { server: folder.write_new(SERVER, &own)?, server_authority, machines_authority })
}

/// Makes the server's certificate anew, with these names, or with those of the present one if none are given.
///
/// # Errors
/// When the authority is not there, a name is none, or a file cannot be written.
pub fn renew_server(folder: &Folder, given: &[String], days: u32, now: Timestamp) -> Result<Made> {
    let names = if given.is_empty() {
        names_in(&folder.certificate(SERVER)?).context("the present certificate does not say its names; give --name")?
    } else {
        given.to_vec()
    };
    let own = server(&authority_of(folder, SERVER_AUTHORITY)?, with_local(&names)?, days, now)?;
    folder.replace(SERVER, &own)
}

/// Makes a machine's certificate; an earlier one of the same name is not touched.
///
/// # Errors
/// When the authority is not there, the machine has a certificate already, or its name, role or unit is none.
pub fn add_machine(folder: &Folder, name: &str, role: &str, unit: &str, days: u32, now: Timestamp) -> Result<Made> {
    let for_file = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    ensure!(
        name.bytes().all(for_file) && !name.starts_with('.'),
        "a machine's name is made of letters, digits and -_. and does not begin with a dot"
    );
    let uri = MachineName::uri(name, role, unit)?;
    let file = format!("machine-{name}");
    folder.ensure_absent(&[&file])?;
    let own = machine(&authority_of(folder, MACHINES_AUTHORITY)?, name, &uri, days, now)?;
    folder.write_new(&file, &own)
}

fn authority_of(folder: &Folder, name: &str) -> Result<Pair> {
    let pair = folder.read(name);
    pair.with_context(|| format!("{} holds no authority of `paband pki init`", folder.path().display()))
}

#[cfg(test)]
mod tests;
