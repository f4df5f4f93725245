//! What keeps an instance from everything else: namespaces, a root of its own, no rights, no dangerous
//! calls. Built in two halves: [`prepare`] in the guardian, [`enter`] in the inner process. What does not
//! hold ends the start with its name.

mod network;
mod rights;
mod root;
mod seccomp;

use std::fs;

use nix::sched::{CloneFlags, unshare};
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::process::{DumpableBehavior, Signal};

use crate::plan::Sandbox;

pub use root::is_in_every_root;

/// Enters new namespaces. Processes that are started from here on are in a process namespace of their own,
/// whose first one takes all others with it when it ends. Single-threaded, as the kernel asks.
pub(crate) fn prepare(sandbox: &Sandbox) -> Result<(), String> {
    let mut namespaces = CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS;
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    let maps_user = !has_user_of_its_own(sandbox);
    if maps_user {
        namespaces |= CloneFlags::CLONE_NEWUSER;
    }
    unshare(namespaces).map_err(|error| format!("namespaces: {error}"))?;
    if maps_user {
        let map = |file: &str, text: String| {
            fs::write(file, text).map_err(|error| format!("the user namespace: {file}: {error}"))
        };
        map("/proc/self/setgroups", "deny".to_owned())?;
        // Root inside, without any right outside; rights inside end before the program begins.
        map("/proc/self/uid_map", format!("0 {} 1", user.as_raw()))?;
        map("/proc/self/gid_map", format!("0 {} 1", group.as_raw()))?;
    }
    network::up().map_err(|error| format!("the loopback network: {error}"))
}

/// Builds the root, steps into it and gives up every right. What follows is the program.
pub(crate) fn enter(sandbox: &Sandbox) -> Result<(), String> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(|error| format!("namespaces: {error}"))?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).map_err(|error| format!("mounts of its own: {error}"))?;
    root::build(sandbox)?;
    root::enter(sandbox)?;
    rustix::system::sethostname(b"function").map_err(|error| format!("the host name: {error}"))?;
    rights::give_up(sandbox)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| format!("hiding from the program: {error}"))?;
    // After the change of user, which takes this away. Should the guardian be killed, all goes with it.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("ending with the guardian: {error}"))?;
    seccomp::apply()
}

/// Whether the function can have a user of its own: as root where the user's number is mapped. An ordinary
/// user, or root of a container, gets a user namespace instead.
fn has_user_of_its_own(sandbox: &Sandbox) -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    rustix::process::geteuid().is_root() && is_mapped(&map, sandbox.user)
}

/// Whether a line of a uid_map, `FIRST_INSIDE FIRST_OUTSIDE COUNT`, covers that user.
fn is_mapped(map: &str, user: u32) -> bool {
    map.lines().any(|line| {
        let numbers: Vec<u64> = line
            .split_whitespace()
            .filter_map(|number| number.parse().ok())
            .collect();
        matches!(numbers.as_slice(), [first, _, count] if (*first..first.saturating_add(*count)).contains(&u64::from(user)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_mapped_where_a_line_covers_it() {
        let whole = "         0          0 4294967295\n";
        assert!(is_mapped(whole, 0x7000_0000));
        assert!(!is_mapped("0 1000 1\n1 100000 65536\n", 0x7000_0000));
        assert!(is_mapped("0 1000 1\n1 100000 65536\n", 65_536));
        assert!(!is_mapped("", 0));
    }
}
