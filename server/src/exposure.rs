//! What other machines and other users of this one could reach or read: refused where that would leak, warned of where it cannot be helped.

use crate::config::{Config, Tls};
use crate::tls::open_to_others;
use anyhow::{Result, ensure};
use std::path::Path;

/// Refuses what would send wearers' data over a network for anyone to read, or let machines in without proof who they are.
///
/// # Errors
/// Says what is missing and how to begin.
pub fn check(config: &Config) -> Result<()> {
    let rooms = &config.rooms;
    ensure!(
        rooms.address.ip().is_loopback() || rooms.tls.is_some(),
        "rooms.address {} can be reached from other machines, so rooms.tls = {{ certificate, key }} is needed: `paband pki init DIR` makes \
         them for a start. Without TLS it must be an address of this machine alone, 127.0.0.1",
        rooms.address
    );
    let machines = &config.machines;
    let Some(address) = machines.address else { return Ok(()) };
    ensure!(
        machines.tls.is_some(),
        "machines.address {address} is set, so machines.tls = {{ certificate, key }} is needed: `paband pki init DIR` makes them for a start"
    );
    ensure!(
        machines.client_ca.is_some(),
        "machines.address {address} is set, so machines.client_ca is needed, the authority that gives machines their certificates: \
         `paband pki init DIR` makes one for a start"
    );
    Ok(())
}

/// What an administrator should know and may have reasons for.
pub fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    for listener in &config.tags {
        if listener.tls.is_none() && !listener.address.ip().is_loopback() {
            warnings.push(format!(
                "tags on {} send positions in plain text: anyone on the way can read and change them. Where the tags can, give the listener tls; \
                 where they cannot, keep the way private (an operator's APN, a VPN)",
                listener.address
            ));
        }
    }
    warnings.extend(secrets(config).into_iter().filter(|path| open_to_others(path)).map(|path| {
        let path = path.display();
        format!("{path} holds a secret and every user of this machine can read it: chmod o= {path}")
    }));
    warnings
}

/// Files that nobody else should read.
fn secrets(config: &Config) -> Vec<&Path> {
    let tags = config.tags.iter().map(|listener| &listener.tls);
    let keys = tags.chain([&config.rooms.tls, &config.machines.tls]).flatten().map(|Tls { key, .. }| key.as_path());
    let mut secrets: Vec<&Path> = keys.chain(config.database.url_file.as_deref()).collect();
    secrets.sort_unstable();
    secrets.dedup();
    secrets
}

#[cfg(test)]
mod tests {
    use super::{check, warnings};
    use crate::config::Config;
    use std::os::unix::fs::PermissionsExt;

    fn config(text: &str) -> Config {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_other_machines_reach_needs_tls() {
        let tls = "tls = { certificate = \"c\", key = \"k\" }";
        let rows = [
            ("[rooms]\naddress = \"127.0.0.1:1\"".to_owned(), None),
            ("[rooms]\naddress = \"[::1]:1\"".to_owned(), None),
            ("[rooms]\naddress = \"0.0.0.0:1\"".to_owned(), Some("rooms.tls")),
            ("[rooms]\naddress = \"[::]:1\"".to_owned(), Some("rooms.tls")),
            (format!("[rooms]\naddress = \"10.0.0.7:1\"\n{tls}"), None),
            ("[machines]\naddress = \"127.0.0.1:1\"".to_owned(), Some("machines.tls")),
            (format!("[machines]\naddress = \"127.0.0.1:1\"\n{tls}"), Some("machines.client_ca")),
            (format!("[machines]\naddress = \"0.0.0.0:1\"\n{tls}\nclient_ca = \"a\""), None),
        ];
        for (text, missing) in rows {
            match (check(&config(&text)), missing) {
                (Ok(()), None) => {}
                (Err(error), Some(missing)) => {
                    let error = error.to_string();
                    assert!(error.contains(missing) && error.contains("paband pki init"), "{text}: {error}");
                }
                (result, _) => panic!("{text}: {result:?}"),
            }
        }
    }

    #[test]
    fn a_tag_listener_in_plain_text_is_warned_of() {
        assert_eq!(warnings(&Config::default()), Vec::<String>::new());
        let open = config("[[tags]]\nprotocol = \"teltonika\"\naddress = \"0.0.0.0:7701\"");
        check(&open).unwrap();
        let warnings = warnings(&open);
        assert!(warnings.len() == 1 && warnings[0].contains("0.0.0.0:7701"), "{warnings:?}");
    }

    #[test]
    fn a_secret_that_others_can_read_is_warned_of() {
        let directory = tempfile::tempdir().unwrap();
        let key = directory.path().join("rooms.key");
        std::fs::write(&key, "").unwrap();
        let config = config(&format!(
            "[rooms]\ntls = {{ certificate = \"c\", key = {key:?} }}\n[machines]\ntls = {{ certificate = \"c\", key = {key:?} }}"
        ));
        for (mode, warned) in [(0o600, 0), (0o640, 0), (0o644, 1)] {
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(warnings(&config).len(), warned, "{mode:o}");
        }
    }
}
