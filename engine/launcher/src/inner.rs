//! The inner process: applies what the plan's level asks for to itself, then becomes the program.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use crate::guardian::{read_line, take_stdin};
use crate::plan::Plan;

pub(crate) fn run() -> ExitCode {
    let Ok(control) = take_stdin() else {
        return ExitCode::FAILURE;
    };
    let mut control = UnixStream::from(control);
    let refusal = match become_program(&mut control) {
        Ok(never) => match never {},
        Err(refusal) => refusal,
    };
    // Closed on success, this says what went wrong. If the guardian is gone, so is everybody.
    drop(control.write_all(refusal.as_bytes()));
    ExitCode::FAILURE
}

enum Never {}

fn become_program(control: &mut UnixStream) -> Result<Never, String> {
    let line = read_line(control).map_err(|error| format!("reading the plan: {error}"))?;
    let plan: Plan =
        serde_json::from_slice(&line).map_err(|error| format!("reading the plan: {error}"))?;
    limit(&plan)?;
    rustix::thread::set_no_new_privs(true)
        .map_err(|error| format!("no new privileges: {error}"))?;
    // Should the guardian be killed, this goes with it.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("ending with the guardian: {error}"))?;
    if rustix::process::getppid().is_none() {
        return Err("the guardian is gone".to_owned());
    }
    let error = Command::new(&plan.program)
        .args(&plan.arguments)
        .env_clear()
        .envs(plan.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&plan.folder)
        .exec();
    Err(format!("{}: {error}", plan.program.display()))
}

fn limit(plan: &Plan) -> Result<(), String> {
    let limits = [
        ("open files", Resource::Nofile, plan.limits.open_files),
        ("file size", Resource::Fsize, plan.limits.file_bytes),
        ("core files", Resource::Core, 0),
    ];
    for (name, resource, most) in limits {
        let bound = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, bound).map_err(|error| format!("the limit of {name}: {error}"))?;
    }
    Ok(())
}
