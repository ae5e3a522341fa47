//! What makes trouble of many into one incident.

/// The parameters of `area_interference` (policy 4).
#[derive(Clone, PartialEq, Debug)]
pub struct InterferenceRules {
    /// Those heard within this time are counted, milliseconds.
    pub within_ms: i64,
    /// At least so many wearers turn.
    pub wearers_min: u32,
    /// And at least this share of those heard, 0 to 1.
    pub share_min: f64,
    /// Under this share of troubled wearers a cell is calm, 0 to 1.
    pub calm_share: f64,
    /// Calm for so long ends an incident, milliseconds.
    pub calm_ms: i64,
}

impl Default for InterferenceRules {
    /// The defaults of policy 4.
    fn default() -> Self {
        Self { within_ms: 300_000, wearers_min: 20, share_min: 0.30, calm_share: 0.10, calm_ms: 600_000 }
    }
}
