//! Control groups: one for each instance at the level `full`, in version 2 of the kernel's interface or in
//! version 1, whichever has the memory controller. Made by the guardian before it gives anything up; removed
//! by it, or by the server where it could not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::plan::Group;
use crate::tree;

/// What the names of our groups begin with.
const PREFIX: &str = "stepwright-";
/// Where this process goes so that its group may have groups below it, which version 2 asks for.
const OWN: &str = "stepwright-server";

/// The name of the group of one instance. The server's number in it says later whether somebody still needs it.
pub fn name(server: u32, unique: u64) -> String {
    format!("{PREFIX}{server}-{unique}")
}

/// Makes the group and sets its bounds.
pub(crate) fn create(group: &Group) -> Result<(), String> {
    let places = places().ok_or("control groups: none that bounds memory is mounted")?;
    for place in &places {
        let folder = place.folder.join(&group.name);
        let failed = |error: io::Error| format!("control groups: {}: {error}", folder.display());
        if place.is_unified {
            enable(&place.folder).map_err(failed)?;
        }
        fs::create_dir(&folder).map_err(failed)?;
        for (file, value) in place.bounds(group) {
            fs::write(folder.join(file), value.to_string())
                .map_err(|error| format!("control groups: {}/{file}: {error}", folder.display()))?;
        }
        // Without swap, memory is what was asked for. Not every kernel counts it.
        let swap = if place.is_unified {
            "memory.swap.max"
        } else {
            "memory.memsw.limit_in_bytes"
        };
        let none = if place.is_unified {
            0
        } else {
            group.memory_bytes
        };
        if folder.join(swap).exists() {
            drop(fs::write(folder.join(swap), none.to_string()));
        }
    }
    Ok(())
}

/// Puts a process into the group, with all that it will start.
pub(crate) fn join(group: &str, pid: u32) -> Result<(), String> {
    for place in places().unwrap_or_default() {
        let file = place.folder.join(group).join("cgroup.procs");
        fs::write(&file, pid.to_string())
            .map_err(|error| format!("control groups: {}: {error}", file.display()))?;
    }
    Ok(())
}

/// Removes the group; true where nothing of it is left. It has to be empty.
pub fn remove(group: &str) -> bool {
    let mut is_gone = true;
    for place in places().unwrap_or_default() {
        match fs::remove_dir(place.folder.join(group)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => is_gone = false,
        }
    }
    is_gone
}

/// The most memory that the group has held, in bytes.
pub fn peak_memory_bytes(group: &str) -> Option<u64> {
    let places = places()?;
    let place = places
        .iter()
        .find(|place| place.controllers.iter().any(|each| each == "memory"))?;
    let file = if place.is_unified {
        "memory.peak"
    } else {
        "memory.max_usage_in_bytes"
    };
    let text = fs::read_to_string(place.folder.join(group).join(file)).ok()?;
    text.trim().parse().ok()
}

/// Removes the groups of servers that are gone.
pub fn sweep() {
    for place in places().unwrap_or_default() {
        let entries = fs::read_dir(&place.folder).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_left(&name) {
                // One that still has processes stays.
                drop(fs::remove_dir(entry.path()));
            }
        }
    }
}

/// Whether a group's name is one of ours, of a server that is no more.
fn is_left(name: &str) -> bool {
    let server = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once('-'))
        .and_then(|(server, _)| server.parse::<u32>().ok());
    server.is_some_and(|server| !Path::new(&format!("/proc/{server}")).exists())
}

/// A folder of this process's own group, under one mount of control groups.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    folder: PathBuf,
    is_unified: bool,
    /// Of those that we use, which ones this mount has.
    controllers: Vec<String>,
}

/// What bounds an instance.
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

impl Place {
    fn bounds(&self, group: &Group) -> Vec<(&'static str, u64)> {
        let has = |name: &str| self.controllers.iter().any(|each| each == name);
        let mut bounds = Vec::new();
        if has("memory") {
            let file = if self.is_unified {
                "memory.max"
            } else {
                "memory.limit_in_bytes"
            };
            bounds.push((file, group.memory_bytes));
        }
        if has("pids") {
            bounds.push(("pids.max", group.tasks));
        }
        if has("cpu") && self.is_unified {
            bounds.push(("cpu.weight", group.weight.clamp(1, 10_000)));
        } else if has("cpu") {
            bounds.push(("cpu.shares", group.weight.clamp(2, 262_144)));
        }
        bounds
    }
}

fn places() -> Option<Vec<Place>> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let offered =
        |folder: &Path| fs::read_to_string(folder.join("cgroup.controllers")).unwrap_or_default();
    places_of(&own, &mounts, offered)
}

