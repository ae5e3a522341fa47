//! What is shown in words and refuses nothing.

codes! {
    /// Why somebody must look at a person's bill: the `code` of an entry of the work list.
    Todo, "todo-" {
        NoOrder = "NO_ORDER" [fitting],
        NotReckoned = "NOT_RECKONED" [error],
        NothingToRemove = "NOTHING_TO_REMOVE" [],
        NothingToReplace = "NOTHING_TO_REPLACE" [],
        NoRegimeToChange = "NO_REGIME_TO_CHANGE" [],
        NoTariff = "NO_TARIFF" [day],
        UnknownClass = "UNKNOWN_CLASS" [tariff, class],
        TwoClasses = "TWO_CLASSES" [day],
        NothingToCancel = "NOTHING_TO_CANCEL" [event],
        NoFeeToCorrect = "NO_FEE_TO_CORRECT" [event],
        CannotTakeBack = "CANNOT_TAKE_BACK" [],
        NoSuchInvoice = "NO_SUCH_INVOICE" [invoice],
        RefundTooHigh = "REFUND_TOO_HIGH" [amount],
        ReturnTooHigh = "RETURN_TOO_HIGH" [amount],
        VoidNoInvoice = "VOID_NO_INVOICE" [invoice],
        VoidPaid = "VOID_PAID" [invoice],
        VoidCorrected = "VOID_CORRECTED" [invoice, later],
        LateFact = "LATE_FACT" [kind, fact, order, until],
    }
}

/// Defines words that are shown as they are: `Variant = "name"`, with a message named after the prefix and the name.
macro_rules! words {
    ($(#[$about:meta])* $function:ident, $prefix:literal [$($name:literal),+ $(,)?]) => {
        $(#[$about])*
        pub fn $function(name: &str) -> String {
            debug_assert!([$($name),+].contains(&name), "{name} has no words");
            format!("{}{}", $prefix, name.replace('_', "-"))
        }

        #[cfg(test)]
        pub mod $function {
            /// The messages of all of them.
            pub fn all() -> Vec<String> {
                [$($name),+].into_iter().map(super::$function).collect()
            }
        }
    };
}

words! {
    /// The message that says what an item of the checklist of a fitting is about.
    checklist_item, "checklist-" [
        "order_in_force", "zones_valid", "home_inspected", "tag_heard", "strap_closed", "battery", "fix_inside_zone", "deposit", "undertaking",
    ]
}

words! {
    /// The message that says what to do about it.
    checklist_todo, "todo-" [
        "record_order", "resume_order", "draw_zone", "repair_zone", "inspect_home", "wake_tag", "close_strap", "await_strap", "charge_battery",
        "await_battery", "await_fix", "go_to_zone", "leave_forbidden_zone", "record_deposit", "sign_undertaking",
    ]
}

words! {
    /// The message that names a state of a tag.
    tag_state, "tag-state-" ["in_stock", "returned", "faulty", "lost", "retired"]
}

words! {
    /// The message that says what does not agree.
    books_difference, "difference-" [
        "entry", "document_receivable", "document_income", "money", "strange_entry", "receivable", "deposit", "cash_fees", "income",
        "payment_not_at_bank", "refund_not_at_bank", "line_reversed", "line_amount",
    ]
}

words! {
    /// The message that a reminder carries for who cannot pay.
    reminder_hint, "reminder-" ["hardship"]
}
