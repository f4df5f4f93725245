//! Starting the launcher and following it to its end.

use std::io::{IoSliceMut, PipeReader};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;

use launcher::{Ended, Plan, Report};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Interest};
use tokio::net::unix::pipe;
use tokio::net::{TcpListener, UnixStream};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::limits;

/// The program that has the launcher as a mode.
#[derive(Clone, Debug)]
pub(crate) struct Launcher {
    pub(crate) program: PathBuf,
}

/// Why there is no instance. The function has no part in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaunchFault {
    #[error("starting the launcher: {0}")]
    Io(#[from] std::io::Error),
    #[error("the launcher refused: {0}")]
    Refused(String),
    #[error("the launcher did not get ready in time")]
    Slow,
}

/// A launcher that has handed over its listener.
pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) guardian: u32,
    pub(crate) control: UnixStream,
    pub(crate) listener: TcpListener,
    pub(crate) output: pipe::Receiver,
}

impl Launcher {
    pub(crate) async fn start(&self, plan: &Plan) -> Result<Started, LaunchFault> {
        let starting = self.start_in_time(plan);
        tokio::time::timeout(limits::LAUNCH_TIME_MAX, starting)
            .await
            .unwrap_or(Err(LaunchFault::Slow))
    }

    async fn start_in_time(&self, plan: &Plan) -> Result<Started, LaunchFault> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        let (output, input) = std::io::pipe()?;
        let child = Command::new(&self.program)
            .arg(launcher::GUARDIAN)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(input.try_clone()?))
            .stderr(Stdio::from(input))
            // A signal for the server's group, as from a terminal, is the server's to pass on.
            .process_group(0)
            .spawn()?;
        let guardian = child.id().unwrap_or(0);
        ours.set_nonblocking(true)?;
        let mut control = UnixStream::from_std(ours)?;
        let mut line = serde_json::to_vec(plan).map_err(std::io::Error::from)?;
        line.push(b'\n');
        control.write_all(&line).await?;
        let listener = receive(&control).await?;
        Ok(Started {
            child,
            guardian,
            control,
            listener,
            output: receiver(output)?,
        })
    }
}

fn receiver(output: PipeReader) -> std::io::Result<pipe::Receiver> {
    pipe::Receiver::from_owned_fd(OwnedFd::from(output))
}

/// The launcher's first line, with the listener.
async fn receive(control: &UnixStream) -> Result<TcpListener, LaunchFault> {
    let mut line = [0; 4096];
    let (length, descriptor) = control
        .async_io(Interest::READABLE, || {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut more = RecvAncillaryBuffer::new(&mut space);
            let got = recvmsg(
                control,
                &mut [IoSliceMut::new(&mut line)],
                &mut more,
                RecvFlags::CMSG_CLOEXEC,
            )?;
            let descriptor = more.drain().find_map(|message| match message {
                RecvAncillaryMessage::ScmRights(mut all) => all.next(),
                _ => None,
            });
            Ok((got.bytes, descriptor))
        })
        .await?;
    let text = line.get(..length).unwrap_or_default();
    match serde_json::from_slice(text) {
        Ok(Report::Listening(_)) => {}
        Ok(Report::Failed(why)) => return Err(LaunchFault::Refused(why)),
        Ok(Report::Ended(_)) | Err(_) => {
            return Err(LaunchFault::Refused("it ended at once".to_owned()));
        }
    }
    let descriptor =
        descriptor.ok_or_else(|| LaunchFault::Refused("it handed over no listener".to_owned()))?;
    let listener = std::net::TcpListener::from(descriptor);
    listener.set_nonblocking(true)?;
    Ok(TcpListener::from_std(listener)?)
}

/// Waits for the launcher's last word, or ends it; then says how the program ended.
pub(super) async fn follow(
    control: UnixStream,
    mut child: Child,
    ending: watch::Sender<Option<Ended>>,
    stop: CancellationToken,
) {
    let mut control = BufReader::new(control);
    let mut line = String::new();
    let last = tokio::select! {
        last = async { (&mut control).take(1 << 16).read_line(&mut line).await } => last.is_ok(),
        () = stop.cancelled() => false,
    };
    // Closing this is how it is told to end everything.
    drop(control);
    let cleared = tokio::time::timeout(limits::END_TIME_MAX, child.wait()).await;
    if cleared.is_err() {
        tracing::error!("a launcher did not clear away in time and is killed");
        drop(child.kill().await);
    }
    let ended = match serde_json::from_str(&line) {
        Ok(Report::Ended(ended)) if last => ended,
        Ok(Report::Failed(why)) => {
            tracing::warn!(why, "an instance of a function could not be started");
            Ended::Code(127)
        }
        _ => Ended::Signal(9),
    };
    stop.cancel();
    ending.send_replace(Some(ended));
}

/// The sum of what the guardian's descendants have held at most. Zero where `/proc` does not say.
pub(super) fn peak_memory_bytes(guardian: u32) -> u64 {
    let mut waiting = vec![guardian];
    let mut total = 0;
    let mut seen = 0;
    while let Some(pid) = waiting.pop() {
        seen += 1;
        if seen > PROCESSES_MAX {
            break;
        }
        let path = format!("/proc/{pid}/task/{pid}/children");
        let children = std::fs::read_to_string(path).unwrap_or_default();
        waiting.extend(
            children
                .split_whitespace()
                .filter_map(|pid| pid.parse::<u32>().ok()),
        );
        if pid != guardian {
            total += peak_of(pid);
        }
    }
    total
}

/// Processes of one instance that are looked at.
const PROCESSES_MAX: usize = 256;

fn peak_of(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB"));
    kib.and_then(|kib| kib.trim().parse::<u64>().ok())
        .map_or(0, |kib| kib.saturating_mul(1024))
}
