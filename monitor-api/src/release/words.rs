//! What kinds and ends are called on the page for people.

use geofence::{EndReason, ViolationKind};

pub(crate) const fn kind_fa(kind: ViolationKind) -> &'static str {
    match kind {
        ViolationKind::Inclusion => "خروج از محدوده",
        ViolationKind::Exclusion => "ورود به محدودهٔ ممنوع",
        ViolationKind::PresenceUnknown => "حضور نامعلوم",
        ViolationKind::StrapOpen => "باز شدن بند",
        ViolationKind::CaseTamper => "دستکاری دستگاه",
        ViolationKind::Sos => "درخواست کمک",
        ViolationKind::Silent => "سکوت دستگاه",
        ViolationKind::NoPosition => "نبود موقعیت",
        ViolationKind::BatteryLow => "کم بودن باتری",
        ViolationKind::BatteryCritical => "باتری رو به پایان",
        ViolationKind::Flat => "خالی شدن باتری",
        ViolationKind::ChargingRemoved => "جدا شدن شارژر",
        ViolationKind::PowerOff => "خاموش شدن دستگاه",
        ViolationKind::Jamming => "اخلال رادیویی",
        ViolationKind::Implausible => "گزارش ناممکن",
        ViolationKind::Identity => "تردید در هویت دستگاه",
        ViolationKind::AreaInterference => "اخلال در یک منطقه",
    }
}

pub(crate) const fn kind_en(kind: ViolationKind) -> &'static str {
    match kind {
        ViolationKind::Inclusion => "outside an inclusion zone",
        ViolationKind::Exclusion => "inside an exclusion zone",
        ViolationKind::PresenceUnknown => "presence unknown",
        ViolationKind::StrapOpen => "strap open",
        ViolationKind::CaseTamper => "case tampered with",
        ViolationKind::Sos => "call for help",
        ViolationKind::Silent => "silent",
        ViolationKind::NoPosition => "heard without a position",
        ViolationKind::BatteryLow => "battery low",
        ViolationKind::BatteryCritical => "battery nearly empty",
        ViolationKind::Flat => "battery flat",
        ViolationKind::ChargingRemoved => "charger removed",
        ViolationKind::PowerOff => "switched off",
        ViolationKind::Jamming => "radio jammed",
        ViolationKind::Implausible => "implausible report",
        ViolationKind::Identity => "identity in doubt",
        ViolationKind::AreaInterference => "interference in an area",
    }
}

pub(super) const fn end_fa(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Kept => "محدوده دوباره رعایت شد",
        EndReason::ZoneOff => "زمان اجرای محدوده به پایان رسید",
        EndReason::Fix => "موقعیت دوباره معلوم شد",
        EndReason::ByPerson => "به دست کاربر بسته شد",
        EndReason::Refuted => "رد شد: دادهٔ دیررسیده یا اصلاح‌شده نشان داد که رخ نداده است",
        EndReason::Heard => "دستگاه دوباره گزارش داد",
        EndReason::Restored => "به وضع عادی بازگشت",
    }
}

pub(super) const fn end_en(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Kept => "the zone was kept again",
        EndReason::ZoneOff => "the zone's time was over",
        EndReason::Fix => "the position was known again",
        EndReason::ByPerson => "closed by a person",
        EndReason::Refuted => "REFUTED: late or corrected data showed that it was not so",
        EndReason::Heard => "the tag was heard again",
        EndReason::Restored => "well again",
    }
}
