//! Who may see and do what: roles, callers, passwords, second factors, the audit's chain. Pure: no IO, no clock, no source of chance; a
//! caller brings all three. Never knows gRPC or SQL.

mod audit;
mod caller;
mod mask;
mod name;
pub mod password;
mod role;
mod secret;
mod session;
mod totp;

pub use audit::{AuditEntry, AuditFault, AuditHead, AuditLink, ChainCheck};
pub use caller::{CENTRAL_UNIT, Caller, Grant, Once, Purpose, Who};
pub use mask::masked;
pub use name::{is_person_name, is_unit_code};
pub use role::Role;
pub use secret::{RecoveryCode, Token, TokenHash};
pub use session::SessionLimits;
pub use totp::TotpSecret;
