//! What the operator sees: events, and whether what is seen is everything.

use super::calendar::tehran;
use super::line::line;
use anstyle::{AnsiColor, Color, Style};
use proto::monitor::{AlertEvent, Heartbeat};
use std::io::{self, Write};
use std::time::SystemTime;

const GOOD: Style = AnsiColor::Green.on_default();
const PLAIN: Style = Style::new().dimmed();
const ALARM: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::White))).bg_color(Some(Color::Ansi(AnsiColor::Red))).bold();

/// Heartbeats in a row that must say "not caught up" before it is shown: one may just have crossed a new event.
const BEHIND_BEATS_MIN: u32 = 2;

/// How much the operator sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sight {
    /// Nothing: no server yet.
    None,
    /// Older events are still coming.
    CatchingUp,
    /// Everything.
    Live,
    /// The server does not see its database.
    Blind,
    /// The server is lost.
    Lost,
}

/// A terminal, or a file.
pub struct Screen<W> {
    out: W,
    colour: bool,
    persian: bool,
    sight: Sight,
    behind_beats: u32,
}

impl<W: Write> Screen<W> {
    /// An empty screen.
    pub fn new(out: W, colour: bool, persian: bool) -> Self {
        Self { out, colour, persian, sight: Sight::None, behind_beats: 0 }
    }

    /// Shows one event.
    pub fn event(&mut self, event: &AlertEvent) -> io::Result<()> {
        let (style, text) = line(event, self.persian);
        self.write(style, &text)
    }

    /// Shows what the heartbeat changes, if it changes anything.
    pub fn heartbeat(&mut self, beat: &Heartbeat) -> io::Result<()> {
        self.behind_beats = if beat.caught_up { 0 } else { self.behind_beats + 1 };
        let sight = match beat {
            Heartbeat { blind: true, .. } => Sight::Blind,
            Heartbeat { caught_up: true, .. } => Sight::Live,
            _ if self.sight == Sight::Live && self.behind_beats < BEHIND_BEATS_MIN => Sight::Live,
            _ => Sight::CatchingUp,
        };
        if std::mem::replace(&mut self.sight, sight) == sight {
            return Ok(());
        }
        let last = beat.last_sequence;
        match sight {
            Sight::Live => self.say(GOOD, &format!("live: everything up to event {last} is shown, what follows comes at once")),
            Sight::Blind => self.say(ALARM, "BLIND: the server cannot reach its database. What happens now is NOT shown here."),
            _ => self.say(PLAIN, &format!("catching up: shown up to event {last}, more is coming")),
        }
    }

    /// The server answers. Shown if it is the first time, or was lost.
    pub fn connected(&mut self, server: &str, seen: Option<i64>) -> io::Result<()> {
        let place = seen.map_or("from now on".to_owned(), |seen| format!("after event {seen}"));
        match std::mem::replace(&mut self.sight, Sight::CatchingUp) {
            Sight::None => self.say(PLAIN, &format!("connected to {server}, showing events {place}")),
            _ => self.say(GOOD, &format!("the server is back, going on {place}")),
        }
    }

    /// The server is lost, or cannot be reached at first. Shown once for each time.
    pub fn lost(&mut self, server: &str, why: &str) -> io::Result<()> {
        self.behind_beats = 0;
        if std::mem::replace(&mut self.sight, Sight::Lost) == Sight::Lost {
            return Ok(());
        }
        self.say(ALARM, &format!("LOST the server {server}: {why}. What happens now is NOT shown here. Trying again."))
    }

    /// Something that the operator must know of the events themselves.
    pub fn warn(&mut self, text: &str) -> io::Result<()> {
        self.say(ALARM, text)
    }

    fn say(&mut self, style: Style, text: &str) -> io::Result<()> {
        let now = tehran(Some(&SystemTime::now().into()));
        self.write(style, &format!("      --  {now}  {text}"))
    }

    fn write(&mut self, style: Style, text: &str) -> io::Result<()> {
        let style = if self.colour { style } else { Style::new() };
        writeln!(self.out, "{style}{text}{style:#}")?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::{Heartbeat, Screen};

    fn beat(caught_up: bool, blind: bool) -> Heartbeat {
        Heartbeat { last_sequence: 7, caught_up, blind, ..Heartbeat::default() }
    }

    fn said(out: &[u8]) -> Vec<String> {
        let text = String::from_utf8(out.to_vec()).unwrap();
        text.lines().map(|line| line.split("  ").last().unwrap().split([':', ' ', ',']).next().unwrap().to_owned()).collect()
    }

    #[test]
    fn sight_is_told_when_it_changes_and_only_then() {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out, false, false);
        for beat in [beat(false, false), beat(true, false), beat(true, false), beat(false, false), beat(true, false)] {
            screen.heartbeat(&beat).unwrap();
        }
        for beat in [beat(false, true), beat(false, true), beat(true, false), beat(false, false), beat(false, false)] {
            screen.heartbeat(&beat).unwrap();
        }
        screen.lost("http://x", "gone").unwrap();
        screen.lost("http://x", "gone").unwrap();
        screen.connected("http://x", Some(7)).unwrap();
        assert_eq!(said(&out), ["catching", "live", "BLIND", "live", "catching", "LOST", "the"]);
    }

    #[test]
    fn colours_are_escapes_only_where_they_are_wanted() {
        for colour in [false, true] {
            let mut out = Vec::new();
            Screen::new(&mut out, colour, false).warn("text").unwrap();
            assert_eq!(out.contains(&0x1b), colour);
        }
    }
}
