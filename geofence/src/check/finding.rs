//! What is found wrong with zones, as codes that callers put into words.

/// Whether zones may be drawn so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// They may, but somebody should look: most of these are slips.
    Warned,
    /// They may not.
    Refused,
}

/// Codes: `Variant = "CODE" [arguments]`. A code is a promise to programs and stays when a variant is renamed.
macro_rules! codes {
    ($($(#[$about:meta])* $variant:ident = $code:literal [$($argument:ident),*],)+) => {
        /// What is wrong.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum FindingCode {
            $($(#[$about])* $variant,)+
        }

        impl FindingCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code that programs act on.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The names of what belongs to it.
            pub const fn arguments(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$(stringify!($argument)),*],)+ }
            }
        }
    };
}

codes! {
    /// A property that must be there is not.
    PropertyMissing = "PROPERTY_MISSING" [property],
    /// A property has a value that cannot be read; `why` is English.
    PropertyWrong = "PROPERTY_WRONG" [property, why],
    /// A property looks like a rule of judgement and is none.
    PropertyUnknown = "PROPERTY_UNKNOWN" [property],
    /// There is no geometry, or one that cannot be a zone.
    NoShape = "NO_SHAPE" [],
    /// A ring does not end where it began.
    RingOpen = "RING_OPEN" [],
    /// Fewer than three different corners, or no area between them.
    NoArea = "NO_AREA" [],
    /// A coordinate that no zone may have.
    OutOfRange = "OUT_OF_RANGE" [longitude, latitude],
    /// More corners than are taken.
    TooManyCorners = "TOO_MANY_CORNERS" [corners, max],
    /// The outline crosses or touches itself.
    SelfCrossing = "SELF_CROSSING" [],
    /// A hole is not within the outline that it is a hole of, or crosses another.
    HoleOutside = "HOLE_OUTSIDE" [],
    /// Parts of a zone cross each other.
    PartsCross = "PARTS_CROSS" [],
    /// Nowhere in the zone is it sure that a wearer is inside.
    TooSmall = "TOO_SMALL" [depth, min],
    /// It is wider than anything that is meant.
    TooLarge = "TOO_LARGE" [across, max],
    /// It is wider than zones are.
    Large = "LARGE" [across],
    /// It lies far from where wearers are: longitude and latitude may be exchanged.
    FarAway = "FAR_AWAY" [],
    /// It is never on.
    NeverOn = "NEVER_ON" [],
    /// It is on for a shorter time than judgement needs.
    ShortHours = "SHORT_HOURS" [minutes, from],
    /// It has ended before it could begin.
    Ended = "ENDED" [],
    /// Two versions of it are in force at once.
    TwiceInForce = "TWICE_IN_FORCE" [],
    /// A shared zone that binds the wearer has the same name.
    NameTaken = "NAME_TAKEN" [],
    /// The residence is given as a point: the distance counts from the building's outline.
    ResidenceNoOutline = "RESIDENCE_NO_OUTLINE" [],
    /// The residence is no zone where the wearer is meant to be.
    ResidenceNotInclusion = "RESIDENCE_NOT_INCLUSION" [],
    /// The residence is larger than buildings are.
    ResidenceLarge = "RESIDENCE_LARGE" [across],
    /// The zone reaches farther from the residence than the order allows.
    AboveDegree = "ABOVE_DEGREE" [distance, max],
    /// No order is in force that says how far a zone may reach.
    NoOrder = "NO_ORDER" [],
    /// No zone says where the residence is.
    NoResidence = "NO_RESIDENCE" [],
    /// The residence is not within its own zone.
    HomeOutside = "HOME_OUTSIDE" [],
    /// A forbidden zone lies over the residence.
    ExclusionOverHome = "EXCLUSION_OVER_HOME" [home],
    /// Zones that are on at once leave no place to be.
    NoPlaceLeft = "NO_PLACE_LEFT" [others, at],
    /// Zones that are on at once leave hardly a place to be.
    LittlePlaceLeft = "LITTLE_PLACE_LEFT" [others, at, depth],
}

/// One thing that is wrong with one zone.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The zone's name; empty where none can be told.
    pub zone: String,
    /// What.
    pub code: FindingCode,
    /// How bad.
    pub severity: Severity,
    /// Metres and kilometres as whole numbers, instants in RFC 3339, names as they are.
    pub arguments: Vec<(&'static str, String)>,
    /// Latitude and longitude where it shows, degrees.
    pub place: Option<(f64, f64)>,
}

impl Finding {
    /// A finding that refuses.
    pub fn refused(zone: &str, code: FindingCode) -> Self {
        Self { zone: zone.to_owned(), code, severity: Severity::Refused, arguments: Vec::new(), place: None }
    }

    /// A finding that warns.
    pub fn warned(zone: &str, code: FindingCode) -> Self {
        Self { severity: Severity::Warned, ..Self::refused(zone, code) }
    }

    /// With one more argument.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.arguments.push((name, value.to_string()));
        self
    }

    /// With the place (latitude, longitude) where it shows.
    #[must_use]
    pub fn at(self, place: (f64, f64)) -> Self {
        Self { place: Some(place), ..self }
    }
}
