//! When a certificate ends.

use geofence::Timestamp;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Before its end a certificate is warned of for so long, days.
const WARN_DAYS: i64 = 21;

const DAY_MILLIS: i64 = 86_400_000;

/// The first of a chain ends here; `None` where that cannot be read.
pub(super) fn of(chain: &[CertificateDer<'_>]) -> Option<Timestamp> {
    let (_, certificate) = X509Certificate::from_der(chain.first()?).ok()?;
    Some(Timestamp::from_millis(certificate.validity().not_after.timestamp().saturating_mul(1000)))
}

/// What to say of an end that is near or over.
pub(super) fn warning(ends: Timestamp, now: Timestamp) -> Option<String> {
    let left = ends.millis_since(now);
    match left {
        ..=0 => Some(format!("it ended at {ends}: clients refuse it")),
        left if left < WARN_DAYS * DAY_MILLIS => Some(format!("it ends at {ends}, in {} days", left / DAY_MILLIS)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY_MILLIS, of, warning};
    use geofence::Timestamp;

    #[test]
    fn an_end_is_warned_of_three_weeks_before() {
        let days = |days: i64| Timestamp::from_millis(days * DAY_MILLIS);
        assert_eq!(warning(days(121), days(100)), None);
        assert!(warning(days(120), days(100)).unwrap().contains("in 20 days"));
        assert!(warning(days(100), days(100)).unwrap().contains("ended"));
    }

    #[test]
    fn the_end_is_read_from_the_first_certificate() {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2031, 2, 3);
        let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        assert_eq!(of(&[certificate.der().clone()]), Some("2031-02-03T00:00:00Z".parse().unwrap()));
        assert_eq!(of(&[]), None);
    }
}
