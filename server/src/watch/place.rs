//! The last event shown, kept over restarts of this program.

use anyhow::{Context, bail};
use std::path::PathBuf;

/// Where in the events this operator is.
pub struct Place {
    seen: Option<i64>,
    file: Option<PathBuf>,
}

impl Place {
    /// The place in the file, else after `start`, else wherever the events are when the server answers.
    pub fn open(file: Option<PathBuf>, start: Option<i64>) -> anyhow::Result<Self> {
        let kept = match &file {
            Some(file) => kept(file)?,
            None => None,
        };
        Ok(Self { seen: kept.or(start), file })
    }

    /// The newest event shown; `None` = not known yet.
    pub fn seen(&self) -> Option<i64> {
        self.seen
    }

    /// Everything up to `sequence` is shown.
    pub fn set(&mut self, sequence: i64) -> anyhow::Result<()> {
        if self.seen.replace(sequence) == Some(sequence) {
            return Ok(());
        }
        let Some(file) = &self.file else { return Ok(()) };
        // Written beside and renamed, so that a crash leaves the old number or the new one.
        let mut beside = file.clone().into_os_string();
        beside.push(".new");
        std::fs::write(&beside, format!("{sequence}\n"))
            .and_then(|()| std::fs::rename(&beside, file))
            .with_context(|| format!("cannot keep the place in {}", file.display()))
    }
}

fn kept(file: &PathBuf) -> anyhow::Result<Option<i64>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    match text.trim().parse() {
        Ok(sequence) if sequence >= 0 => Ok(Some(sequence)),
        _ => bail!("{} holds no sequence number; remove it to start anew", file.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn the_place_is_kept_and_wins_over_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = Some(folder.path().join("place"));
        let mut place = Place::open(file.clone(), Some(7)).unwrap();
        assert_eq!(place.seen(), Some(7));
        place.set(8).unwrap();
        assert_eq!(Place::open(file, Some(7)).unwrap().seen(), Some(8));
        assert_eq!(Place::open(None, None).unwrap().seen(), None);
    }

    #[test]
    fn a_file_of_something_else_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("letter");
        for text in ["", "dear all", "-1"] {
            std::fs::write(&file, text).unwrap();
            assert!(Place::open(Some(file.clone()), None).is_err());
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
    }
}
