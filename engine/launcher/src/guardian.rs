//! The outer process of an instance. It opens the listener, starts the inner process, and waits for
//! either the program's end or the server's: in both cases nothing of the instance is left behind.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::plan::{Ended, Level, Plan, REPORT_BYTES_MAX, Report};
use crate::{INNER, group, sandbox, tree};

pub(crate) fn run() -> ExitCode {
    let Ok(control) = take_stdin() else {
        return ExitCode::FAILURE;
    };
    let mut control = UnixStream::from(control);
    let report = match guard(&mut control) {
        Ok(Some(report)) => report,
        // The server went away: there is nobody to tell.
        Ok(None) => return ExitCode::SUCCESS,
        Err(failure) => Report::Failed(failure),
    };
    match say(&mut control, &report) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// The control socket, out of the way of what is started from here.
pub(crate) fn take_stdin() -> io::Result<OwnedFd> {
    let control = io::stdin().as_fd().try_clone_to_owned()?;
    let nothing = std::fs::File::open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    Ok(control)
}

/// From a plan to its program's end; none where the server ended first.
fn guard(control: &mut UnixStream) -> Result<Option<Report>, String> {
    let plan: Plan = read_line(control)
        .and_then(|line| serde_json::from_slice(&line).map_err(io::Error::from))
        .map_err(|error| format!("reading the plan: {error}"))?;
    if plan.sandbox.is_some() == (plan.level == Level::Process) {
        return Err("a sandbox belongs to every level but 'process'".to_owned());
    }
    let group = plan
        .sandbox
        .as_ref()
        .and_then(|sandbox| sandbox.group.clone());
    if group.is_some() != (plan.level == Level::Full) {
        return Err("a control group belongs to the level 'full'".to_owned());
    }
    if let Some(group) = &group {
        group::create(group).inspect_err(|_| {
            group::remove(&group.name);
        })?;
    }
    let report = run_plan(control, plan);
    tree::end();
    // After a program's end the server reads what it held, and then removes the group.
    if let Some(group) = group
        && !matches!(report, Ok(Some(Report::Ended(_))))
    {
        group::remove(&group.name);
    }
    report
}

/// The port of the Runtime API in a network namespace of the instance's own, as on Lambda.
const RUNTIME_API_PORT: u16 = 9001;

fn run_plan(control: &mut UnixStream, plan: Plan) -> Result<Option<Report>, String> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(|error| format!("adopting orphans: {error}"))?;
    let mut port = 0;
    if let Some(sandbox) = &plan.sandbox {
        sandbox::prepare(sandbox)?;
        port = RUNTIME_API_PORT;
    }
    let opening = |error: io::Error| format!("opening the listener: {error}");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(opening)?;
    let address = listener.local_addr().map_err(opening)?.to_string();
    hand_over(control, &listener, &address)
        .map_err(|error| format!("handing the listener over: {error}"))?;
    drop(listener);
    match start_inner(plan, address)? {
        Ok(mut inner) => inner
            .wait(control)
            .map_err(|error| format!("waiting for the program: {error}")),
        Err(refusal) => Ok(Some(refusal)),
    }
}

/// The inner process, and the socket that it reports on.
struct Inner {
    child: Child,
    told: UnixStream,
}

/// Starts it and waits until the program runs, or it says why not.
fn start_inner(mut plan: Plan, address: String) -> Result<Result<Inner, Report>, String> {
    plan.environment
        .push(("AWS_LAMBDA_RUNTIME_API".to_owned(), address));
    let failed = |error: io::Error| format!("starting the inner process: {error}");
    let (mut ours, theirs) = UnixStream::pair().map_err(failed)?;
    let child = Command::new("/proc/self/exe")
        .arg(INNER)
        .env_clear()
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let group = plan
        .sandbox
        .as_ref()
        .and_then(|sandbox| sandbox.group.as_ref());
    if let Some(group) = group {
        group::join(&group.name, child.id())?;
    }
    let mut line = serde_json::to_vec(&plan).map_err(|error| error.to_string())?;
    line.push(b'\n');
    ours.write_all(&line).map_err(failed)?;
    match read_report(&mut ours) {
        // Closed by becoming the program, or by it.
        Ok(None | Some(Report::Started)) => Ok(Ok(Inner { child, told: ours })),
        Ok(Some(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(failed(error)),
    }
}

/// What the inner process says next; none where it has closed its side.
fn read_report(told: &mut UnixStream) -> io::Result<Option<Report>> {
    match read_line(told) {
        Ok(line) => Ok(Some(serde_json::from_slice(&line)?)),
        Err(error) if is_closed(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
    )
}

impl Inner {
    /// Until the inner process ends, or the other side of the control socket does: then there is no report.
    fn wait(&mut self, control: &UnixStream) -> io::Result<Option<Report>> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .ok_or_else(|| io::Error::other("a process without a number"))?;
        let watched = pidfd_open(pid, PidfdFlags::empty())?;
        loop {
            let mut both = [
                PollFd::new(&watched, PollFlags::IN),
                PollFd::new(control, PollFlags::IN),
            ];
            match poll(&mut both, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let [program, server] = both.map(|each| each.revents());
            if !program.is_empty() {
                let status = self.child.wait()?;
                // In a sandbox it is not the program itself, and has said how that ended.
                if let Ok(Some(report @ Report::Ended(_))) = read_report(&mut self.told) {
                    return Ok(Some(report));
                }
                let ended = match (status.code(), status.signal()) {
                    (Some(code), _) => Ended::Code(code),
                    (None, signal) => Ended::Signal(signal.unwrap_or(0)),
                };
                return Ok(Some(Report::Ended(ended)));
            }
            // The server says nothing after the plan: this is its end.
            if !server.is_empty() {
                return Ok(None);
            }
        }
    }
}

fn hand_over(control: &UnixStream, listener: &TcpListener, address: &str) -> io::Result<()> {
    let mut line = serde_json::to_vec(&Report::Listening(address.to_owned()))?;
    line.push(b'\n');
    let descriptors = [listener.as_fd()];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut more = SendAncillaryBuffer::new(&mut space);
    if !more.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for a descriptor"));
    }
    let sent = sendmsg(
        control,
        &[IoSlice::new(&line)],
        &mut more,
        SendFlags::NOSIGNAL,
    )?;
    if sent == line.len() {
        Ok(())
    } else {
        Err(io::ErrorKind::WriteZero.into())
    }
}

pub(crate) fn say(control: &mut UnixStream, report: &Report) -> io::Result<()> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    control.write_all(&line)
}

/// A line without its end. Byte by byte: what follows it is not ours to take.
pub(crate) fn read_line(control: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < REPORT_BYTES_MAX {
        control.read_exact(&mut byte)?;
        if byte == *b"\n" {
            return Ok(line);
        }
        line.extend_from_slice(&byte);
    }
    Err(io::Error::other("the line is too long"))
}
