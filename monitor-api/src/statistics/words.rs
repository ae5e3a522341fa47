//! What tables say, in both languages.

use super::period::Month;
use crate::calendar::{persian_digits, solar_hijri_day};
use crate::language::Language;
use crate::release::{kind_en, kind_fa};
use geofence::ViolationKind;
use store::StatisticsTopic;

/// The same in Persian and in English.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Words(pub &'static str, pub &'static str);

impl Words {
    pub const fn of(self, language: Language) -> &'static str {
        match language {
            Language::Persian => self.0,
            Language::English => self.1,
        }
    }
}

/// The column that holds the sum of those that add up.
pub(super) const ALL: &str = "all";

pub(super) const UNIT: Words = Words("واحد", "Unit");
pub(super) const MONTH: Words = Words("ماه", "Month");
pub(super) const CODE: Words = Words("کد", "Code");
/// The code of the row that is the sum of the others.
pub(super) const TOTAL_CODE: &str = "total";
pub(super) const SUM: Words = Words("جمع", "Total");
pub(super) const YEARBOOK: Words = Words("گزارش سالانهٔ مراقبت الکترونیکی", "Yearly report on electronic monitoring");
pub(super) const STATISTICS: Words = Words("آمار مراقبت الکترونیکی", "Statistics of electronic monitoring");
pub(super) const COVER: Words = Words("دربارهٔ این گزارش", "About this report");
pub(super) const PERIOD: Words = Words("دوره", "Period");
pub(super) const COUNTED_AT: Words = Words("زمان شمارش", "Counted at");
pub(super) const COUNTED_BY: Words = Words("شمارش به درخواست", "Counted for");
pub(super) const TABLE: Words = Words("جدول", "Table");
pub(super) const NOTE: Words = Words("توضیح", "What it means");
pub(super) const ALL_UNITS: Words = Words("همهٔ واحدهای در دسترس", "All units within reach");
pub(super) const METHOD: Words = Words(
    "هر مددجو در واحدی شمرده می‌شود که پرونده‌اش اکنون آنجاست و بر پایهٔ آنچه اکنون ثبت است؛ ثبت یا اصلاح بعدی، عددهای دورهٔ گذشته را تغییر می‌دهد. روزها به وقت تهران است.",
    "A wearer is counted in the unit where the file lies now, by what is recorded now: what is recorded or corrected later changes the numbers of a past period. Days are those of Tehran.",
);

/// What a table is called.
pub(super) struct TableWords {
    pub code: &'static str,
    pub title: Words,
    pub note: Words,
}

/// In the order of the yearly report.
pub(super) const TOPICS: [StatisticsTopic; 6] = [
    StatisticsTopic::Wearers,
    StatisticsTopic::Orders,
    StatisticsTopic::Fittings,
    StatisticsTopic::Violations,
    StatisticsTopic::Leaves,
    StatisticsTopic::Tags,
];

pub(super) const fn table(topic: StatisticsTopic) -> TableWords {
    let (code, title, note) = match topic {
        StatisticsTopic::Wearers => (
            "wearers",
            Words("مددجویان", "Wearers"),
            Words(
                "وضع هر مددجو در پایان دوره؛ هر مددجو یک بار شمرده می‌شود. «معلق» بر نصب بودن پابند مقدم است. «بدون پابند» یعنی حکم برقرار است ولی پابندی که نصب بود برداشته شده است.",
                "How each wearer stood at the end of the period; each is counted once. A suspension counts before a tag that is worn. Without tag: the order is in force, and the tag that was fitted is off.",
            ),
        ),
        StatisticsTopic::Orders => (
            "orders",
            Words("حکم‌ها", "Orders"),
            Words(
                "حکم‌هایی که در دوره آغاز شده‌اند، یک بار بر پایهٔ مستند قانونی و یک بار بر پایهٔ نوع مراقبت، و حکم‌هایی که در دوره پایان یافته‌اند.",
                "Orders that began in the period, once by legal basis and once by regime, and those that ended in it.",
            ),
        ),
        StatisticsTopic::Fittings => (
            "fittings",
            Words("نصب و فک", "Fittings and removals"),
            Words(
                "«نصب دوباره» یعنی مددجو پیش از این پابند داشته و مدتی بدون پابند بوده است. تعویض، فک شمرده نمی‌شود.",
                "Fitted again: the wearer had a tag before and was without one for a time. A replacement is no removal.",
            ),
        ),
        StatisticsTopic::Violations => (
            "violations",
            Words("نقض‌ها و رخدادها", "Violations and events"),
            Words(
                "آنچه در دوره آغاز شده است. موارد ردشده جداگانه آمده و در هیچ ستون دیگری نیست. «دیریافته» و «در اخلال منطقه» بخشی از جمع است.",
                "What began in the period. Refuted ones stand apart and are in no other column. Found late and explained by interference are part of the sum.",
            ),
        ),
        StatisticsTopic::Leaves => (
            "leaves",
            Words("مرخصی‌ها", "Leaves"),
            Words(
                "مرخصی‌هایی که در دوره آغاز شده‌اند؛ شبانه آن است که از نیمه‌شب بگذرد. ستون پایانی: مرخصی‌هایی که در دوره پایان یافته‌اند و مددجو در پایان آن در محدوده دیده نشده است.",
                "Leaves that began in the period; overnight is what passes a midnight. The last column: leaves that ended in the period and at whose end the wearer was not seen in the zone.",
            ),
        ),
        StatisticsTopic::Tags => (
            "tags",
            Words("پابندها", "Tags"),
            Words(
                "جای هر پابند هم‌اکنون، هر دوره‌ای که خواسته شده باشد: گذشتهٔ آن نگهداری نمی‌شود. در واحدی شمرده می‌شود که پابند از آن اوست.",
                "Where each tag is now, whatever the period: its past is not kept. Counted in the unit that keeps it.",
            ),
        ),
    };
    TableWords { code, title, note }
}

