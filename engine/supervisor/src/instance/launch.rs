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

use super::Exit;
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
        Ok(Report::Ended(_) | Report::NoProgram(_) | Report::Started) | Err(_) => {
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
    ending: watch::Sender<Option<Exit>>,
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
        Ok(Report::Ended(ended)) if last => Exit::Ended(ended),
        Ok(Report::Failed(why)) => Exit::NotStarted(why),
        Ok(Report::NoProgram(why)) => {
            tracing::warn!(why, "the program of an instance cannot be run");
            Exit::NoProgram
        }
        _ => Exit::Ended(Ended::Signal(9)),
    };
    stop.cancel();
    ending.send_replace(Some(ended));
}

/// Removes the control group of an instance that has ended and that nobody looks at any more. Its guardian does
/// that only where the server is gone.
pub(super) async fn clear(
    group: String,
    mut ended: watch::Receiver<Option<Exit>>,
    released: CancellationToken,
) {
    released.cancelled().await;
    let known = ended.wait_for(Option::is_some).await.is_ok();
    let clearing = async {
        // Its last processes may still be on their way out, where the guardian was killed.
        while !launcher::group::remove(&group) {
            tokio::time::sleep(limits::GROUP_PAUSE).await;
        }
    };
    let cleared = tokio::time::timeout(limits::END_TIME_MAX, clearing).await;
    if cleared.is_err() {
        tracing::error!(
            group,
            known,
            "a control group could not be removed; the next start does that"
        );
    }
}
