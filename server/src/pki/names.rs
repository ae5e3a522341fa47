//! Names and addresses by which a server is called.

use anyhow::{Context, Result};
use rcgen::SanType;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// These and the names of this machine itself, each once.
pub(super) fn with_local(given: &[String]) -> Result<Vec<SanType>> {
    let mut names: Vec<SanType> = Vec::new();
    for name in given.iter().map(String::as_str).chain(["localhost", "127.0.0.1", "::1"]) {
        let name = of(name)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn of(name: &str) -> Result<SanType> {
    let valid = ServerName::try_from(name).ok().with_context(|| format!("{name:?} is neither a host's name nor an IP address"))?;
    Ok(match valid {
        ServerName::IpAddress(address) => SanType::IpAddress(address.into()),
        _ => SanType::DnsName(name.try_into().with_context(|| format!("{name:?} cannot stand in a certificate"))?),
    })
}

/// The names in a certificate, PEM; `None` where it cannot be read or has none.
pub(super) fn names_in(certificate: &str) -> Option<Vec<String>> {
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    let names: Vec<String> = names.value.general_names.iter().filter_map(text).collect();
    (!names.is_empty()).then_some(names)
}

fn text(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(octets) => address(octets).map(|address| address.to_string()),
        _ => None,
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(octets).map(|octets| Ipv4Addr::from(octets).into());
    let v6 = || <[u8; 16]>::try_from(octets).map(|octets| Ipv6Addr::from(octets).into());
    v4().or_else(|_| v6()).ok()
}
