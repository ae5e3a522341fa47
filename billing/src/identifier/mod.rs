//! Iranian payment identifiers and their check digits (section 6 of the billing policy).

mod bill;
mod sheba;

pub use bill::{BillId, BillIdError, PaymentId, barcode};
pub use sheba::{Sheba, ShebaError};
