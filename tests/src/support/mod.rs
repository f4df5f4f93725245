//! What a test against the real thing needs: a PostgreSQL, a database of its own, a server.
//!
//! All of it is synchronous and fails by panicking, so that it can be used from a plain test, inside
//! `#[tokio::test]` and from a `Drop`.
//!
//! ```no_run
//! use tests::support::{Database, Server};
//! let database = Database::fresh();
//! let server = Server::start(&database);
//! // talk to server.url()
//! ```

mod database;
mod folder;
mod pooler;
mod postgres;
mod program;
mod server;

pub use database::Database;
pub use folder::Folder;
pub use pooler::Pooler;
pub use program::{program, target};
pub use server::Server;

/// Runs a future to its end on a runtime of its own, also from within another one. The future is made
/// on the other thread, so that it need not be one that can move between threads.
pub(crate) fn block_on<F: Future<Output: Send>>(future: impl FnOnce() -> F + Send) -> F::Output {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime starts").block_on(future())
        });
        match thread.join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
