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

        // Tags.
        UnknownTag = "UNKNOWN_TAG" [imei],
        TagNotConnected = "TAG_NOT_CONNECTED" [],
        CommandNotSupported = "COMMAND_NOT_SUPPORTED" [],
        TagBusy = "TAG_BUSY" [],

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
    }
}

codes! {
    /// What is wrong with one field: the `reason` of a google.rpc.BadRequest.FieldViolation.
    Wrong, "field-" {
        Missing = "MISSING" [],
        TooShort = "TOO_SHORT" [min, length],
        TooLong = "TOO_LONG" [max, length],
        MustBeAboveZero = "MUST_BE_ABOVE_ZERO" [value],
        MustNotBeNegative = "MUST_NOT_BE_NEGATIVE" [value],
        AboveMax = "ABOVE_MAX" [max, value],
        OutOfRange = "OUT_OF_RANGE" [min, max, value],
        NoInstant = "NO_INSTANT" [],
        NoDate = "NO_DATE" [],
        DatesDiffer = "DATES_DIFFER" [],
        NationalIdLength = "NATIONAL_ID_LENGTH" [],
        NationalIdCheck = "NATIONAL_ID_CHECK" [],
        NotAfter = "NOT_AFTER" [from],
        UnknownKind = "UNKNOWN_KIND" [value],
        UnknownChoice = "UNKNOWN_CHOICE" [value],
        PageTokenForeign = "PAGE_TOKEN_FOREIGN" [],
        NoOrder = "NO_ORDER" [],
        NothingToNotify = "NOTHING_TO_NOTIFY" [],
        SpanTooLong = "SPAN_TOO_LONG" [days],
        HoldsName = "HOLDS_NAME" [],
        FewCharacters = "FEW_CHARACTERS" [],
        CommonWords = "COMMON_WORDS" [],
        NotAName = "NOT_A_NAME" [],
        NotACode = "NOT_A_CODE" [],

        // What is wrong with a file and its rows.
        FileEmpty = "FILE_EMPTY" [],
        FileFormat = "FILE_FORMAT" [],
        FileEncoding = "FILE_ENCODING" [],
        FileDamaged = "FILE_DAMAGED" [],
        FileTooLarge = "FILE_TOO_LARGE" [rows],
        QuoteOpen = "QUOTE_OPEN" [],
        HeadingMissing = "HEADING_MISSING" [heading],
        HeadingTwice = "HEADING_TWICE" [heading],
        DigitsLost = "DIGITS_LOST" [],
        ZerosLost = "ZEROS_LOST" [digits],
        RowTwice = "ROW_TWICE" [row],
        NoRows = "NO_ROWS" [],
    }
}
