//! The `stepwright` command.

/// Threads that allocate in one place and free in another are this program's ordinary case. Counted, so that
/// an expression holds no more than it may.
#[global_allocator]
static ALLOCATOR: memory::Counted<mimalloc::MiMalloc> = memory::Counted(mimalloc::MiMalloc);

fn main() -> std::process::ExitCode {
    stepwright::cli::run(std::env::args_os())
}
