//! `paband administrator`: the first two people, who make all others.

use crate::config::Config;
use crate::database::Database;
use access::{is_person_name, password};
use anyhow::{Result, ensure};
use store::FirstPassword;

/// Makes an administrator and prints the password for the first log-in.
pub async fn run(config: &Config, name: &str) -> Result<()> {
    crate::logging::start(&config.log)?;
    ensure!(is_person_name(name), "{name:?} is no name to log in with: 3 to 64 small letters, digits, dots, dashes or underscores");
    let database = Database::open(config).await?;
    let first = password::first(rand::random());
    let hash = password::hash(&first, rand::random());
    let caller = super::caller("administrator");
    caller.about(format!("name {name}"));
    let made = database.store.administrator_create(&caller, name, FirstPassword { hash: &hash }, chrono::Utc::now()).await;
    database.close().await?;
    made?;
    say!("Administrator {name}. Password for the first log-in, within three days: {first}");
    say!("Log in with: paband login {name}");
    say!("Roles need two administrators, one to propose and one to confirm: make the second with this command too.");
    Ok(())
}
