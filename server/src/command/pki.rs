//! `paband pki`: certificates for a start and for development.

use crate::pki::{self, Begun, Folder, Made};
use anyhow::Result;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// How long a certificate is valid if nothing else is said, days. Longer ones are refused by some clients.
const LEAF_DAYS: u32 = 398;

/// Commands on certificates.
#[derive(Debug, Subcommand)]
pub enum PkiCommand {
    /// Make two authorities, one for the server and one for machines, and a certificate for the server. Overwrites nothing.
    Init {
        /// The folder for them.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// A name or IP address by which clients call the server; may be given several times. localhost is always one.
        #[arg(long = "name", value_name = "HOST")]
        names: Vec<String>,
        #[command(flatten)]
        validity: Validity,
    },
    /// Make a certificate for a machine: another service, a wall display.
    Machine {
        /// The machine's name, as it will stand in the audit.
        name: String,
        /// The role it acts in.
        #[arg(long)]
        role: String,
        /// The code of the unit it belongs to.
        #[arg(long, value_name = "CODE")]
        unit: String,
        /// The folder of `paband pki init`.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        #[command(flatten)]
        validity: Validity,
    },
    /// Make the server's certificate anew; a running server takes it within a minute, or at once after SIGHUP.
    Server {
        /// A name or IP address by which clients call the server; may be given several times. Those of the present one if absent.
        #[arg(long = "name", value_name = "HOST")]
        names: Vec<String>,
        /// The folder of `paband pki init`.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        #[command(flatten)]
        validity: Validity,
    },
}

/// How long a certificate is valid.
#[derive(Args, Debug)]
pub struct Validity {
    /// Valid for so many days from now.
    #[arg(long, value_name = "N", default_value_t = LEAF_DAYS, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
}

/// Makes what is asked for and says what to do with it.
pub fn run(command: &PkiCommand) -> Result<()> {
    let now = crate::clock::now();
    match command {
        PkiCommand::Init { dir, names, validity } => {
            let folder = Folder::new(dir)?;
            begun(&folder, &pki::init(&folder, names, validity.days, now)?);
        }
        PkiCommand::Machine { name, role, unit, dir, validity } => {
            let folder = Folder::new(dir)?;
            machine(&folder, &pki::add_machine(&folder, name, role, unit, validity.days, now)?);
        }
        PkiCommand::Server { names, dir, validity } => {
            let made = pki::renew_server(&Folder::new(dir)?, names, validity.days, now)?;
            say!(
                "renewed {} and its key; a running server takes them within a minute, or at once after SIGHUP",
                made.certificate.display()
            );
        }
    }
    Ok(())
}

fn begun(folder: &Folder, begun: &Begun) {
    let Begun { server: Made { certificate, key }, server_authority, machines_authority } = begun;
    say!("# For the server's configuration:");
    say!("[rooms]\naddress = \"0.0.0.0:7743\"\ntls = {{ certificate = {certificate:?}, key = {key:?} }}\n");
    say!("[machines]\naddress = \"0.0.0.0:7744\"\ntls = {{ certificate = {certificate:?}, key = {key:?} }}");
    say!("client_ca = {machines_authority:?}\n");
    say!("# Clients trust the server by {0}: paband watch --server https://HOST:7743 --ca {0}", server_authority.display());
    say!("# A machine's certificate: paband pki machine NAME --role ROLE --unit CODE --dir {}", folder.path().display());
    say!("# Whoever has server-ca.key or machines-ca.key can pass for the server or for any machine: keep both off the network.");
}

fn machine(folder: &Folder, made: &Made) {
    say!("made {} and its key; the machine needs both, and server-ca.pem:", made.certificate.display());
    say!(
        "paband watch --server https://HOST:7744 --ca {}/server-ca.pem --certificate {} --key {}",
        folder.path().display(),
        made.certificate.display(),
        made.key.display()
    );
}
