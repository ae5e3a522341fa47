//! Issues certificates: P-256 keys, X.509.

use anyhow::{Context, Result};
use geofence::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose as Purpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use std::time::Duration;

/// How long an authority is valid, days: ten years.
const AUTHORITY_DAYS: u32 = 3650;

/// A certificate is valid from a little before it was made: other machines' clocks may be behind.
const CLOCKS_DIFFER: Duration = Duration::from_secs(3600);

/// Certificate and key, PEM. Has no `Debug`: the key is in it.
pub(super) struct Pair {
    pub certificate: String,
    pub key: String,
}

/// An authority that vouches for others, and for itself.
pub(super) fn authority(name: &str, now: Timestamp) -> Result<Pair> {
    let mut params = params(name, AUTHORITY_DAYS, now);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().context("no key could be made")?;
    let certificate = params.self_signed(&key).context("the certificate could not be made")?;
    Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
}

/// For the server under these names.
pub(super) fn server(authority: &Pair, names: Vec<SanType>, days: u32, now: Timestamp) -> Result<Pair> {
    leaf(authority, "paband server", names, Purpose::ServerAuth, days, now)
}

/// For the machine that this URI names.
pub(super) fn machine(authority: &Pair, name: &str, uri: &str, days: u32, now: Timestamp) -> Result<Pair> {
    let uri = SanType::URI(uri.try_into().context("the machine's name cannot stand in a certificate")?);
    leaf(authority, name, vec![uri], Purpose::ClientAuth, days, now)
}

fn leaf(authority: &Pair, name: &str, names: Vec<SanType>, purpose: Purpose, days: u32, now: Timestamp) -> Result<Pair> {
    let authority_key = KeyPair::from_pem(&authority.key).ok().context("the authority's key cannot be read")?;
    let issuer = Issuer::from_ca_cert_pem(&authority.certificate, authority_key).context("the authority's certificate cannot be read")?;
    let mut params = params(name, days, now);
    params.subject_alt_names = names;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().context("no key could be made")?;
    let certificate = params.signed_by(&key, &issuer).context("the certificate could not be made")?;
    Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
}

fn params(name: &str, days: u32, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_millis(now.millis().unsigned_abs());
    params.not_before = now - CLOCKS_DIFFER;
    params.not_after = now + Duration::from_secs(u64::from(days) * 86_400);
    params
}
