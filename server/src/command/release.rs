//! `paband release`: the key that signs archives of released data, and checking an archive by itself.

use crate::cli::ReleaseCommand;
use crate::config::Config;
use anyhow::{Context, Result};
use monitor_api::release::{PublicKey, verify};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Prints the public key, or checks an archive.
pub fn run(config: &Config, command: &ReleaseCommand) -> Result<()> {
    match command {
        ReleaseCommand::Key => key(config),
        ReleaseCommand::Verify { file, key } => check(file, key.as_deref()),
    }
}

fn key(config: &Config) -> Result<()> {
    let public = crate::release_key::signer(config)?.public();
    say!("{}", public.pem().trim_end());
    say!("fingerprint: {}", public.fingerprint());
    Ok(())
}

fn check(file: &Path, key: Option<&Path>) -> Result<()> {
    let given = key.map(public_key).transpose()?;
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let verified = verify(BufReader::new(opened), given).with_context(|| format!("{} IS NOT WHAT WAS RELEASED", file.display()))?;
    for (name, bytes) in &verified.files {
        say!("{name}: OK, {bytes} bytes");
    }
    say!("release {} of {}", verified.facts["release"], verified.facts["released_at"].as_str().unwrap_or("an unknown time"));
    say!("signed by the key with the fingerprint {}", verified.key.fingerprint());
    if given.is_none() {
        say!("That key came with the archive: compare its fingerprint with the one that you were given separately, or check with --key.");
    }
    Ok(())
}

fn public_key(path: &Path) -> Result<PublicKey> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    PublicKey::from_pem(&text).with_context(|| format!("{} cannot be used", path.display()))
}
