//! How commands reach a running server: its address, who vouches for it, and the session to speak in.

use anyhow::{Context, Result};
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

/// A server to call.
pub type Room = InterceptedService<Channel, Credentials>;

/// Where the server is, and how to connect to it.
#[derive(Args, Clone, Debug)]
pub struct RoomArgs {
    /// Where the server listens for people: http://HOST:PORT on this machine, https:// with --ca elsewhere.
    #[arg(long, env = "PABAND_SERVER", default_value = "http://127.0.0.1:7743")]
    pub server: String,
    /// PEM file of the authority that signed the server's certificate, for https.
    #[arg(long, value_name = "FILE", env = "PABAND_CA")]
    pub ca: Option<PathBuf>,
    /// PEM file of a machine's own certificate, for the listener of machines; then no session is needed.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,
    /// PEM file of the key of --certificate.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub key: Option<PathBuf>,
    /// File of the session that `paband login` keeps. Without it: one for each server, in this user's own directory.
    #[arg(long, value_name = "FILE", env = "PABAND_SESSION_FILE")]
    pub session: Option<PathBuf>,
}

/// Why a person is looked at.
#[derive(Args, Clone, Debug)]
pub struct PurposeArgs {
    /// For what purpose, from the server's catalogue.
    #[arg(long, default_value = "alert")]
    pub purpose: String,
    /// The case's number, where the purpose needs one.
    #[arg(long = "case", default_value = "")]
    pub case_number: String,
}

impl RoomArgs {
    /// A server of which nothing but its address is known.
    pub fn of_server(server: String) -> Self {
        Self { server, ca: None, certificate: None, key: None, session: None }
    }

    /// How to reach the server.
    ///
    /// # Errors
    /// When the address or a PEM file is not usable.
    pub fn endpoint(&self) -> Result<Endpoint> {
        let endpoint = Endpoint::from_shared(self.server.clone())
            .with_context(|| format!("--server {} is no address; write http://HOST:PORT", self.server))?
            .connect_timeout(Duration::from_secs(5))
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(10))
            .keep_alive_while_idle(true);
        if self.ca.is_none() && self.certificate.is_none() {
            return Ok(endpoint);
        }
        let mut tls = ClientTlsConfig::new();
        if let Some(ca) = &self.ca {
            tls = tls.ca_certificate(Certificate::from_pem(read(ca)?));
        }
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.key) {
            tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
        }
        endpoint.tls_config(tls).context("the PEM files of --ca, --certificate and --key do not fit")
    }

    /// What goes with each call: the kept session, if there is one, and the language of this terminal.
    ///
    /// # Errors
    /// When the session's file is there and cannot be read.
    pub fn credentials(&self) -> Result<Credentials> {
        let bearer = match crate::session_file::read(&self.session_file())? {
            Some(token) => Some(format!("Bearer {token}").parse().context("the session's file holds something else; log in again")?),
            None => None,
        };
        Ok(Credentials { bearer, purpose: None, case_number: None })
    }

    /// Where the session with this server is kept.
    pub fn session_file(&self) -> PathBuf {
        self.session.clone().unwrap_or_else(|| crate::session_file::of_server(&self.server))
    }

    /// A connection in the kept session.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn connect(&self, purpose: Option<&PurposeArgs>) -> Result<Room> {
        let channel = self.endpoint()?.connect().await.with_context(|| format!("cannot reach {}", self.server))?;
        let mut credentials = self.credentials()?;
        if let Some(purpose) = purpose {
            credentials.purpose = Some(purpose.purpose.parse().context("--purpose is one of the catalogue's codes, such as `alert`")?);
            let case = percent_encoding::utf8_percent_encode(&purpose.case_number, percent_encoding::NON_ALPHANUMERIC).to_string();
            credentials.case_number = Some(case.parse().context("--case cannot be sent")?);
        }
        Ok(InterceptedService::new(channel, credentials))
    }
}

/// What goes with each call.
#[derive(Clone)]
pub struct Credentials {
    bearer: Option<MetadataValue<Ascii>>,
    purpose: Option<MetadataValue<Ascii>>,
    case_number: Option<MetadataValue<Ascii>>,
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        for (name, value) in [("authorization", &self.bearer), ("paband-purpose", &self.purpose), ("paband-case", &self.case_number)] {
            if let Some(value) = value {
                metadata.insert(name, value.clone());
            }
        }
        if let Some(language) = std::env::var("LANG").ok().and_then(|lang| lang.get(..2).and_then(|language| language.parse().ok())) {
            metadata.insert("accept-language", language);
        }
        Ok(request)
    }
}

/// What a person reads of a refusal; what to do where the session is the reason.
pub fn told(status: &Status) -> anyhow::Error {
    match status.code() {
        tonic::Code::Unauthenticated => anyhow::anyhow!("{} (paband login NAME)", status.message()),
        _ if status.message().is_empty() => anyhow::anyhow!("{}", status.code().description()),
        _ => anyhow::anyhow!("{}", status.message()),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
