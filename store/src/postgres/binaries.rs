//! Finding PostgreSQL's programs on this machine.

use super::ManagedError;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names a directory with `initdb`, `postgres` and `pg_ctl`; then no other is looked at.
const OVERRIDE: &str = "PABAND_PG_BINDIR";

/// Where packages put servers: a directory, and what stands between it and the programs.
const ROOTS: [(&str, &str); 6] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/usr/local", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "bin"),
];

/// One installed server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
    /// 15 of 15.18.
    pub(super) major: u32,
}

/// The server to run: of the major version that made the data, or else the newest.
pub(super) fn find(data_major: Option<u32>) -> Result<Binaries, ManagedError> {
    let found = match std::env::var_os(OVERRIDE) {
        Some(dir) => vec![described(Path::new(&dir)).ok_or_else(|| {
            ManagedError::new(format!("{OVERRIDE} names {}, which has no initdb, postgres and pg_ctl that run", dir.display()))
        })?],
        None => installed(std::env::var_os("PATH"), &ROOTS),
    };
    choose(found, data_major)
}

fn choose(mut found: Vec<Binaries>, data_major: Option<u32>) -> Result<Binaries, ManagedError> {
    found.sort_by_key(|binaries| binaries.major);
    let Some(newest) = found.last() else {
        return Err(ManagedError::new(format!(
            "no PostgreSQL server is installed. Install one (Debian, Ubuntu: `apt install postgresql`; Fedora: `dnf install \
             postgresql-server`; macOS: `brew install postgresql@17`), or give paband the address of a database, or name the programs' \
             directory in {OVERRIDE}"
        )));
    };
    let Some(wanted) = data_major else {
        return Ok(newest.clone());
    };
    found.iter().find(|binaries| binaries.major == wanted).cloned().ok_or_else(|| {
        ManagedError::new(format!(
            "the data was made by PostgreSQL {wanted}, but only {} is installed. Install PostgreSQL {wanted} (`apt install \
             postgresql-{wanted}`), or bring the data over with pg_upgrade",
            found.iter().map(|binaries| binaries.major.to_string()).collect::<Vec<_>>().join(", ")
        ))
    })
}

fn installed(path: Option<OsString>, roots: &[(&str, &str)]) -> Vec<Binaries> {
    let mut dirs: Vec<PathBuf> = path.iter().flat_map(std::env::split_paths).collect();
    for (root, below) in roots {
        dirs.push(Path::new(root).join(below));
        let versions = std::fs::read_dir(root).into_iter().flatten().flatten();
        dirs.extend(versions.map(|version| version.path().join(below)));
    }
    // A link in /usr/local/bin leads to the directory that also has the server's other programs.
    let mut homes: Vec<PathBuf> =
        dirs.iter().filter_map(|dir| Some(dir.join("postgres").canonicalize().ok()?.parent()?.to_owned())).collect();
    homes.sort();
    homes.dedup();
    homes.iter().filter_map(|dir| described(dir)).collect()
}

/// The server in this directory, if its programs are there and run.
fn described(dir: &Path) -> Option<Binaries> {
    if !["initdb", "postgres", "pg_ctl"].iter().all(|program| dir.join(program).is_file()) {
        return None;
    }
    let output = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
    let major = major_of(std::str::from_utf8(&output.stdout).ok()?)?;
    Some(Binaries { dir: dir.to_owned(), major })
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, or in a file `PG_VERSION`.
pub(super) fn major_of(text: &str) -> Option<u32> {
    let number = text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    number.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Binaries, choose, installed, major_of};

    #[test]
    fn a_version_is_read_from_what_the_server_prints() {
        for (text, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some(15)),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("15\n", Some(15)),
            ("", None),
        ] {
            assert_eq!(major_of(text), major, "{text}");
        }
    }

    #[test]
    fn a_machine_without_a_server_is_told_how_to_get_one() {
        let nowhere = installed(None, &[("/nonexistent", "bin")]);
        assert_eq!(nowhere, vec![]);
        let message = choose(nowhere, None).unwrap_err().to_string();
        assert!(message.contains("apt install postgresql") && !message.contains('\n'), "{message}");
    }

    #[test]
    fn the_server_fits_the_data_or_is_the_newest() {
        let at = |major| Binaries { dir: format!("/{major}").into(), major };
        assert_eq!(choose(vec![at(17), at(15)], None).unwrap().major, 17);
        assert_eq!(choose(vec![at(17), at(15)], Some(15)).unwrap().major, 15);
        let message = choose(vec![at(17)], Some(15)).unwrap_err().to_string();
        assert!(message.contains("postgresql-15") && message.contains("pg_upgrade"), "{message}");
    }
}
