//! The root that a function sees: the system's programs and libraries, its code and its runtime, all
//! read-only; a scratch folder; nothing else of the host.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, mount_remount, unmount};
use rustix::process::{chdir, pivot_root};

use crate::plan::Sandbox;

/// Folders of programs and libraries, as the host has them.
const SYSTEM: [&str; 6] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];
/// What libraries look for, where the host has it.
const ETC: [&str; 8] = [
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/pki",
    "/etc/ssl",
];
const DEVICES: [&str; 5] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
];

/// What programs expect beside the devices.
const LINKS: [(&str, &str); 4] = [
    ("dev/fd", "/proc/self/fd"),
    ("dev/stdin", "/proc/self/fd/0"),
    ("dev/stdout", "/proc/self/fd/1"),
    ("dev/stderr", "/proc/self/fd/2"),
];

/// Whether a path of the host is in every root already.
pub fn is_in_every_root(path: &Path) -> bool {
    SYSTEM.iter().any(|folder| path.starts_with(folder))
}

/// Builds it at the sandbox's mount point.
pub(super) fn build(sandbox: &Sandbox) -> Result<(), String> {
    let root = &sandbox.root;
    let user = if super::has_user_of_its_own(sandbox) {
        sandbox.user
    } else {
        0
    };
    let told = |what: &Path| {
        let what = what.display().to_string();
        move |error: io::Error| format!("the root: {what}: {error}")
    };
    let safe = MountFlags::NOSUID | MountFlags::NODEV;
    mount("tmpfs", root, "tmpfs", safe, c"size=1m,mode=755").map_err(|e| told(root)(e.into()))?;
    for path in SYSTEM {
        let path = Path::new(path);
        same(root, path).map_err(told(path))?;
    }
    for path in ETC {
        let path = Path::new(path);
        same(root, path).map_err(told(path))?;
    }
    let texts = [
        (
            "etc/passwd",
            format!("function:x:{user}:{user}::/tmp:/usr/sbin/nologin\n"),
        ),
        ("etc/group", format!("function:x:{user}:\n")),
        ("etc/hosts", "127.0.0.1 localhost function\n".to_owned()),
    ];
    for (name, text) in texts {
        let path = root.join(name);
        ensure_parent(&path)
            .and_then(|()| fs::write(&path, text))
            .map_err(told(&path))?;
    }
    for bind in &sandbox.binds {
        read_only(root, &bind.host, &bind.inside).map_err(told(&bind.host))?;
    }
    for path in DEVICES {
        let path = Path::new(path);
        device(root, path).map_err(told(path))?;
    }
    for (name, target) in LINKS {
        let path = root.join(name);
        symlink(target, &path).map_err(told(&path))?;
    }
    let scratch = root.join("tmp");
    fs::create_dir_all(&scratch).map_err(told(&scratch))?;
    let (bytes, files) = (sandbox.scratch_bytes, sandbox.scratch_bytes / 4096);
    let size = format!("size={bytes},mode=1777,nr_inodes={files}");
    let size = std::ffi::CString::new(size).map_err(|error| error.to_string())?;
    mount("tmpfs", &scratch, "tmpfs", safe, size.as_c_str())
        .map_err(|e| told(&scratch)(e.into()))?;
    let proc = root.join("proc");
    fs::create_dir_all(&proc).map_err(told(&proc))?;
    mount_remount(root, MountFlags::BIND | MountFlags::RDONLY | safe, c"")
        .map_err(|error| told(root)(error.into()))
}

/// Makes it this process's root, with a view of its own processes alone; the host's is gone.
pub(super) fn enter(sandbox: &Sandbox) -> Result<(), String> {
    let told = |error: rustix::io::Errno| format!("the root: {error}");
    let quiet = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", sandbox.root.join("proc"), "proc", quiet, None)
        .and_then(|()| {
            // The kernel's settings are nobody's in here.
            let settings = sandbox.root.join("proc/sys");
            mount_bind(&settings, &settings)?;
            mount_remount(
                &settings,
                MountFlags::BIND | MountFlags::RDONLY | quiet,
                c"",
            )
        })
        .map_err(|error| format!("the view of processes: {error}"))?;
    chdir(&sandbox.root).map_err(told)?;
    pivot_root(".", ".").map_err(told)?;
    unmount(".", UnmountFlags::DETACH).map_err(told)?;
    chdir("/").map_err(told)
}

/// The host's path under the same name: a link as a link, anything else as it is; nothing where there is
/// nothing.
fn same(root: &Path, path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(about) if about.is_symlink() => {
            let inside = within(root, path);
            ensure_parent(&inside)?;
            symlink(fs::read_link(path)?, inside)
        }
        Ok(_) => read_only(root, path, path),
    }
}

fn read_only(root: &Path, host: &Path, inside: &Path) -> io::Result<()> {
    let place = within(root, inside);
    if host.is_dir() {
        fs::create_dir_all(&place)?;
    } else {
        ensure_parent(&place)?;
        fs::write(&place, "")?;
    }
    mount_bind(host, &place)?;
    let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
    // What the host's mount forbids, an ordinary user cannot allow again.
    mount_remount(&place, flags | kept(host)?, c"")?;
    Ok(())
}

/// A device by its node on the host: nodes cannot be made here.
fn device(root: &Path, path: &Path) -> io::Result<()> {
    let place = within(root, path);
    ensure_parent(&place)?;
    fs::write(&place, "")?;
    mount_bind(path, &place)?;
    Ok(())
}

fn kept(host: &Path) -> io::Result<MountFlags> {
    let held = statvfs(host)?.f_flag;
    let pairs = [
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ];
    let all = pairs
        .into_iter()
        .filter(|(held_flag, _)| held.contains(*held_flag));
    Ok(all.fold(MountFlags::empty(), |all, (_, flag)| all | flag))
}

fn within(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

fn ensure_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}
