//! Who lives in the town, and what holds for them.

use super::place::Place;
use crate::identity::Identity;
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use std::f64::consts::TAU;

/// Homes lie within this distance of the middle, metres.
const TOWN_RADIUS_M: f64 = 4_000.0;
/// From a home to the street that its wearer must keep away from, metres.
pub(super) const STREET_DISTANCE_M: f64 = 900.0;

/// What holds for a wearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Regime {
    /// At home day and night.
    Home,
    /// At home from 22:00 to 06:00.
    Curfew,
    /// Anywhere but in one street.
    KeepAway,
}

/// The shape of a home zone.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum House {
    /// A circle around the home.
    Circle { radius_m: f64 },
    /// The building's outline and the distance around it.
    Outline { heading: f64, length_m: f64, width_m: f64, distance_m: u32 },
}

/// One inhabitant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wearer {
    pub reference: String,
    pub identity: Identity,
    pub native: bool,
    pub regime: Regime,
    pub home: Place,
    pub house: House,
    /// Middle of the street to keep away from; it runs across the way from home.
    pub street: Place,
    /// Battery at the start, percent.
    pub battery: f64,
}

impl Wearer {
    pub fn generate(fleet: &str, first_serial: u32, place: u32, random: &mut Xoshiro256PlusPlus) -> Self {
        let middle = Place { east_m: 0.0, north_m: 0.0 };
        // The root spreads homes evenly over the disc.
        let home = middle.towards(random.random_range(0.0..TAU), TOWN_RADIUS_M * random.random::<f64>().sqrt());
        let regime = match place % 10 {
            0..5 => Regime::Home,
            5..7 => Regime::Curfew,
            _ => Regime::KeepAway,
        };
        Self {
            reference: format!("W-{:04}", place + 1),
            identity: Identity::numbered(fleet, first_serial + place),
            native: place.is_multiple_of(2),
            regime,
            home,
            house: house(random),
            street: home.towards(random.random_range(0.0..TAU), STREET_DISTANCE_M),
            battery: random.random_range(40.0..100.0),
        }
    }

    /// Direction of the street, seen from home, radians from north.
    pub fn street_heading(&self) -> f64 {
        self.home.heading_to(self.street)
    }
}

fn house(random: &mut Xoshiro256PlusPlus) -> House {
    if random.random_bool(0.4) {
        return House::Circle { radius_m: random.random_range(80..=200).into() };
    }
    House::Outline {
        heading: random.random_range(0.0..TAU),
        length_m: random.random_range(12.0..25.0),
        width_m: random.random_range(9.0..18.0),
        distance_m: if random.random_bool(0.5) { 100 } else { 200 },
    }
}
