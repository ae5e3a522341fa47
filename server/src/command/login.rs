//! `paband login` and `paband logout`: a session for the other commands, and the first log-in with all that it asks for.

use crate::cli::LoginArgs;
use crate::room::{Room, RoomArgs, told};
use crate::session_file;
use anyhow::{Context, Result, bail};
use proto::access::sessions_client::SessionsClient;
use proto::access::{
    BeginTotpRequest, ChangePasswordRequest, ConfirmTotpRequest, Duty, LogInRequest, LogOutRequest, WhoAmIRequest, WhoAmIResponse,
};
use std::io::{BufRead, IsTerminal, Write};

/// Logs in, sees to what the account still needs, and keeps the session.
pub async fn login(args: LoginArgs) -> Result<()> {
    let file = args.room.session_file();
    session_file::remove(&file)?;
    let password = ask("Password: ", true)?;
    let second_factor = ask("Code of the authenticator, or a recovery code (empty before one is set up): ", false)?;
    let request = LogInRequest { name: args.name.clone(), password: password.clone(), second_factor, cookie: false };
    let mut sessions = SessionsClient::new(args.room.connect(None).await?);
    let answer = sessions.log_in(request).await.map_err(|status| told(&status))?.into_inner();
    session_file::write(&file, &answer.token)?;
    let who = first_steps(&args.room, answer.who.unwrap_or_default(), &password).await?;
    say!("Logged in as {} ({}).", who.shown_name, who.name);
    for grant in &who.grants {
        let off = if grant.in_force { "" } else { " (switched off: it gives no rights)" };
        say!("  {} in {}{off}", grant.role().as_str_name().trim_start_matches("ROLE_").to_lowercase(), grant.unit);
    }
    Ok(())
}

/// Ends the session.
pub async fn logout(room: RoomArgs) -> Result<()> {
    let ended = SessionsClient::new(room.connect(None).await?).log_out(LogOutRequest {}).await;
    session_file::remove(&room.session_file())?;
    ended.map_err(|status| told(&status))?;
    say!("Logged out.");
    Ok(())
}

async fn first_steps(room: &RoomArgs, who: WhoAmIResponse, password: &str) -> Result<WhoAmIResponse> {
    let mut sessions = SessionsClient::new(room.connect(None).await?);
    if who.duties().any(|duty| duty == Duty::ChangePassword) {
        change_password(&mut sessions, password).await?;
    }
    if who.duties().any(|duty| duty == Duty::SetUpSecondFactor) {
        set_up_second_factor(&mut sessions).await?;
    }
    Ok(sessions.who_am_i(WhoAmIRequest {}).await.map_err(|status| told(&status))?.into_inner())
}

async fn change_password(sessions: &mut SessionsClient<Room>, password: &str) -> Result<()> {
    say!("This password was for the first time only. Choose one of 12 characters or more.");
    let new_password = ask("New password: ", true)?;
    if ask("The same again: ", true)? != new_password {
        bail!("the two are not the same; log in again");
    }
    let request = ChangePasswordRequest { password: password.to_owned(), new_password };
    sessions.change_password(request).await.map_err(|status| told(&status))?;
    Ok(())
}

async fn set_up_second_factor(sessions: &mut SessionsClient<Room>) -> Result<()> {
    let begun = sessions.begin_totp(BeginTotpRequest {}).await.map_err(|status| told(&status))?.into_inner();
    say!("Enter this secret into your authenticator (or make a QR code of the address below it):\n  {}\n  {}", begun.secret, begun.uri);
    let code = ask("The code that it shows: ", false)?;
    let confirmed = sessions.confirm_totp(ConfirmTotpRequest { code }).await.map_err(|status| told(&status))?.into_inner();
    say!("Recovery codes, each for one log-in without the authenticator. Keep them on paper, locked away; they are shown this once:");
    confirmed.recovery_codes.iter().for_each(|code| say!("  {code}"));
    Ok(())
}

/// Asks at the terminal; without one, takes the next line of the standard input.
fn ask(question: &str, hidden: bool) -> Result<String> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() && hidden {
        return rpassword::prompt_password(question).context("the terminal cannot be read");
    }
    if stdin.is_terminal() {
        print!("{question}");
        std::io::stdout().flush()?;
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).context("the standard input cannot be read")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
