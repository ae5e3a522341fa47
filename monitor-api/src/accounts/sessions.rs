//! The service of one's own account: logging in and out, password, second factor, sessions.

use super::log_in::Checking;
use super::{grant, instant, refused};
use crate::gate::{self, caller};
use crate::options::Options;
use crate::reason::{Reason, Wrong};
use crate::status::{check, length_violation, refusal, wrong};
use access::password::{self, Weakness};
use access::{Caller, RecoveryCode, SessionLimits, Token, TotpSecret, Who};
use chrono::{DateTime, TimeDelta, Utc};
use proto::access::sessions_server::Sessions;
use proto::access::{
    BeginTotpRequest, BeginTotpResponse, ChangePasswordRequest, ChangePasswordResponse, ConfirmTotpRequest, ConfirmTotpResponse, Duty,
    ListSessionsRequest, ListSessionsResponse, LogInRequest, LogInResponse, LogOutRequest, LogOutResponse, ReAuthenticateRequest,
    ReAuthenticateResponse, RevokeSessionRequest, RevokeSessionResponse, Session, WhoAmIRequest, WhoAmIResponse,
};
use store::{LogIn, NewPassword, OpenSession, PeopleError, SecondFactor, SessionEnd, SessionListed, Store};
use tonic::{Code, Request, Response, Status};
use tonic_types::FieldViolation;

/// Longest text that is a name, password or second factor at all, bytes. Longer ones are refused unread.
const TYPED_BYTES_MAX: usize = 1024;

/// Sessions and accounts.
pub(crate) struct SessionService {
    store: Store,
    checking: Checking,
    options: Options,
}

impl SessionService {
    pub(crate) fn new(store: Store, options: Options) -> Self {
        Self { checking: Checking::new(store.clone()), store, options }
    }

    /// Begins a session for who proved to be a person.
    async fn begin(&self, caller: Caller, person: store::LogInPerson, second: SecondFactor, now: DateTime<Utc>) -> Result<Token, Status> {
        let token = Token::new(rand::random());
        let limits = SessionLimits::of_roles(person.roles.iter().copied(), &self.options.session_limits);
        let log_in = LogIn { person_id: person.person_id, password: &person.password, token: token.hash(), limits, fresh: self.fresh() };
        let who = Who::Person { person_id: person.person_id, session_id: 0, name: person.name.clone() };
        match self.store.log_in(log_in, second, &caller.clone().known_as(who), now).await {
            Ok(_) => Ok(token),
            // The code was used by another log-in, it is no recovery code of this person, or the password was exchanged meanwhile.
            Err(PeopleError::UnknownPerson) => Err(self.checking.failed(&caller, Some(&person)).await?),
            Err(error) => Err(refused("LogIn", &error)),
        }
    }

    fn fresh(&self) -> TimeDelta {
        TimeDelta::from_std(self.options.fresh_for).unwrap_or(TimeDelta::minutes(10))
    }

    /// The rules that a new password breaks.
    async fn check_new(&self, session: &OpenSession, new: &str) -> Result<(), Status> {
        let weak = password::weaknesses(new, &session.name).into_iter().map(|weakness| weakness_violation(weakness, new));
        check(weak.collect())?;
        let before = self.store.passwords_before(session.person_id).await.map_err(|error| refused("ChangePassword", &error.into()))?;
        let typed = new.to_owned();
        let used = self.checking.hashing().run(move || before.iter().any(|hash| password::is_right(&typed, hash))).await?;
        if used { Err(refused("ChangePassword", &PeopleError::PasswordUsedBefore)) } else { Ok(()) }
    }
}

#[tonic::async_trait]
impl Sessions for SessionService {
    async fn log_in(&self, request: Request<LogInRequest>) -> Result<Response<LogInResponse>, Status> {
        let (caller, now) = (caller(&request)?, Utc::now());
        let LogInRequest { name, password, second_factor, cookie } = request.into_inner();
        check(typed(&[("name", &name), ("password", &password), ("second_factor", &second_factor)]))?;
        let (person, second) = self.checking.person(&caller, name.trim(), &password, &second_factor, now).await?;
        let token = self.begin(caller, person, second, now).await?;
        let session = self.store.session(token.hash(), now).await.map_err(|error| refused("LogIn", &error.into()))?;
        let who = session.map(|session| who_am_i(&session));
        let written = token.written();
        if !cookie {
            return Ok(Response::new(LogInResponse { token: written, who }));
        }
        let mut response = Response::new(LogInResponse { token: String::new(), who });
        let cookie = format!("{}={written}; Path=/; Secure; HttpOnly; SameSite=Strict", gate::COOKIE_NAME);
        response.metadata_mut().insert("set-cookie", cookie.parse().map_err(|_| refusal(Code::Internal, Reason::Internal, &[]))?);
        Ok(response)
    }

