//! How far a run is: a bar on a terminal, otherwise a plain line now and then. Goes to standard error, so that results stay clean.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Between two looks at the counters.
pub(crate) const TICK: Duration = Duration::from_millis(250);

pub(crate) struct Progress {
    bar: ProgressBar,
    what: &'static str,
    line_due: Instant,
    quiet: bool,
}

impl Progress {
    /// `total` of `what`; without a total the bar only counts. `quiet` shows nothing.
    pub fn new(what: &'static str, total: Option<u64>, quiet: bool) -> Self {
        let bar = match (quiet, total) {
            (true, _) => ProgressBar::hidden(),
            (false, Some(total)) => {
                ProgressBar::new(total).with_style(style("{bar:30} {human_pos} of {human_len} {prefix}, {elapsed} {msg}"))
            }
            (false, None) => ProgressBar::no_length().with_style(style("{spinner} {human_pos} {prefix}, {elapsed} {msg}")),
        };
        Self { bar: bar.with_prefix(what), what, line_due: Instant::now() + LINE_EVERY, quiet }
    }

    pub fn show(&mut self, done: u64, message: String) {
        self.bar.set_position(done);
        if !self.quiet && self.bar.is_hidden() && Instant::now() >= self.line_due {
            eprintln!("{done} {} {message}", self.what);
            self.line_due += LINE_EVERY;
        }
        self.bar.set_message(message);
    }

    /// Says something that happened.
    pub fn say(&self, what: &str) {
        if self.quiet {
            return;
        }
        if self.bar.is_hidden() { eprintln!("{what}") } else { self.bar.println(what) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates above are valid")
}
