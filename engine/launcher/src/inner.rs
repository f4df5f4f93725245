//! The inner process: applies what the plan's level asks for to itself. At the level `process` it then becomes
//! the program. In a sandbox it is the first process, starts the program, takes away what ends in there, and
//! ends with the program: the kernel then ends all the rest.

use std::io;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, wait};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use crate::guardian::{read_line, say, take_stdin};
use crate::plan::{Ended, Plan, Report};
use crate::sandbox;

pub(crate) fn run() -> ExitCode {
    let Ok(control) = take_stdin() else {
        return ExitCode::FAILURE;
    };
    let mut control = UnixStream::from(control);
    let report = match read_plan(&mut control) {
        Ok(plan) if plan.sandbox.is_some() => run_inside(&mut control, &plan),
        Ok(plan) => become_program(&plan),
        Err(refusal) => Err(refusal),
    };
    let report = report.map_or_else(|refusal| refusal, Report::Ended);
    // If the guardian is gone, so is everybody.
    drop(say(&mut control, &report));
    ExitCode::FAILURE
}

fn read_plan(control: &mut UnixStream) -> Result<Plan, Report> {
    let failed = |error: io::Error| Report::Failed(format!("reading the plan: {error}"));
    let line = read_line(control).map_err(failed)?;
    serde_json::from_slice(&line).map_err(|error| failed(error.into()))
}

/// Returns only where that fails.
fn become_program(plan: &Plan) -> Result<Ended, Report> {
    limit(plan).map_err(Report::Failed)?;
    let failed = |what: &str, error: rustix::io::Errno| Report::Failed(format!("{what}: {error}"));
    rustix::thread::set_no_new_privs(true).map_err(|error| failed("no new privileges", error))?;
    // Should the guardian be killed, this goes with it.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| failed("ending with the guardian", error))?;
    if rustix::process::getppid().is_none() {
        return Err(Report::Failed("the guardian is gone".to_owned()));
    }
    Err(no_program(plan, &command(plan).exec()))
}

fn run_inside(control: &mut UnixStream, plan: &Plan) -> Result<Ended, Report> {
    if let Some(sandbox) = &plan.sandbox {
        sandbox::enter(sandbox).map_err(Report::Failed)?;
    }
    limit(plan).map_err(Report::Failed)?;
    if is_hung_up(control) {
        return Err(Report::Failed("the guardian is gone".to_owned()));
    }
    let program = command(plan)
        .spawn()
        .map_err(|error| no_program(plan, &error))?;
    let failed = |error: io::Error| Report::Failed(format!("watching the program: {error}"));
    say(control, &Report::Started).map_err(failed)?;
    let program = i32::try_from(program.id()).map_err(|error| failed(io::Error::other(error)))?;
    loop {
        // What has lost its parent in here is this process's to take away.
        match wait() {
            Ok(WaitStatus::Exited(pid, code)) if pid.as_raw() == program => {
                return Ok(Ended::Code(code));
            }
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid.as_raw() == program => {
                return Ok(Ended::Signal(signal as i32));
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(failed(error.into())),
        }
    }
}

/// Whether the guardian's side of the socket is closed: a death before it was to be noticed.
fn is_hung_up(control: &UnixStream) -> bool {
    let mut one = [PollFd::new(control, PollFlags::IN)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    !matches!(poll(&mut one, Some(&now)), Ok(0))
}

fn command(plan: &Plan) -> Command {
    let mut command = Command::new(&plan.program);
    command
        .args(&plan.arguments)
        .env_clear()
        .envs(plan.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&plan.folder);
    command
}

fn no_program(plan: &Plan, error: &io::Error) -> Report {
    Report::NoProgram(format!("{}: {error}", plan.program.display()))
}

fn limit(plan: &Plan) -> Result<(), String> {
    let mut limits = vec![
        ("open files", Resource::Nofile, plan.limits.open_files),
        ("file size", Resource::Fsize, plan.limits.file_bytes),
        ("core files", Resource::Core, 0),
    ];
    // Counted by user, so only where the server's other processes are not of the same one.
    if plan.sandbox.is_some() {
        limits.push(("processes", Resource::Nproc, plan.limits.tasks));
    }
    for (name, resource, most) in limits {
        let bound = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, bound).map_err(|error| format!("the limit of {name}: {error}"))?;
    }
    Ok(())
}
