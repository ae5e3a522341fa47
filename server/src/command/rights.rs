//! `paband rights`: who may call what, as the schemas declare it.

use anyhow::Result;
use monitor_api::{MethodRights, Rights};
use std::io::Write;

/// Prints the table, as it stands in docs/rights.md.
pub fn run(mut out: impl Write) -> Result<()> {
    writeln!(out, "| method | who | what | also needed |\n|---|---|---|---|")?;
    for (path, rights) in Rights::declared()?.all() {
        let path = path.trim_start_matches('/').trim_start_matches("paband.");
        writeln!(out, "| `{path}` | {} | {} | {} |", who(rights), what(rights), needed(rights))?;
    }
    Ok(())
}

fn who(rights: &MethodRights) -> String {
    match rights {
        MethodRights { anyone: true, .. } => "anyone".to_owned(),
        MethodRights { own: true, .. } => "everyone who has logged in, on what is their own".to_owned(),
        _ => rights.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", "),
    }
}

fn what(rights: &MethodRights) -> &'static str {
    match rights {
        MethodRights { is_look: true, .. } => "looks",
        MethodRights { is_change: true, .. } => "changes",
        _ => "reads",
    }
}

fn needed(rights: &MethodRights) -> String {
    let needs = [
        (rights.purpose, "a purpose"),
        (rights.fresh, "password and second factor of the last minutes"),
        (rights.second_person, "a second person"),
        (rights.once, "an idempotency key"),
    ];
    needs.iter().filter(|(needed, _)| *needed).map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_docs_show_the_table_in_force() {
        let mut table = Vec::new();
        super::run(&mut table).unwrap();
        let table = String::from_utf8(table).unwrap();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/rights.md");
        let docs = std::fs::read_to_string(path).unwrap();
        assert!(docs.ends_with(&table), "docs/rights.md must end with what `paband rights` prints:\n{table}");
    }
}
