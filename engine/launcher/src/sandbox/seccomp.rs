//! Calls that no function needs and that have been ways out of a sandbox: refused with EPERM. clone3 is
//! answered "not implemented", since its flags cannot be read here, and libraries then use clone.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

const REFUSED: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// Families of sockets that a function may open. Others reach past a network namespace (AF_VSOCK speaks with
/// the machine below a virtual one) or into rarely used parts of the kernel.
const FAMILIES: [libc::c_int; 4] = [
    libc::AF_UNIX,
    libc::AF_INET,
    libc::AF_INET6,
    libc::AF_NETLINK,
];

/// The bit that asks for x86-64's other table of calls, which has the same numbers.
const X32: i64 = 0x4000_0000;

/// Flags of clone that ask for a namespace.
const NAMESPACES: [libc::c_int; 8] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
    // CLONE_NEWTIME, which libc names for other systems only.
    0x80,
];

pub(super) fn apply() -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| format!("refusing dangerous calls: {error}");
    let refused = refused().map_err(|error| told(&error))?;
    let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    for (rules, errno) in [(refused, libc::EPERM), (absent, libc::ENOSYS)] {
        let program = program(&rules, errno).map_err(|error| told(&error))?;
        apply_filter(&program).map_err(|error| told(&error))?;
    }
    Ok(())
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn refused() -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let mut asking = Vec::new();
    for flag in NAMESPACES {
        // CLONE_NEWTIME lies among the bits of the exit signal, which are below 0x80.
        let flag = u64::from(flag.unsigned_abs());
        let holds = SeccompCmpOp::MaskedEq(flag);
        let condition = SeccompCondition::new(0, SeccompCmpArgLen::Qword, holds, flag)?;
        asking.push(SeccompRule::new(vec![condition])?);
    }
    rules.insert(libc::SYS_clone, asking);
    let mut others = Vec::new();
    for family in FAMILIES {
        let family = u64::from(family.unsigned_abs());
        others.push(SeccompCondition::new(
            0,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::Ne,
            family,
        )?);
    }
    rules.insert(libc::SYS_socket, vec![SeccompRule::new(others)?]);
    Ok(rules)
}

fn program(rules: &Rules, errno: i32) -> Result<BpfProgram, seccompiler::BackendError> {
    let twice = rules
        .iter()
        .map(|(call, rules)| (call | X32, rules.clone()));
    let all = twice.chain(rules.clone()).collect();
    let filter = SeccompFilter::new(
        all,
        SeccompAction::Allow,
        SeccompAction::Errno(errno.unsigned_abs()),
        std::env::consts::ARCH.try_into()?,
    )?;
    filter.try_into()
}