    async fn log_out(&self, request: Request<LogOutRequest>) -> Result<Response<LogOutResponse>, Status> {
        let caller = caller(&request)?;
        let session = caller.session_id();
        let ended = self.store.session_revoke_own(&caller, session, SessionEnd::LoggedOut, Utc::now()).await;
        ended.map_err(|error| refused("LogOut", &error))?;
        let mut response = Response::new(LogOutResponse {});
        let gone = format!("{}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0", gate::COOKIE_NAME);
        response.metadata_mut().insert("set-cookie", gone.parse().map_err(|_| refusal(Code::Internal, Reason::Internal, &[]))?);
        Ok(response)
    }

    async fn who_am_i(&self, request: Request<WhoAmIRequest>) -> Result<Response<WhoAmIResponse>, Status> {
        Ok(Response::new(who_am_i(&*gate::session(&request)?)))
    }

    async fn re_authenticate(&self, request: Request<ReAuthenticateRequest>) -> Result<Response<ReAuthenticateResponse>, Status> {
        let (caller, session, now) = (caller(&request)?, gate::session(&request)?, Utc::now());
        let ReAuthenticateRequest { password, second_factor } = request.into_inner();
        check(typed(&[("password", &password), ("second_factor", &second_factor)]))?;
        let (person, second) = self.checking.person(&caller, &session.name, &password, &second_factor, now).await?;
        if matches!(second, SecondFactor::None) {
            return Err(refusal(Code::FailedPrecondition, Reason::SecondFactorNeeded, &[]));
        }
        let until = now + self.fresh();
        match self.store.session_freshen(&caller, second, until, now).await {
            Ok(()) => Ok(Response::new(ReAuthenticateResponse { fresh_until: Some(instant(until)) })),
            Err(PeopleError::UnknownPerson) => Err(self.checking.failed(&caller, Some(&person)).await?),
            Err(error) => Err(refused("ReAuthenticate", &error)),
        }
    }

    async fn change_password(&self, request: Request<ChangePasswordRequest>) -> Result<Response<ChangePasswordResponse>, Status> {
        let (caller, session, now) = (caller(&request)?, gate::session(&request)?, Utc::now());
        let ChangePasswordRequest { password, new_password } = request.into_inner();
        check(typed(&[("password", &password), ("new_password", &new_password)]))?;
        // Guessing is slowed here too: a stolen session must not find out the password.
        let person = self.checking.right(&caller, &session.name, &password, now).await?;
        let right = self.store.log_in_right(person.person_id, &caller.address, now).await;
        right.map_err(|error| refused("ChangePassword", &error.into()))?;
        self.check_new(&session, &new_password).await?;
        let salt = rand::random();
        let hash = self.checking.hashing().run(move || password::hash(&new_password, salt)).await?;
        let changed = self.store.password_change(&caller, NewPassword { hash: &hash }, now).await;
        changed.map_err(|error| refused("ChangePassword", &error))?;
        Ok(Response::new(ChangePasswordResponse {}))
    }

    async fn begin_totp(&self, request: Request<BeginTotpRequest>) -> Result<Response<BeginTotpResponse>, Status> {
        let (caller, session) = (caller(&request)?, gate::session(&request)?);
        // Whoever finds an open screen must not exchange the authenticator.
        if session.has_second_factor && session.fresh_until.is_none_or(|until| until <= Utc::now()) {
            return Err(refusal(Code::FailedPrecondition, Reason::ReauthenticationNeeded, &[]));
        }
        let secret = TotpSecret::new(rand::random());
        self.store.totp_begin(&caller, &secret).await.map_err(|error| refused("BeginTotp", &error))?;
        Ok(Response::new(BeginTotpResponse { uri: secret.uri(&session.name), secret: secret.base32() }))
    }

