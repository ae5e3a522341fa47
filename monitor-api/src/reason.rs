//! What a refusal means, as a code for programs. The words for people are in `messages/`, one message for each code.

/// Codes: `Variant = "CODE" [arguments of its message]`. A code is a promise to programs and stays when a variant is renamed.
macro_rules! codes {
    ($(#[$about:meta])* $name:ident, $prefix:literal { $($variant:ident = $code:literal [$($argument:ident),*],)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $(#[doc = concat!("`", $code, "`")] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code that programs act on.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The arguments without which its message cannot be told.
            pub const fn arguments(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$(stringify!($argument)),*],)+ }
            }

            /// The name of its message in the catalogue.
            pub fn message_id(self) -> String {
                format!("{}{}", $prefix, self.code().to_ascii_lowercase().replace('_', "-"))
            }
        }
    };
}

mod words;
mod wrong;

pub use words::*;
pub use wrong::Wrong;

codes! {
    /// Why a call is refused: the `reason` of google.rpc.ErrorInfo.
    Reason, "" {
        // Any call.
        InvalidFields = "INVALID_FIELDS" [fields],
        DatabaseAway = "DATABASE_AWAY" [],
        DatabaseRefused = "DATABASE_REFUSED" [],
        Internal = "INTERNAL" [],

        // Alerts and their stream.
        UnknownAlert = "UNKNOWN_ALERT" [alert],
        AlreadyAcknowledged = "ALREADY_ACKNOWLEDGED" [by, at],
        AlreadyEnded = "ALREADY_ENDED" [at],
        ClosesByReport = "CLOSES_BY_REPORT" [],
        NotProved = "NOT_PROVED" [alert],
        ConcernsNoWearer = "CONCERNS_NO_WEARER" [alert],
        TooManyWatchers = "TOO_MANY_WATCHERS" [watchers_max],
        Stopping = "STOPPING" [],
        TooSlow = "TOO_SLOW" [],
        EventsMissing = "EVENTS_MISSING" [first, last],
        SequenceInFuture = "SEQUENCE_IN_FUTURE" [asked, newest],

        // Tariffs and runs of billing.
        CentralOnly = "CENTRAL_ONLY" [],
        UnknownRun = "UNKNOWN_RUN" [],
        TariffTaken = "TARIFF_TAKEN" [version],
        SetAsideTooLittle = "SET_ASIDE_TOO_LITTLE" [left],
        UnknownSpending = "UNKNOWN_SPENDING" [],

        // Tags.
        UnknownTag = "UNKNOWN_TAG" [imei],
        TagNotConnected = "TAG_NOT_CONNECTED" [],
        CommandNotSupported = "COMMAND_NOT_SUPPORTED" [],
        TagBusy = "TAG_BUSY" [],

        // The inventory.
        TagKnown = "TAG_KNOWN" [imei],
        SerialKnown = "SERIAL_KNOWN" [serial],
        TagIsWorn = "TAG_IS_WORN" [imei],
        TagBeingFitted = "TAG_BEING_FITTED" [imei],
        TagOnTheWay = "TAG_ON_THE_WAY" [imei],
        TagNotUsable = "TAG_NOT_USABLE" [imei, shown],
        TagStateStep = "TAG_STATE_STEP" [shown_from, shown_to],
        UnknownTransfer = "UNKNOWN_TRANSFER" [],
        TransferOver = "TRANSFER_OVER" [],

        // Fittings and removals.
        WearerHasTag = "WEARER_HAS_TAG" [imei],
        WearerHasNoTag = "WEARER_HAS_NO_TAG" [],
        WearerBeingFitted = "WEARER_BEING_FITTED" [installation],
        UnknownInstallation = "UNKNOWN_INSTALLATION" [],
        InstallationOver = "INSTALLATION_OVER" [],
        InstallationOfOtherKind = "INSTALLATION_OF_OTHER_KIND" [],
        FittingIncomplete = "FITTING_INCOMPLETE" [shown],
        ItemNotOverridable = "ITEM_NOT_OVERRIDABLE" [shown],
        FittingOverlaps = "FITTING_OVERLAPS" [],
        SecondPersonNeeded = "SECOND_PERSON_NEEDED" [],
        UnknownPhoto = "UNKNOWN_PHOTO" [photo],
        UnknownPhotoSubject = "UNKNOWN_PHOTO_SUBJECT" [],

        // Who calls, and what for.
        NotLoggedIn = "NOT_LOGGED_IN" [],
        SessionEnded = "SESSION_ENDED" [],
        NotAllowed = "NOT_ALLOWED" [],
        NotDeclared = "NOT_DECLARED" [],
        MachineOnly = "MACHINE_ONLY" [],
        PersonOnly = "PERSON_ONLY" [],
        OtherOrigin = "OTHER_ORIGIN" [],
        PurposeNeeded = "PURPOSE_NEEDED" [],
        PurposeUnknown = "PURPOSE_UNKNOWN" [],
        PurposeTooNarrow = "PURPOSE_TOO_NARROW" [],
        CaseNeeded = "CASE_NEEDED" [],
        IdempotencyKeyNeeded = "IDEMPOTENCY_KEY_NEEDED" [],
        IdempotencyKeyUsed = "IDEMPOTENCY_KEY_USED" [],
        VersionChanged = "VERSION_CHANGED" [version],
        ReauthenticationNeeded = "REAUTHENTICATION_NEEDED" [],
        SecondFactorNeeded = "SECOND_FACTOR_NEEDED" [],
        PasswordChangeNeeded = "PASSWORD_CHANGE_NEEDED" [],

        // Logging in, passwords and sessions.
        LogInRefused = "LOG_IN_REFUSED" [],
        LogInLocked = "LOG_IN_LOCKED" [seconds],
        TooManyLogIns = "TOO_MANY_LOG_INS" [],
        PasswordTooWeak = "PASSWORD_TOO_WEAK" [],
        PasswordUsedBefore = "PASSWORD_USED_BEFORE" [],
        CodeWrong = "CODE_WRONG" [],
        UnknownSession = "UNKNOWN_SESSION" [],

        // People, units, roles and machines.
        UnknownPerson = "UNKNOWN_PERSON" [],
        NameTaken = "NAME_TAKEN" [],
        UnknownUnit = "UNKNOWN_UNIT" [],
        UnitNotOn = "UNIT_NOT_ON" [],
        CentralUnitStays = "CENTRAL_UNIT_STAYS" [],
        UnitCodeTaken = "UNIT_CODE_TAKEN" [],
        UnknownWearer = "UNKNOWN_WEARER" [],
        UnknownRole = "UNKNOWN_ROLE" [],
        CentralRole = "CENTRAL_ROLE" [],
        NoPosition = "NO_POSITION" [],
        RoleHeldAlready = "ROLE_HELD_ALREADY" [],
        UnknownMachine = "UNKNOWN_MACHINE" [],
        MachineRevoked = "MACHINE_REVOKED" [],

        // Four eyes.
        UnknownProposal = "UNKNOWN_PROPOSAL" [],
        ProposalOver = "PROPOSAL_OVER" [state],
        SamePerson = "SAME_PERSON" [],

        // Files of wearers.
        WearerMerged = "WEARER_MERGED" [reference],
        ReferenceTaken = "REFERENCE_TAKEN" [],
        PersonEnrolled = "PERSON_ENROLLED" [reference],
        PersonEnrolledElsewhere = "PERSON_ENROLLED_ELSEWHERE" [],
        FileTooLong = "FILE_TOO_LONG" [],
        SameFile = "SAME_FILE" [],
        DuplicateWearsTag = "DUPLICATE_WEARS_TAG" [],
        MergeOrdersOverlap = "MERGE_ORDERS_OVERLAP" [order],

        // Orders.
        UnknownOrder = "UNKNOWN_ORDER" [],
        UnknownOrderFact = "UNKNOWN_ORDER_FACT" [],
        OrderOverlaps = "ORDER_OVERLAPS" [order, from],
        OrderInForce = "ORDER_IN_FORCE" [],
        OrderNotBegun = "ORDER_NOT_BEGUN" [],
        OrderSuspendedAlready = "ORDER_SUSPENDED_ALREADY" [],
        OrderNotSuspended = "ORDER_NOT_SUSPENDED" [],
        OrderOver = "ORDER_OVER" [],
        OrderFactFollows = "ORDER_FACT_FOLLOWS" [fact],
        OrderFactCancelled = "ORDER_FACT_CANCELLED" [],

        // Legal holds, releases of data and the audit.
        UnknownHold = "UNKNOWN_HOLD" [],
        HoldOver = "HOLD_OVER" [],
        UnknownRelease = "UNKNOWN_RELEASE" [],
        ReleaseGone = "RELEASE_GONE" [],
        NothingToRelease = "NOTHING_TO_RELEASE" [],
        AuditBroken = "AUDIT_BROKEN" [number],

        // Imports.
        UnknownImport = "UNKNOWN_IMPORT" [],
        ImportOver = "IMPORT_OVER" [],
        ImportIncomplete = "IMPORT_INCOMPLETE" [],
        PieceMisplaced = "PIECE_MISPLACED" [],
        PieceDiffers = "PIECE_DIFFERS" [],
        TooManyImports = "TOO_MANY_IMPORTS" [],
        // Leave: why something was not done; what stands against it; what must be read before it is approved.
        UnknownLeave = "UNKNOWN_LEAVE" [],
        UnknownLeaveBatch = "UNKNOWN_LEAVE_BATCH" [],
        LeaveOver = "LEAVE_OVER" [state],
        LeaveBegun = "LEAVE_BEGUN" [],
        LeaveNotUnderWay = "LEAVE_NOT_UNDER_WAY" [],
        LeaveLateReasonNeeded = "LEAVE_LATE_REASON_NEEDED" [],
        LeaveExclusionDiffers = "LEAVE_EXCLUSION_DIFFERS" [],
        LeaveTooLongAgo = "LEAVE_TOO_LONG_AGO" [days],
        LeaveWarningsUnread = "LEAVE_WARNINGS_UNREAD" [warnings],
        LeaveBatchHindered = "LEAVE_BATCH_HINDERED" [count, wearers],
        LeaveBatchNobody = "LEAVE_BATCH_NOBODY" [],
        LeaveBatchTooMany = "LEAVE_BATCH_TOO_MANY" [max],
        LeaveBatchOver = "LEAVE_BATCH_OVER" [state],
        LeaveUnknownWearer = "LEAVE_UNKNOWN_WEARER" [],
        LeaveFileMerged = "LEAVE_FILE_MERGED" [],
        LeaveNotMonitored = "LEAVE_NOT_MONITORED" [],
        LeaveNoOrder = "LEAVE_NO_ORDER" [],
        LeaveOrderSuspended = "LEAVE_ORDER_SUSPENDED" [],
        LeaveOtherLeave = "LEAVE_OTHER_LEAVE" [leave],
        LeaveTooLong = "LEAVE_TOO_LONG" [hours],
        LeaveNoneForBasis = "LEAVE_NONE_FOR_BASIS" [],
        LeaveStrapOpen = "LEAVE_STRAP_OPEN" [],
        LeaveCaseTamper = "LEAVE_CASE_TAMPER" [],
        LeaveInclusionBroken = "LEAVE_INCLUSION_BROKEN" [],
        LeaveExclusionBroken = "LEAVE_EXCLUSION_BROKEN" [],
        LeaveOrderEnds = "LEAVE_ORDER_ENDS" [],

        // Inspections of homes.
        UnknownInspection = "UNKNOWN_INSPECTION" [],
        InspectionUnderWay = "INSPECTION_UNDER_WAY" [],
        InspectionNotSo = "INSPECTION_NOT_SO" [state],
        InspectionShortcomings = "INSPECTION_SHORTCOMINGS" [],
        // Zones and their sets.
        UnknownZone = "UNKNOWN_ZONE" [zone],
        ZonesOutOfSpan = "ZONES_OUT_OF_SPAN" [],
        UnknownZoneSet = "UNKNOWN_ZONE_SET" [],
        ZoneSetTaken = "ZONE_SET_TAKEN" [],
        ZoneNameTaken = "ZONE_NAME_TAKEN" [],
        UnknownWearers = "UNKNOWN_WEARERS" [wearers],

        // Money in and out.
        UnknownStatementLine = "UNKNOWN_STATEMENT_LINE" [],
        UnknownPayment = "UNKNOWN_PAYMENT" [],
        UnknownRefund = "UNKNOWN_REFUND" [],
        UnknownDamage = "UNKNOWN_DAMAGE" [],
        InvoiceNotTheirs = "INVOICE_NOT_THEIRS" [invoice],
        AccountNew = "ACCOUNT_NEW" [accounts],
        AccountDiffers = "ACCOUNT_DIFFERS" [number],
        StatementLineOver = "STATEMENT_LINE_OVER" [state],
        StatementLineWentOut = "STATEMENT_LINE_WENT_OUT" [],
        ReferenceSeen = "REFERENCE_SEEN" [payment],
        PaymentReversed = "PAYMENT_REVERSED" [],
        PaymentPaidOut = "PAYMENT_PAID_OUT" [],
        BooksBlocked = "BOOKS_BLOCKED" [why],
        RefundBeyondCredit = "REFUND_BEYOND_CREDIT" [credit],
        RefundBeyondDeposit = "REFUND_BEYOND_DEPOSIT" [held],
        RefundBeyondRelease = "REFUND_BEYOND_RELEASE" [released],
        DepositBeyondCeiling = "DEPOSIT_BEYOND_CEILING" [ceiling, held],
        DepositNotAsked = "DEPOSIT_NOT_ASKED" [],
        TagStillFitted = "TAG_STILL_FITTED" [],
        DamageUnsettled = "DAMAGE_UNSETTLED" [damage],
        RefundOver = "REFUND_OVER" [state],
        DamageOver = "DAMAGE_OVER" [state],
        DamageNotTold = "DAMAGE_NOT_TOLD" [],
        ObjectionOpen = "OBJECTION_OPEN" [until],
        ObjectionLate = "OBJECTION_LATE" [until],
        // Documents and reports of finance.
        UnknownDocument = "UNKNOWN_DOCUMENT" [],
        UnknownObjection = "UNKNOWN_OBJECTION" [],
        ObjectionAnswered = "OBJECTION_ANSWERED" [],
        NothingOwed = "NOTHING_OWED" [],
        UncollectibleAlready = "UNCOLLECTIBLE_ALREADY" [],
        NotUncollectible = "NOT_UNCOLLECTIBLE" [],
        ReminderNotDue = "REMINDER_NOT_DUE" [],
        HappenedAlready = "HAPPENED_ALREADY" [],
        BooksDisagree = "BOOKS_DISAGREE" [expected, found],
        TooManyRows = "TOO_MANY_ROWS" [max],
        // Void documents, and how people pay.
        DocumentVoid = "DOCUMENT_VOID" [],
        VoidNoInvoice = "VOID_NO_INVOICE" [],
        DocumentSent = "DOCUMENT_SENT" [],
        DocumentPaid = "DOCUMENT_PAID" [],
        DocumentCorrected = "DOCUMENT_CORRECTED" [later],
        BillCodesInUse = "BILL_CODES_IN_USE" [],
        // Relief.
        UnknownRelief = "UNKNOWN_RELIEF" [],
        ReliefOver = "RELIEF_OVER" [],
        ReliefIsDeposit = "RELIEF_IS_DEPOSIT" [],
        ReliefEndOutside = "RELIEF_END_OUTSIDE" [from],
        ClassWithoutPrice = "CLASS_WITHOUT_PRICE" [class, tariff],
        ClassOverlaps = "CLASS_OVERLAPS" [from],
        SuspensionOverlaps = "SUSPENSION_OVERLAPS" [from],
        UnknownFitting = "UNKNOWN_FITTING" [],
        FeeIsSo = "FEE_IS_SO" [],
        RequiredBeyondCeiling = "REQUIRED_BEYOND_CEILING" [ceiling],
        // Accounts for refunds, lines of statements, the policy.
        HolderDiffers = "HOLDER_DIFFERS" [],
        NoRefundAccount = "NO_REFUND_ACCOUNT" [],
        RefundAccountChanged = "REFUND_ACCOUNT_CHANGED" [],
        RefundReferenceSeen = "REFUND_REFERENCE_SEEN" [refund],
        LineAmountDiffers = "LINE_AMOUNT_DIFFERS" [amount],
        HasLine = "HAS_LINE" [line],
        RefundLeft = "REFUND_LEFT" [line],
        StatementLineCameIn = "STATEMENT_LINE_CAME_IN" [],
        PolicyInUse = "POLICY_IN_USE" [],
        // Late facts.
        UnknownLateFact = "UNKNOWN_LATE_FACT" [],
        LateFactTooLate = "LATE_FACT_TOO_LATE" [until],
    }
}
