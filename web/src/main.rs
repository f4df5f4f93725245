//! The `stepwright` command.

/// Threads that allocate in one place and free in another are this program's ordinary case. Counted, so that
/// an expression holds no more than it may.
#[global_allocator]
static ALLOCATOR: memory::Counted<mimalloc::MiMalloc> = memory::Counted(mimalloc::MiMalloc);

fn main() -> std::process::ExitCode {
    // A mode of this program that must come before threads, files and settings.
    if let Some(code) = launcher::run(std::env::args_os().nth(1).as_deref()) {
        return code;
    }
    stepwright::cli::run(std::env::args_os())
}
