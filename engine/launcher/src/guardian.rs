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

use crate::plan::{Ended, Plan, REPORT_BYTES_MAX, Report};
use crate::{INNER, tree};

pub(crate) fn run() -> ExitCode {
    let Ok(control) = take_stdin() else {
        return ExitCode::FAILURE;
    };
    let mut control = UnixStream::from(control);
    let report = match guard(&mut control) {
        Ok(Some(ended)) => Report::Ended(ended),
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
fn guard(control: &mut UnixStream) -> Result<Option<Ended>, String> {
    let plan: Plan = read_line(control)
        .and_then(|line| serde_json::from_slice(&line).map_err(io::Error::from))
        .map_err(|error| format!("reading the plan: {error}"))?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(|error| format!("adopting orphans: {error}"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .map_err(|error| format!("opening the listener: {error}"))?;
    let address = listener
        .local_addr()
        .map_err(|error| format!("opening the listener: {error}"))?
        .to_string();
    hand_over(control, &listener, &address)
        .map_err(|error| format!("handing the listener over: {error}"))?;
    drop(listener);
    let mut child = start_inner(plan, address)?;
    let ended = wait(control, &mut child);
    tree::end();
    ended.map_err(|error| format!("waiting for the program: {error}"))
}

fn start_inner(mut plan: Plan, address: String) -> Result<Child, String> {
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
    let mut line = serde_json::to_vec(&plan).map_err(|error| error.to_string())?;
    line.push(b'\n');
    ours.write_all(&line).map_err(failed)?;
    // Closed by becoming the program; before that it says what went wrong.
    let mut refusal = String::new();
    let room = u64::try_from(REPORT_BYTES_MAX).unwrap_or(u64::MAX);
    ours.take(room)
        .read_to_string(&mut refusal)
        .map_err(failed)?;
    if refusal.is_empty() {
        return Ok(child);
    }
    tree::end();
    Err(refusal)
}

/// Until the child ends, or the other side of the control socket does.
fn wait(control: &UnixStream, child: &mut Child) -> io::Result<Option<Ended>> {
    let pid = i32::try_from(child.id())
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
            let status = child.wait()?;
            let ended = match (status.code(), status.signal()) {
                (Some(code), _) => Ended::Code(code),
                (None, signal) => Ended::Signal(signal.unwrap_or(0)),
            };
            return Ok(Some(ended));
        }
        // The server says nothing after the plan: this is its end.
        if !server.is_empty() {
            return Ok(None);
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
