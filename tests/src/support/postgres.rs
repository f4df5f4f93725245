//! The PostgreSQL that all tests of a run share.
//!
//! The first test that needs it starts it under `target/tmp/test-postgres`, and it stays for the next
//! process and the next run. `cargo xtask check` ends it; so does `cargo xtask dev stop`.

use std::sync::OnceLock;

use embedded_pg::{Options, Shared};

/// The server, started if need be.
pub(super) fn server() -> &'static Shared {
    static SERVER: OnceLock<Shared> = OnceLock::new();
    SERVER.get_or_init(|| {
        let mut options = Options::from_environment();
        // Many tests run at once, and each opens pools.
        options.settings = vec![("max_connections".to_owned(), "400".to_owned())];
        let dir = super::target().join("tmp/test-postgres");
        Shared::join(&dir, &options).unwrap_or_else(|error| panic!("PostgreSQL for tests: {error}"))
    })
}
