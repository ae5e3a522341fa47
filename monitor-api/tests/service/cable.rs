//! A cable between the server and its database that a test can cut and mend.

use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_postgres::config::{Config, Host};

/// Forwards bytes while it is whole.
pub struct Cable {
    whole: watch::Sender<bool>,
    url: String,
}

impl Cable {
    /// A whole cable to the database at `url`.
    pub async fn to(url: &str) -> Self {
        let config: Arc<Config> = Arc::new(url.parse().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = url_through(&config, listener.local_addr().unwrap().port());
        let (whole, _) = watch::channel(true);
        let state = whole.subscribe();
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                if *state.borrow() {
                    tokio::spawn(forward(near, config.clone(), state.clone()));
                }
            }
        });
        Self { whole, url }
    }

    /// The database's address through the cable.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every connection breaks, and none can be made.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Connections can be made again.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

fn url_through(config: &Config, port: u16) -> String {
    let mut url = format!("host=127.0.0.1 port={port} dbname={}", config.get_dbname().unwrap());
    if let Some(user) = config.get_user() {
        url += &format!(" user={user}");
    }
    if let Some(password) = config.get_password() {
        url += &format!(" password='{}'", String::from_utf8_lossy(password));
    }
    url
}

async fn forward(mut near: TcpStream, config: Arc<Config>, mut state: watch::Receiver<bool>) {
    // Else each small answer waits 40 ms for the one before to be acknowledged.
    near.set_nodelay(true).unwrap();
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let cut = state.wait_for(|whole| !whole);
    match &config.get_hosts()[0] {
        Host::Tcp(host) => {
            let Ok(mut far) = TcpStream::connect((host.as_str(), port)).await else { return };
            far.set_nodelay(true).unwrap();
            tokio::select! { _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}, _ = cut => {} }
        }
        Host::Unix(folder) => {
            let Ok(mut far) = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await else { return };
            tokio::select! { _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}, _ = cut => {} }
        }
    }
}