/// From the texts of `/proc/self/cgroup` and `/proc/self/mountinfo`. Memory and processes have to be bounded;
/// a share of the processors is had where it can be.
fn places_of(own: &str, mounts: &str, offered: impl Fn(&Path) -> String) -> Option<Vec<Place>> {
    let mut places = Vec::new();
    for line in own.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(number), Some(names), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let is_unified = number == "0" && names.is_empty();
        let Some(folder) = mounts.lines().find_map(|mount| mounted(mount, names, path)) else {
            continue;
        };
        // The server may have moved aside for the sake of its groups.
        let folder = match folder.file_name() {
            Some(name) if name == OWN => folder.parent().map_or(folder.clone(), Path::to_owned),
            _ => folder,
        };
        let names = if is_unified {
            offered(&folder).replace(' ', ",")
        } else {
            names.to_owned()
        };
        let controllers: Vec<String> = names
            .trim()
            .split(',')
            .filter(|name| CONTROLLERS.contains(name))
            .map(str::to_owned)
            .collect();
        if !controllers.is_empty() {
            places.push(Place {
                folder,
                is_unified,
                controllers,
            });
        }
    }
    let has = |wanted: &str| {
        places
            .iter()
            .any(|place| place.controllers.iter().any(|each| each == wanted))
    };
    (has("memory") && has("pids")).then_some(places)
}

/// Where the group `path` of these controllers lies, if this line of mountinfo is their mount.
fn mounted(line: &str, controllers: &str, path: &str) -> Option<PathBuf> {
    let (before, after) = line.split_once(" - ")?;
    let mut after = after.split(' ');
    let (kind, _, options) = (after.next()?, after.next()?, after.next()?);
    let is_meant = if controllers.is_empty() {
        kind == "cgroup2"
    } else {
        kind == "cgroup"
            && controllers
                .split(',')
                .all(|name| options.split(',').any(|each| each == name))
    };
    if !is_meant {
        return None;
    }
    let mut before = before.split(' ').skip(3);
    let (root, point) = (before.next()?, before.next()?);
    let inside = match root {
        "/" => path,
        root => path.strip_prefix(root)?,
    };
    Some(Path::new(point).join(inside.trim_start_matches('/')))
}

/// Lets groups below this one have our controllers. A group with processes of its own may not, so the server
/// and what it started move into one below it first; where others are in it as well, they are left alone and
/// this fails.
fn enable(folder: &Path) -> io::Result<()> {
    let control = folder.join("cgroup.subtree_control");
    let enabled = fs::read_to_string(&control)?;
    let missing: Vec<_> = CONTROLLERS
        .iter()
        .filter(|name| !enabled.split_whitespace().any(|each| each == **name))
        .map(|name| format!("+{name}"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let text = missing.join(" ");
    match fs::write(&control, &text) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {}
        other => return other,
    }
    let server = nix::unistd::getppid();
    let ours: Vec<_> = tree::below(server)
        .iter()
        .map(|pid| pid.as_raw())
        .chain([server.as_raw()])
        .collect();
    let inside = fs::read_to_string(folder.join("cgroup.procs"))?;
    let is_ours = |pid: &str| pid.parse().is_ok_and(|pid: i32| ours.contains(&pid));
    if !inside.lines().all(is_ours) {
        return Err(io::ErrorKind::ResourceBusy.into());
    }
    let own = folder.join(OWN);
    match fs::create_dir(&own) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    for pid in inside.lines() {
        fs::write(own.join("cgroup.procs"), pid)?;
    }
    fs::write(&control, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "\
30 23 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 30 0:28 /docker/a /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct
33 30 0:29 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
34 30 0:30 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    fn found(own: &str, mounts: &str, offered: &str) -> Option<Vec<(String, bool, String)>> {
        let places = places_of(own, mounts, |_| offered.to_owned())?;
        let shown = |place: Place| {
            let folder = place.folder.display().to_string();
            (folder, place.is_unified, place.controllers.join(","))
        };
        Some(places.into_iter().map(shown).collect())
    }

    #[test]
    fn version_1_has_a_folder_for_each_controller() {
        let own = "5:pids:/\n4:memory:/a/b\n3:cpu,cpuacct:/docker/a/c\n0::/\n";
        let expected = [
            ("/sys/fs/cgroup/pids/", false, "pids"),
            ("/sys/fs/cgroup/memory/a/b", false, "memory"),
            ("/sys/fs/cgroup/cpu/c", false, "cpu"),
        ];
        let expected = expected
            .map(|(folder, is_unified, names)| (folder.to_owned(), is_unified, names.to_owned()));
        assert_eq!(found(own, V1, "hugetlb\n"), Some(expected.to_vec()));
    }

    #[test]
    fn version_2_has_one_folder_and_the_servers_own_place_is_beside_the_instances() {
        let mounts = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        let expected = (
            "/sys/fs/cgroup/user/app".to_owned(),
            true,
            "cpu,memory,pids".to_owned(),
        );
        for own in ["0::/user/app\n", "0::/user/app/stepwright-server\n"] {
            let found = found(own, mounts, "cpuset cpu io memory pids\n");
            assert_eq!(found, Some(vec![expected.clone()]), "{own}");
        }
    }

    #[test]
    fn without_a_bound_of_memory_there_is_none() {
        assert_eq!(found("5:pids:/\n0::/\n", V1, ""), None);
        assert_eq!(found("", "", ""), None);
    }

    #[test]
    fn only_groups_of_servers_that_are_gone_are_left() {
        assert!(is_left(&name(u32::MAX, 1)));
        assert!(!is_left(&name(std::process::id(), 1)));
        assert!(!is_left("stepwright-server") && !is_left("system.slice"));
    }
}
