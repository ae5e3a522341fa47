//! Who a machine is, by the certificate that the machines' authority gave it.

use crate::convert::hex;
use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Begins the one URI of a certificate that counts.
const PREFIX: &str = "paband:machine/";

/// Longest name, role or code of a unit, characters. A longer one is refused.
const TEXT_CHARS_MAX: usize = 64;

/// A machine as its certificate names it: the subject alternative name `paband:machine/NAME?role=ROLE&unit=CODE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineName {
    /// Its name: `wall-display-2`.
    pub name: String,
    /// The role it acts in, a name from the table of rights.
    pub role: String,
    /// The code of the unit it belongs to.
    pub unit: String,
    /// The certificate's serial number, hexadecimal without leading zeros: as its issuer lists it.
    pub serial: String,
    /// SHA-256 of the whole certificate.
    pub fingerprint_sha256: [u8; 32],
}

/// Why a certificate names no machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// It is no certificate that can be read.
    #[error("the certificate cannot be read")]
    Unreadable,
    /// There is none, or there are several.
    #[error("the certificate must have one subject alternative name that begins with {PREFIX}, and it has {0}")]
    NotOneName(usize),
    /// It is not written as it must be.
    #[error("a machine's name is written {PREFIX}NAME?role=ROLE&unit=CODE")]
    Form,
    /// A part of it is empty, too long, or has characters that nobody can read.
    #[error("the machine's {0} must have 1 to {TEXT_CHARS_MAX} readable characters; all but letters, digits and -._~ are written as %XX")]
    Text(&'static str),
}

impl MachineName {
    /// Who this certificate names. Whether its authority is trusted was found out before.
    ///
    /// # Errors
    /// When it does not name exactly one machine in the form above.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, IdentityError> {
        let (rest, parsed) = X509Certificate::from_der(certificate).map_err(|_| IdentityError::Unreadable)?;
        if !rest.is_empty() {
            return Err(IdentityError::Unreadable);
        }
        let names = parsed.subject_alternative_name().map_err(|_| IdentityError::Unreadable)?;
        let names = names.map_or(&[][..], |names| &names.value.general_names);
        let uris: Vec<&str> = names
            .iter()
            .filter_map(|name| match name {
                GeneralName::URI(uri) if uri.starts_with(PREFIX) => Some(*uri),
                _ => None,
            })
            .collect();
        let [uri] = uris[..] else { return Err(IdentityError::NotOneName(uris.len())) };
        let (name, role, unit) = read(uri)?;
        Ok(Self { name, role, unit, serial: serial_digits(parsed.raw_serial()), fingerprint_sha256: Sha256::digest(certificate).into() })
    }

    /// The URI for a certificate: `paband:machine/wall-2?role=operator&unit=10`.
    ///
    /// # Errors
    /// When a part is empty, too long, or unreadable.
    pub fn uri(name: &str, role: &str, unit: &str) -> Result<String, IdentityError> {
        let uri = format!("{PREFIX}{}?role={}&unit={}", encoded(name), encoded(role), encoded(unit));
        read(&uri)?;
        Ok(uri)
    }
}

/// Name, role and unit.
fn read(uri: &str) -> Result<(String, String, String), IdentityError> {
    let path_and_query = uri.strip_prefix(PREFIX).ok_or(IdentityError::Form)?;
    let (name, query) = path_and_query.split_once("?role=").ok_or(IdentityError::Form)?;
    let (role, unit) = query.split_once("&unit=").ok_or(IdentityError::Form)?;
    let read = |what, encoded| decoded(encoded).filter(|text| is_readable(text)).ok_or(IdentityError::Text(what));
    Ok((read("name", name)?, read("role", role)?, read("unit", unit)?))
}

