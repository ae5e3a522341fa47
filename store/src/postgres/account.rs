//! Who the server runs as (never root) and which directories that account can use.

use super::ManagedError;
use std::fs::{DirBuilder, Metadata, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

/// A user of this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// We are root and become this account for the server's programs.
    pub(super) switch: bool,
}

/// Who runs the server: whoever owns the data; else, for root, `postgres` or `nobody`; else ourselves.
pub(super) fn for_data(data: &Path) -> Result<Account, ManagedError> {
    let us = rustix::process::geteuid();
    if !us.is_root() {
        let gid = rustix::process::getegid().as_raw();
        return Ok(Account { name: format!("with number {}", us.as_raw()), uid: us.as_raw(), gid, switch: false });
    }
    if let Ok(owned) = std::fs::metadata(data)
        && owned.uid() != 0
    {
        return Ok(Account { name: format!("with number {}", owned.uid()), uid: owned.uid(), gid: owned.gid(), switch: true });
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    named(&users, "postgres").or_else(|| named(&users, "nobody")).ok_or_else(|| {
        ManagedError::new("PostgreSQL does not run as root, and this machine has neither a user `postgres` nor `nobody`: create one with `useradd --system postgres`")
    })
}

fn named(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let uid = fields.nth(1)?.parse().ok()?;
        Some(Account { name: name.to_owned(), uid, gid: fields.next()?.parse().ok()?, switch: true })
    })
}

impl Account {
    /// Makes a directory that only this account may enter, or takes over one that is so already.
    pub(super) fn own_directory(&self, dir: &Path) -> Result<(), ManagedError> {
        let failed = |error| ManagedError::new(format!("{} cannot be made ready for PostgreSQL: {error}", dir.display()));
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        // Of the link itself: a stranger may have put one into /tmp.
        let found = std::fs::symlink_metadata(dir).map_err(failed)?;
        let ours = found.uid() == self.uid || found.uid() == rustix::process::geteuid().as_raw();
        if !found.is_dir() || !ours {
            return Err(ManagedError::new(format!(
                "{} belongs to somebody else: remove it, or choose another state directory",
                dir.display()
            )));
        }
        if found.uid() != self.uid {
            std::os::unix::fs::lchown(dir, Some(self.uid), Some(self.gid)).map_err(failed)?;
        }
        std::fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(failed)
    }

    /// Refuses a path below a directory that this account may not enter, and names that directory.
    pub(super) fn check_reach(&self, path: &Path) -> Result<(), ManagedError> {
        for dir in path.ancestors().skip(1) {
            if let Ok(found) = std::fs::metadata(dir)
                && !self.may_enter(&found)
            {
                return Err(ManagedError::new(format!(
                    "PostgreSQL runs as the user {}, who may not enter {} on the way to {}: choose another place, such as \
                     /var/lib/paband for the state directory, or allow it with `chmod o+x {}`",
                    self.name,
                    dir.display(),
                    path.display(),
                    dir.display()
                )));
            }
        }
        Ok(())
    }

    fn may_enter(&self, dir: &Metadata) -> bool {
        let bit = match dir {
            _ if self.uid == 0 => return true,
            _ if dir.uid() == self.uid => 0o100,
            _ if dir.gid() == self.gid => 0o010,
            _ => 0o001,
        };
        dir.mode() & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let users = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:7::/:/bin/sh\npostgres:x:101:104:PostgreSQL,,,:/var:/bin/bash\nbroken:x\n";
        let postgres = named(users, "postgres").unwrap();
        assert_eq!((postgres.uid, postgres.gid), (101, 104));
        assert_eq!(named(users, "nobody"), None);
        assert_eq!(named(users, "broken"), None);
    }
}
