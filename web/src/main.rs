//! The `stepwright` command.

/// Threads that allocate in one place and free in another are this program's ordinary case.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    stepwright::cli::run(std::env::args_os())
}