/// The columns of a topic: their codes, and what stands above them.
pub(super) fn columns(topic: StatisticsTopic) -> Vec<(&'static str, Words)> {
    let fixed: &[(&str, Words)] = match topic {
        StatisticsTopic::Wearers => &[
            (ALL, Words("همه", "All")),
            ("never_fitted", Words("هنوز نصب نشده", "Not fitted yet")),
            ("monitored", Words("تحت مراقبت", "Monitored")),
            ("on_leave", Words("در مرخصی", "On leave")),
            ("suspended", Words("معلق", "Suspended")),
            ("without_tag", Words("بدون پابند", "Without tag")),
            ("ended", Words("پایان‌یافته", "Ended")),
        ],
        StatisticsTopic::Orders => &[
            ("begun", Words("آغازشده", "Begun")),
            ("ipc_62", Words("مادهٔ ۶۲ قانون مجازات اسلامی", "Art. 62 Islamic Penal Code")),
            ("cpc_553", Words("مادهٔ ۵۵۳ آیین دادرسی کیفری", "Art. 553 Criminal Procedure")),
            ("cpc_217", Words("مادهٔ ۲۱۷ آیین دادرسی کیفری", "Art. 217 Criminal Procedure")),
            ("bylaw_191", Words("مادهٔ ۱۹۱ آیین‌نامه", "Art. 191 bylaw")),
            ("other", Words("مستند دیگر", "Another basis")),
            ("tag", Words("با پابند و محدوده", "Tag with an area")),
            ("house", Words("حبس خانگی", "House arrest")),
            ("ended", Words("پایان‌یافته", "Ended")),
        ],
        StatisticsTopic::Fittings => &[
            ("first", Words("نصب نخست", "First fitting")),
            ("again", Words("نصب دوباره", "Fitted again")),
            ("replacement", Words("تعویض", "Replacement")),
            ("removal", Words("فک", "Removal")),
        ],
        StatisticsTopic::Violations => &[
            (ALL, Words("همه", "All")),
            ("found_late", Words("دیریافته", "Found late")),
            ("in_incident", Words("در اخلال منطقه", "Explained by interference")),
            ("refuted", Words("ردشده", "Refuted")),
        ],
        StatisticsTopic::Leaves => &[
            (ALL, Words("همه", "All")),
            ("overnight", Words("شبانه", "Overnight")),
            ("by_hours", Words("ساعتی", "By hours")),
            ("hours", Words("جمع ساعت‌ها", "Hours together")),
            ("not_home_at_end", Words("نبودن در محدوده در پایان", "Not in the zone at the end")),
        ],
        StatisticsTopic::Tags => &[
            (ALL, Words("همه", "All")),
            ("fitted", Words("نصب‌شده", "Fitted")),
            ("in_stock", Words("در انبار", "In stock")),
            ("returned", Words("برگشته", "Returned")),
            ("faulty", Words("خراب", "Faulty")),
            ("lost", Words("گم‌شده", "Lost")),
            ("retired", Words("کنارگذاشته", "Retired")),
        ],
    };
    let mut columns = fixed.to_vec();
    if topic == StatisticsTopic::Violations {
        let kinds = ViolationKind::ALL.map(|kind| (kind.name(), Words(kind_fa(kind), kind_en(kind))));
        columns.splice(1..1, kinds);
    }
    columns
}

/// Whether a column is a part of [`ALL`].
pub(super) fn adds_up(topic: StatisticsTopic, code: &str) -> bool {
    match topic {
        StatisticsTopic::Wearers | StatisticsTopic::Tags => code != ALL,
        StatisticsTopic::Violations => ViolationKind::ALL.iter().any(|kind| kind.name() == code),
        StatisticsTopic::Leaves => ["overnight", "by_hours"].contains(&code),
        StatisticsTopic::Orders | StatisticsTopic::Fittings => false,
    }
}

const MONTHS: [Words; 12] = [
    Words("فروردین", "Farvardin"),
    Words("اردیبهشت", "Ordibehesht"),
    Words("خرداد", "Khordad"),
    Words("تیر", "Tir"),
    Words("مرداد", "Mordad"),
    Words("شهریور", "Shahrivar"),
    Words("مهر", "Mehr"),
    Words("آبان", "Aban"),
    Words("آذر", "Azar"),
    Words("دی", "Dey"),
    Words("بهمن", "Bahman"),
    Words("اسفند", "Esfand"),
];

/// `فروردین ۱۴۰۴`; `Farvardin 1404 (2025-03-21 to 2025-04-20)`.
pub(super) fn month(month: &Month, language: Language) -> String {
    let name = MONTHS.get(usize::from(month.month).saturating_sub(1)).map_or("", |name| name.of(language));
    match language {
        Language::Persian => persian_digits(&format!("{name} {}", month.year)),
        Language::English => format!("{name} {} ({} to {})", month.year, month.from, last(month.to)),
    }
}

/// From the first to the last day: `از ۱۴۰۴/۰۱/۰۱ تا ۱۴۰۴/۱۲/۲۹`; in English with both calendars.
pub(super) fn days(from: chrono::NaiveDate, to: chrono::NaiveDate, language: Language) -> String {
    let shown = |day| solar_hijri_day(day).unwrap_or_default();
    let last = last(to);
    match language {
        Language::Persian => persian_digits(&format!("از {} تا {}", shown(from), shown(last))),
        Language::English => format!("{} to {} ({from} to {last})", shown(from), shown(last)),
    }
}

fn last(to: chrono::NaiveDate) -> chrono::NaiveDate {
    to.pred_opt().unwrap_or(to)
}
