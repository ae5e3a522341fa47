//! What a list of documents says, in both languages.

use crate::language::Language;
use store::DocumentStatus;

/// The columns, and how wide they are, characters.
pub(super) const COLUMNS: [(&str, &str, f64); 12] = [
    ("شمارهٔ سند", "Number", 26.0),
    ("نوع", "Kind", 26.0),
    ("تاریخ صدور", "Issued on", 12.0),
    ("مهلت پرداخت", "To be paid by", 12.0),
    ("صادرکننده", "Issued by", 14.0),
    ("شمارهٔ پرونده", "File reference", 16.0),
    ("نام", "Name", 24.0),
    ("مبلغ (ریال)", "Total (IRR)", 16.0),
    ("پرداخت‌شده (ریال)", "Paid (IRR)", 16.0),
    ("مانده (ریال)", "Open (IRR)", 16.0),
    ("باطل‌شده (ریال)", "Void (IRR)", 16.0),
    ("وضعیت", "Status", 18.0),
];

pub(super) const fn title(language: Language) -> &'static str {
    match language {
        Language::Persian => "سندهای ماه",
        Language::English => "Documents of the month",
    }
}

pub(super) const fn sum(language: Language) -> &'static str {
    match language {
        Language::Persian => "جمع",
        Language::English => "Total",
    }
}

/// Before the ledger's end.
pub(super) const fn ledger_head(language: Language) -> &'static str {
    match language {
        Language::Persian => "پایان دفتر (شمارهٔ ثبت، روز، مهر)",
        Language::English => "End of the ledger (entry, day, seal)",
    }
}

pub(super) const fn heading(column: usize, language: Language) -> &'static str {
    let (persian, english, _) = COLUMNS[column];
    match language {
        Language::Persian => persian,
        Language::English => english,
    }
}

pub(super) const fn status(status: DocumentStatus, language: Language) -> &'static str {
    let (persian, english) = match status {
        DocumentStatus::Told => ("بدون مبلغ پرداختنی", "nothing to pay"),
        DocumentStatus::Open => ("باز", "open"),
        DocumentStatus::Overdue => ("سررسید گذشته", "overdue"),
        DocumentStatus::Paid => ("پرداخت‌شده", "paid"),
        DocumentStatus::Uncollectible => ("غیرقابل وصول", "uncollectible"),
        DocumentStatus::Void => ("باطل‌شده", "void"),
    };
    match language {
        Language::Persian => persian,
        Language::English => english,
    }
}
