//! A grid over the earth in which neighbours share their satellites' fate.

use serde::{Deserialize, Serialize};

/// Rows from pole to pole.
const ROWS: u16 = 800;
/// Degrees of latitude of a row: 24.88 km at the equator, 25.13 km at the poles.
const ROW_DEG: f64 = 180.0 / ROWS as f64;
/// Columns of a row at the equator, each 25.05 km wide; elsewhere fewer, so that they stay as wide in the middle of the row.
const COLUMNS_AT_EQUATOR: f64 = 1600.0;

/// A cell of about 25 km by 25 km: a row of latitude, and a column of longitude as wide as fits the middle of that row. Near the poles
/// (beyond 89.7 degrees) it is wider.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Cell {
    row: u16,
    column: u16,
}

impl Cell {
    /// The cell of a position in WGS84 degrees. Any longitude is read modulo 360; a latitude beyond a pole is the pole.
    pub fn of(latitude: f64, longitude: f64) -> Self {
        let row = (((latitude + 90.0) / ROW_DEG).floor() as u16).min(ROWS - 1);
        let columns = columns_of(row);
        let turn = (longitude + 180.0).rem_euclid(360.0) / 360.0;
        let column = ((turn * f64::from(columns)).floor() as u16).min(columns - 1);
        Self { row, column }
    }

    /// Its middle: latitude and longitude, degrees.
    pub fn centre(self) -> (f64, f64) {
        let columns = f64::from(columns_of(self.row));
        (middle_deg(self.row), (f64::from(self.column) + 0.5) / columns * 360.0 - 180.0)
    }

    /// Its middle as text, to 0.01 degree; no two cells have the same: `35.66,51.37`.
    pub fn name(self) -> String {
        let (latitude, longitude) = self.centre();
        let rounded = |degrees: f64| (degrees * 100.0).round() / 100.0 + 0.0; // + 0.0 makes −0 plain 0
        format!("{:.2},{:.2}", rounded(latitude), rounded(longitude))
    }

    /// The cell of that [`name`](Self::name); `None` for every other text, a position off the middle too.
    pub fn from_name(name: &str) -> Option<Self> {
        let (latitude, longitude) = name.split_once(',')?;
        let cell = Self::of(latitude.parse().ok()?, longitude.parse().ok()?);
        (cell.name() == name).then_some(cell)
    }
}

fn middle_deg(row: u16) -> f64 {
    (f64::from(row) + 0.5) * ROW_DEG - 90.0
}

fn columns_of(row: u16) -> u16 {
    (COLUMNS_AT_EQUATOR * middle_deg(row).to_radians().cos()).round() as u16 // 3 at the poles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ellipsoid::geodesic_m;

    #[test]
    fn a_cell_is_about_25_km_wide_and_high() {
        for latitude in [0.1, 25.3, 35.7, 39.7, 60.0, 85.0] {
            let cell = Cell::of(latitude, 51.4);
            let (middle, _) = cell.centre();
            let width_m = geodesic_m((middle, 0.0), (middle, 360.0 / f64::from(columns_of(cell.row))));
            let height_m = geodesic_m((middle - ROW_DEG / 2.0, 0.0), (middle + ROW_DEG / 2.0, 0.0));
            assert!((24_000.0..26_000.0).contains(&width_m), "{latitude}: {width_m}");
            assert!((24_800.0..25_200.0).contains(&height_m), "{latitude}: {height_m}");
        }
    }

    #[test]
    fn the_middle_of_a_cell_lies_in_it_and_names_it_alone() {
        let mut names = std::collections::HashSet::new();
        for row in [0, 1, 399, 400, 558, 798, 799] {
            for column in 0..columns_of(row) {
                let cell = Cell { row, column };
                assert_eq!(Cell::of(cell.centre().0, cell.centre().1), cell);
                assert_eq!(Cell::from_name(&cell.name()), Some(cell));
                assert!(names.insert(cell.name()), "{}", cell.name());
            }
        }
    }

    #[test]
    fn a_text_that_names_no_cell_is_none() {
        for text in ["", ",", "35.66", "35.66,51.38", "35.66, 51.37", "35.660,51.37", "NaN,51.37", "inf,inf", "95.00,51.37"] {
            assert_eq!(Cell::from_name(text), None, "{text}");
        }
    }

    #[test]
    fn the_ends_of_the_grid_are_in_it() {
        assert_eq!(Cell::of(35.7, 180.0), Cell::of(35.7, -180.0));
        assert_eq!(Cell::of(35.7, 411.4), Cell::of(35.7, 51.4));
        assert_eq!(Cell::of(90.0, 0.0).row, 799);
        assert_eq!(Cell::of(-90.0, 0.0).row, 0);
        assert_eq!(Cell::of(35.7, 51.4).name(), "35.66,51.37");
    }
}
