//! What a tag keeps while it has no network, and in which order it tells it afterwards.

use geofence::Report;

/// Reports of a time without network. Some tags first say how things are now, and then read their memory backwards.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Oldest first.
    kept: Vec<Report>,
    /// A newer report has been told since.
    now_told: bool,
}

impl Backlog {
    /// Whether the next report should be taken at once: there is a network again, and how things are now has not been told.
    pub fn is_due(&self) -> bool {
        !self.kept.is_empty() && !self.now_told
    }

    /// What goes out now, in this order, with the report just taken. `delivered` = the server has stored all that went out before.
    pub fn take(&mut self, network: bool, report: Option<Report>, delivered: bool) -> Vec<Report> {
        if !network {
            self.kept.extend(report);
            self.now_told = false;
            return Vec::new();
        }
        // Only once the newer report is stored: in one frame with it, the backlog would not be late.
        let backlog = if self.now_told && delivered { std::mem::take(&mut self.kept) } else { Vec::new() };
        self.now_told |= report.is_some();
        report.into_iter().chain(backlog.into_iter().rev()).collect()
    }
}
