//! The page in Persian.

use super::amount::in_persian_words;
use super::said::{FactKind, FactWords};
use super::words::{Labels, Words};
use crate::Currency;
use crate::document::{Kind, LineCode, Why};
use crate::rate::Code;

pub(super) const WORDS: Words = Words {
    lang: "fa",
    dir: "rtl",
    is_persian: true,
    labels: Labels {
        name: "مددجو",
        reference: "شمارهٔ پرونده",
        centre: "مرکز صادرکننده",
        issued: "تاریخ صدور",
        month: "دربارهٔ ماه",
        due: "مهلت پرداخت",
        void: "باطل شده است: چیزی برای این سند پرداخت نکنید",
        open: "مانده برای پرداخت",
        account: "حساب مقصد",
        holder: "بانک و صاحب حساب",
        how: "روش پرداخت",
        payment: "شناسهٔ قبض و پرداخت",
        total: "جمع",
        columns: ["شرح", "ماه", "روز", "بهای هر روز", "مبلغ"],
        reasons: "چرا این مبلغ‌ها",
    },
    until: "تا",
    comma: "، ",
    days: "روز",
    taken_back: "برگشت:",
    decided_by: "بر پایهٔ",
    tariff: "تعرفهٔ",
    facts: FactWords {
        kind: fact,
        number: " شمارهٔ ",
        percent: (" ", " درصد"),
        day: " به تاریخ ",
        decision: "تصمیم",
        decided: " مورخ ",
        authority: "، ",
    },
    rule: "قاعدهٔ",
    objection: "اگر با سطری از این سند موافق نیستید، به واحد مالی مرکز اعتراض کنید؛ اعتراض ثبت و پاسخ آن در همین پرونده داده می‌شود. بدهی به‌خودی‌خود نقض مراقبت نیست.",
    kind,
    line,
    why,
    months: ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"],
    spelled: |amount| {
        let sign = if amount.is_negative() { "منفی " } else { "" };
        (amount.currency() == Currency::IRR).then(|| format!("{sign}{} ریال", in_persian_words(amount.minor_units().unsigned_abs())))
    },
};

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Invoice => "صورت‌حساب",
        Kind::CreditNote => "برگهٔ بستانکاری",
        Kind::RerateNote => "برگهٔ محاسبهٔ دوباره (بی‌تغییر در جمع)",
        Kind::Statement => "صورت وضعیت (بدون مبلغ)",
        Kind::DepositRequest => "درخواست ودیعه",
        Kind::DepositRelease => "آزادسازی بخشی از ودیعه",
        Kind::DamageInvoice => "صورت‌حساب خسارت تجهیزات",
    }
}

fn line(line: LineCode) -> String {
    let code = |code| match code {
        Code::Install => "هزینهٔ نصب",
        Code::Replace => "هزینهٔ تعویض",
        Code::Usage => "حق استفادهٔ روزانه",
        Code::Waiver => "بخشودگی",
        Code::Cap => "کاهش تا سقف ماه نخست",
    };
    match line {
        LineCode::Charge(charged) => code(charged).to_owned(),
        LineCode::Adjust(adjusted) => format!("اصلاح {}", code(adjusted)),
        LineCode::DepositRequest => "ودیعهٔ تجهیزات".to_owned(),
        LineCode::DepositRelease => "ودیعهٔ آزادشده".to_owned(),
        LineCode::Damage => "خسارت بیش از ودیعه".to_owned(),
    }
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Used => "پابند در پایان روز نصب بود؛ با تعرفهٔ همان روز",
        Why::Leave => "رایگان: مرخصی مصوب",
        Why::Suspended => "رایگان: استفاده معلق بود",
        Why::BilledElsewhere => "در این پرونده رایگان: در پروندهٔ دیگر همین شخص محاسبه می‌شود",
        Why::NotFitted => "بدون استفاده: پابندی نصب نبود",
        Why::Chargeable => "هزینه‌دار، با تعرفهٔ همان روز",
        Why::NoFee => "دیگر هزینه‌ای ندارد: رویداد لغو شد یا هزینه‌دار نیست",
        Why::Waived => "بخشوده با تصمیم مرجع؛ هر روز رو به پایین گرد شد",
        Why::Capped => "حق روزانه و نصب ماه نخست، پس از مرخصی و بخشودگی، بیش از سقف بود",
        Why::NoWaiver => "دیگر بخشوده نیست: بخشودگی پایان یافت یا لغو شد",
        Why::NotCapped => "دیگر بیش از سقف ماه نخست نیست",
        Why::Deposit => "ودیعه‌ای که مرجع تعیین کرده، منهای آنچه هست یا خواسته شده",
        Why::Damage => "خسارت تجهیزات بیش از ودیعه",
    }
}

fn fact(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Leave => "مرخصی",
        FactKind::LeaveEnded => "پایان یا لغو مرخصی",
        FactKind::Suspension => "تعلیق",
        FactKind::Variation => "تغییر نوع مراقبت",
        FactKind::Class => "گروه بهای ویژه",
        FactKind::Waiver => "بخشودگی",
        FactKind::ReliefEnded => "پایان تسهیلات",
        FactKind::Installation => "نصب پابند",
        FactKind::Replacement => "تعویض پابند",
        FactKind::Removal => "برداشتن پابند",
        FactKind::Damage => "گزارش خسارت",
        FactKind::Deposit => "ودیعهٔ تعیین‌شده",
        FactKind::FeeCorrection => "اصلاح هزینه",
        FactKind::Other => "رویداد",
    }
}

/// ASCII digits as Persian ones.
pub(super) fn digits(text: &str) -> String {
    text.chars().map(|character| character.to_digit(10).and_then(|digit| char::from_u32('۰' as u32 + digit)).unwrap_or(character)).collect()
}