fn is_readable(text: &str) -> bool {
    let chars = text.chars().count();
    (1..=TEXT_CHARS_MAX).contains(&chars) && text.trim() == text && !text.chars().any(char::is_control)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Percent-encoding (RFC 3986, 2.1).
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| if is_unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// `None` where something stands unencoded that may not, or is not UTF-8 when decoded.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut decoded) = (text.bytes(), Vec::new());
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => decoded.push(16 * digit(bytes.next()?)? + digit(bytes.next()?)?),
            byte if is_unreserved(byte) => decoded.push(byte),
            _ => return None,
        }
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// A serial number in hexadecimal digits, as issuers list it.
fn serial_digits(serial: &[u8]) -> String {
    hex(serial).trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{IdentityError, MachineName, read, serial_digits};
    use rcgen::{CertificateParams, KeyPair, SanType, SerialNumber};

    fn certificate(uris: &[&str]) -> rcgen::Certificate {
        let mut params = CertificateParams::new(vec!["wall.example".to_owned()]).unwrap();
        params.serial_number = Some(SerialNumber::from_slice(&[0x00, 0x0A, 0xBC]));
        params.subject_alt_names.extend(uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_certificate_names_its_machine() {
        let certificate = certificate(&["https://example/", "paband:machine/wall-2?role=operator&unit=10.3"]);
        let machine = MachineName::of(certificate.der()).unwrap();
        assert_eq!((machine.name.as_str(), machine.role.as_str(), machine.unit.as_str()), ("wall-2", "operator", "10.3"));
        assert_eq!(machine.serial, "abc");
        use sha2::Digest;
        assert_eq!(machine.fingerprint_sha256[..], sha2::Sha256::digest(certificate.der())[..]);
    }

    #[test]
    fn a_certificate_with_no_name_or_two_names_nobody() {
        let one = "paband:machine/a?role=b&unit=c";
        assert_eq!(MachineName::of(certificate(&["https://example/"]).der()), Err(IdentityError::NotOneName(0)));
        assert_eq!(MachineName::of(certificate(&[one, one]).der()), Err(IdentityError::NotOneName(2)));
        assert_eq!(MachineName::of(&vec![0x30, 0x00].into()), Err(IdentityError::Unreadable));
        let twice = [certificate(&[one]).der().to_vec(), vec![0]].concat();
        assert_eq!(MachineName::of(&twice.into()), Err(IdentityError::Unreadable), "bytes behind its end");
    }

    #[test]
    fn what_is_written_is_read() {
        for (name, role, unit) in
            [("wall-2", "operator", "10"), ("دیوار ۲", "central_operator", "تهران/۱"), ("a?role=b&unit=c", "%", "100%")]
        {
            let uri = MachineName::uri(name, role, unit).unwrap();
            assert!(uri.is_ascii());
            assert_eq!(read(&uri), Ok((name.to_owned(), role.to_owned(), unit.to_owned())), "{uri}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("paband:machine/{}?role=r&unit=u", "n".repeat(65));
        let rows = [
            ("paband:machine/n", IdentityError::Form),
            ("paband:machine/n?role=r", IdentityError::Form),
            ("paband:machine/n?unit=u&role=r", IdentityError::Form),
            ("PABAND:machine/n?role=r&unit=u", IdentityError::Form),
            ("paband:machine/?role=r&unit=u", IdentityError::Text("name")),
            ("paband:machine/n?role=&unit=u", IdentityError::Text("role")),
            ("paband:machine/n?role=r&unit=", IdentityError::Text("unit")),
            ("paband:machine/n/m?role=r&unit=u", IdentityError::Text("name")),
            ("paband:machine/n+m?role=r&unit=u", IdentityError::Text("name")),
            ("paband:machine/n?role=r&unit=u&unit=v", IdentityError::Text("unit")),
            ("paband:machine/n?role=r&unit=u#f", IdentityError::Text("unit")),
            ("paband:machine/%4?role=r&unit=u", IdentityError::Text("name")),
            ("paband:machine/%G0?role=r&unit=u", IdentityError::Text("name")),
            ("paband:machine/%+1?role=r&unit=u", IdentityError::Text("name")),
            ("paband:machine/%FF?role=r&unit=u", IdentityError::Text("name")),
            ("paband:machine/%0A?role=r&unit=u", IdentityError::Text("name")),
            ("paband:machine/%20n?role=r&unit=u", IdentityError::Text("name")),
            (long.as_str(), IdentityError::Text("name")),
        ];
        for (uri, why) in rows {
            assert_eq!(read(uri), Err(why), "{uri}");
        }
        assert!(MachineName::uri("", "r", "u").is_err());
    }

    #[test]
    fn a_serial_number_is_written_without_its_padding() {
        for (bytes, text) in [(&[0x00, 0x8F][..], "8f"), (&[0x10, 0x00], "1000")] {
            assert_eq!(serial_digits(bytes), text);
        }
    }
}