    async fn confirm_totp(&self, request: Request<ConfirmTotpRequest>) -> Result<Response<ConfirmTotpResponse>, Status> {
        let (caller, session, now) = (caller(&request)?, gate::session(&request)?, Utc::now());
        let code = request.into_inner().code;
        check(typed(&[("code", &code)]))?;
        let secret = self.store.totp_begun(session.person_id).await.map_err(|error| refused("ConfirmTotp", &error.into()))?;
        let fits = secret.and_then(|secret| Some((secret.step(&code, now, None)?, secret)));
        let (step, secret) = fits.ok_or_else(|| refusal(Code::FailedPrecondition, Reason::CodeWrong, &[]))?;
        let codes: Vec<RecoveryCode> = (0..RecoveryCode::COUNT).map(|_| RecoveryCode::new(rand::random())).collect();
        let confirmed = self.store.totp_confirm(&caller, &secret, step, &codes).await;
        confirmed.map_err(|error| refused("ConfirmTotp", &error))?;
        Ok(Response::new(ConfirmTotpResponse { recovery_codes: codes.iter().map(|code| code.written().to_owned()).collect() }))
    }

    async fn list_sessions(&self, request: Request<ListSessionsRequest>) -> Result<Response<ListSessionsResponse>, Status> {
        let session = gate::session(&request)?;
        let sessions =
            self.store.session_list(session.person_id, Utc::now()).await.map_err(|error| refused("ListSessions", &error.into()))?;
        Ok(Response::new(listed(sessions, Some(session.session_id))))
    }

    async fn revoke_session(&self, request: Request<RevokeSessionRequest>) -> Result<Response<RevokeSessionResponse>, Status> {
        let caller = caller(&request)?;
        let session_id = request.into_inner().session_id;
        let ended = self.store.session_revoke_own(&caller, (session_id != 0).then_some(session_id), SessionEnd::Revoked, Utc::now()).await;
        let ended = ended.map_err(|error| refused("RevokeSession", &error))?;
        Ok(Response::new(RevokeSessionResponse { ended: u32::try_from(ended).unwrap_or(u32::MAX) }))
    }
}

/// Sessions as a message.
pub(super) fn listed(sessions: Vec<SessionListed>, this_one: Option<i64>) -> ListSessionsResponse {
    let session = |session: SessionListed| Session {
        session_id: session.session_id,
        began_at: Some(instant(session.began_at)),
        last_used_at: Some(instant(session.last_used_at)),
        ends_at: Some(instant(session.ends_at)),
        address: session.address,
        this_one: this_one == Some(session.session_id),
    };
    ListSessionsResponse { sessions: sessions.into_iter().map(session).collect() }
}

fn who_am_i(session: &OpenSession) -> WhoAmIResponse {
    let mut duties = Vec::new();
    if session.must_change_password {
        duties.push(Duty::ChangePassword.into());
    }
    if !session.has_second_factor {
        duties.push(Duty::SetUpSecondFactor.into());
    }
    WhoAmIResponse {
        person_id: session.person_id,
        name: session.name.clone(),
        shown_name: session.shown_name.clone(),
        grants: session.grants.iter().map(grant).collect(),
        duties,
        idle_until: Some(instant(session.idle_until)),
        ends_at: Some(instant(session.ends_at)),
        fresh_until: session.fresh_until.filter(|until| *until > Utc::now()).map(instant),
        recovery_codes_left: u32::try_from(session.recovery_codes_left).unwrap_or(u32::MAX),
    }
}

/// What nobody can have typed.
fn typed(fields: &[(&str, &str)]) -> Vec<FieldViolation> {
    let endless = fields.iter().filter(|(_, text)| text.len() > TYPED_BYTES_MAX);
    endless.filter_map(|(field, text)| length_violation(field, text, 0, TYPED_BYTES_MAX / 4)).collect()
}

fn weakness_violation(weakness: Weakness, new: &str) -> FieldViolation {
    let length = || new.chars().count().to_string();
    let field = "new_password";
    match weakness {
        Weakness::TooShort => wrong(field, Wrong::TooShort, &[("min", password::CHARACTERS_MIN.to_string()), ("length", length())]),
        Weakness::TooLong => wrong(field, Wrong::TooLong, &[("max", password::CHARACTERS_MAX.to_string()), ("length", length())]),
        Weakness::HoldsName => wrong(field, Wrong::HoldsName, &[]),
        Weakness::FewCharacters => wrong(field, Wrong::FewCharacters, &[]),
        Weakness::Common => wrong(field, Wrong::CommonWords, &[]),
    }
}
