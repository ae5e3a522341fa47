//! The second factor: codes of an authenticator by time (RFC 6238: SHA-1, six digits, steps of 30 seconds, one step off allowed each way).

use chrono::{DateTime, Utc};
use totp_rs::{Builder, Secret, Totp};

/// What authenticator and server share: 160 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; 20]);

impl TotpSecret {
    /// From 20 bytes of chance.
    pub const fn new(chance: [u8; 20]) -> Self {
        Self(chance)
    }

    /// As the database keeps it.
    pub const fn bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// To type into an authenticator.
    pub fn base32(&self) -> String {
        self.secret().to_base32()
    }

    /// For an authenticator's camera, as a QR code.
    pub fn uri(&self, name: &str) -> String {
        let secret = self.base32();
        format!("otpauth://totp/paband:{name}?secret={secret}&issuer=paband&algorithm=SHA1&digits=6&period=30")
    }

    /// The step that the code belongs to, if it is one of about now and later than the step used last: no code counts twice.
    pub fn step(&self, code: &str, now: DateTime<Utc>, used: Option<i64>) -> Option<i64> {
        let step = self.totp().check(code.trim(), seconds(now))?.try_into().ok()?;
        (used.is_none_or(|used| step > used)).then_some(step)
    }

    /// The code of a moment, as an authenticator shows it.
    pub fn code_at(&self, now: DateTime<Utc>) -> String {
        self.totp().generate(seconds(now)).to_string()
    }

    fn totp(&self) -> Totp {
        Builder::new().with_secret(self.secret()).build_noncompliant()
    }

    fn secret(&self) -> Secret {
        Secret::new_stack(self.0)
    }
}

fn seconds(now: DateTime<Utc>) -> u64 {
    now.timestamp().max(0).unsigned_abs()
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::TotpSecret;
    use chrono::{DateTime, TimeDelta, Utc};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 6238, appendix B: the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = TotpSecret::new(*b"12345678901234567890");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")] {
            assert_eq!(secret.code_at(at(seconds)), code);
        }
    }

    #[test]
    fn a_code_counts_once_and_only_about_now() {
        let secret = TotpSecret::new([9; 20]);
        let now = at(1_800_000_015);
        let code = secret.code_at(now);
        let step = secret.step(&code, now, None).unwrap();
        assert_eq!(secret.step(&code, now, Some(step)), None, "it was used");
        assert_eq!(secret.step(&format!(" {code} "), now + TimeDelta::seconds(30), None), Some(step), "a clock half a minute off");
        assert_eq!(secret.step(&code, now + TimeDelta::seconds(60), None), None);
        assert_eq!(secret.step("", now, None), None);
        assert!(secret.uri("sara").starts_with("otpauth://totp/paband:sara?secret="));
    }
}
