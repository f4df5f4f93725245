//! Giving up rights: a user without any, no capability in any set, none to be had again.

use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use rustix::thread::{CapabilitySet, CapabilitySets, clear_ambient_capability_set};
use rustix::thread::{remove_capability_from_bounding_set, set_capabilities};

use crate::plan::Sandbox;

/// The number of capabilities that a 64-bit set has room for.
const CAPABILITIES: u32 = 64;

pub(super) fn give_up(sandbox: &Sandbox) -> Result<(), String> {
    for number in 0..CAPABILITIES {
        match remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number)) {
            Ok(()) => {}
            // Beyond the last that this kernel knows.
            Err(rustix::io::Errno::INVAL) if number > 0 => break,
            Err(error) => return Err(format!("capabilities: {error}")),
        }
    }
    if super::has_user_of_its_own(sandbox) {
        let (user, group) = (Uid::from_raw(sandbox.user), Gid::from_raw(sandbox.user));
        let dropped = setgroups(&[])
            .and_then(|()| setresgid(group, group, group))
            .and_then(|()| setresuid(user, user, user));
        dropped.map_err(|error| format!("a user of its own: {error}"))?;
    }
    clear_ambient_capability_set().map_err(|error| format!("capabilities: {error}"))?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none).map_err(|error| format!("capabilities: {error}"))?;
    rustix::thread::set_no_new_privs(true).map_err(|error| format!("no new privileges: {error}"))
}
