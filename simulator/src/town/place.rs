//! The ground: metres east and north of the middle of the town.

/// The middle, degrees. Only the scale of a city is real, everything built on it is invented.
const MIDDLE: (f64, f64) = (35.70, 51.40);
/// Metres in a degree of latitude at [`MIDDLE`] (WGS84).
const METRES_PER_LATITUDE: f64 = 110_952.0;
/// Metres in a degree of longitude at [`MIDDLE`] (WGS84).
const METRES_PER_LONGITUDE: f64 = 90_510.0;

/// A point of the town. Good to a few metres over a few kilometres, which is all that an invented town needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub east_m: f64,
    pub north_m: f64,
}

impl Place {
    /// So many metres from here in this direction, radians from north.
    pub fn towards(self, heading: f64, metres: f64) -> Self {
        Self { east_m: self.east_m + metres * heading.sin(), north_m: self.north_m + metres * heading.cos() }
    }

    /// Direction to another place, radians from north.
    pub fn heading_to(self, other: Self) -> f64 {
        (other.east_m - self.east_m).atan2(other.north_m - self.north_m)
    }

    /// Metres to another place.
    pub fn metres_to(self, other: Self) -> f64 {
        (other.east_m - self.east_m).hypot(other.north_m - self.north_m)
    }

    /// `[longitude, latitude]`, degrees with seven decimals.
    pub fn degrees(self) -> [f64; 2] {
        let [longitude, latitude] = self.e7();
        [f64::from(longitude) / 1e7, f64::from(latitude) / 1e7]
    }

    /// `[longitude, latitude]`, 1e-7 degree.
    pub fn e7(self) -> [i32; 2] {
        let degrees = [MIDDLE.1 + self.east_m / METRES_PER_LONGITUDE, MIDDLE.0 + self.north_m / METRES_PER_LATITUDE];
        degrees.map(|degrees| (degrees * 1e7).round() as i32)
    }
}

/// A rectangle around a place, as a closed ring of degrees.
pub(super) fn rectangle(middle: Place, heading: f64, length_m: f64, width_m: f64) -> Vec<[f64; 2]> {
    let (along, across) = (length_m / 2.0, width_m / 2.0);
    let corner =
        |(along, across): (f64, f64)| middle.towards(heading, along).towards(heading + std::f64::consts::FRAC_PI_2, across).degrees();
    [(along, across), (along, -across), (-along, -across), (-along, across), (along, across)].map(corner).to_vec()
}
