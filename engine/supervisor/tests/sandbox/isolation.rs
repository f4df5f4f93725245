//! Ways out of a sandbox, each tried from inside and each refused with its error: at every level that has one,
//! as root and as an ordinary user. What a machine does not allow is printed as not run, with the reason.

use std::fs;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use supervisor::{Deployed, Level};

use crate::TURN;
use crate::support::{ECHO, Node, error, text};

/// Who starts the launcher.
#[derive(Clone, Copy, Debug)]
enum Who {
    /// Whoever runs the tests: root, or an ordinary user.
    Own,
    /// An ordinary user, where root runs the tests.
    Nobody,
}

const CELLS: [(Who, Level); 4] = [
    (Who::Own, Level::Full),
    (Who::Own, Level::Nocgroup),
    (Who::Nobody, Level::Full),
    (Who::Nobody, Level::Nocgroup),
];

/// The system's own Python, which is in every function's root.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

fn node(who: Who, level: Level) -> Node {
    let node = Node::with(|settings| {
        settings.isolation = Some(level);
        let folder = settings.folder.parent().unwrap();
        if let Who::Nobody = who {
            let wrapper = folder.join("launcher");
            let launcher = settings.launcher.display();
            let ids = "--reuid 65534 --regid 65534 --clear-groups";
            fs::write(
                &wrapper,
                format!("#!/bin/sh\nexec setpriv {ids} {launcher} \"$@\"\n"),
            )
            .unwrap();
            fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
            settings.launcher = wrapper;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    });
    assert!(Path::new(PYTHON).exists(), "these tests need {PYTHON}");
    node
}

/// Every cell that this machine can run.
pub(crate) async fn each(mut run: impl AsyncFnMut(&str, &Node)) {
    let _turn = TURN.lock().await;
    for (who, level) in CELLS {
        let cell = format!("{who:?}, {}", level.name());
        let node = node(who, level);
        match node.supervisor.level().await {
            Ok(found) => {
                assert_eq!(found, level, "{cell}");
                run(&cell, &node).await;
            }
            Err(why) => eprintln!("not run on this machine: {cell}: {why}"),
        }
        node.supervisor.stop().await;
    }
}

/// Tries everything that the event asks for and answers each error's number, or what it found.
const ATTEMPTS: &str = r#"
import ctypes, errno, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)
def connect(family, address):
    with socket.socket(family) as one:
        one.settimeout(5)
        one.connect(address)
def bind(family):
    socket.socket(family, socket.SOCK_RAW).close()
NEWUSER, NEWNS = 0x10000000, 0x20000
def attempts(e):
    return {
        "host file": lambda: open(e["file"]),
        "passwords": lambda: open("/etc/shadow"),
        "code": lambda: open("/var/task/bootstrap", "a"),
        "root": lambda: open("/new", "w"),
        "system": lambda: open("/usr/new", "w"),
        "scratch": lambda: open("/tmp/new", "w").close(),
        "first process": lambda: os.listdir("/proc/1/root"),
        "first environment": lambda: open("/proc/1/environ").read(),
        "kernel setting": lambda: open("/proc/sys/kernel/core_pattern", "w"),
        "socket by path": lambda: connect(socket.AF_UNIX, e["socket"]),
        "socket by name": lambda: connect(socket.AF_UNIX, "\0" + e["abstract"]),
        "host port": lambda: connect(socket.AF_INET, ("127.0.0.1", e["port"])),
        "metadata": lambda: connect(socket.AF_INET, ("169.254.169.254", 80)),
        "raw network": lambda: bind(socket.AF_PACKET),
        "machine below": lambda: socket.socket(40, socket.SOCK_STREAM),
        "signal": lambda: os.kill(e["pid"], 0),
        "ptrace": lambda: call("ptrace", 16, 1, 0, 0),
        "mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
        "unmount": lambda: call("umount2", b"/proc", 2),
        "chroot": lambda: os.chroot("/tmp"),
        "user namespace": lambda: call("unshare", NEWUSER),
        "clone": lambda: call("syscall", 56, NEWUSER | 17, 0, 0, 0, 0),
        "clone3": lambda: call("syscall", 435, 0, 0),
        "bpf": lambda: call("syscall", 321, 0, 0, 0),
        "keys": lambda: call("syscall", 250, 0, -3, 0),
        "io_uring": lambda: call("syscall", 425, 1, 0),
        "device": lambda: os.mknod("/tmp/device", 0o60600, os.makedev(8, 0)),
        "host name": lambda: socket.sethostname("x"),
        "more rights": lambda: call("prctl", 38, 0, 0, 0, 0),
    }
def tried(attempt):
    try:
        attempt()
        return 0
    except OSError as error:
        return error.errno
while True:
    request, event, _ = next_event()
    found = {name: tried(attempt) for name, attempt in attempts(event).items()}
    status = open("/proc/self/status").read()
    field = lambda name: status.split(name + ":")[1].split()[0]
    found["capabilities"] = sum(int(field("Cap" + name), 16) for name in ["Inh", "Prm", "Eff", "Bnd", "Amb"])
    found["calls are filtered"] = int(field("Seccomp"))
    found["processes"] = len([name for name in os.listdir("/proc") if name.isdigit()])
    links = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink("/proc/self/fd/" + fd))
        except FileNotFoundError:
            pass
    sockets = [link for link in links if link.startswith("socket:")]
    elsewhere = [link for link in links if link.startswith("/") and not link.startswith(("/proc/", "/var/task/", "/dev/"))]
    if elsewhere:
        print(elsewhere)
    found["sockets"], found["files"] = len(sockets), len(elsewhere)
    respond(request, found)
"#;

/// What each attempt ends with. Where two numbers stand, the kernel checks the user or the mount first.
const EXPECTED: &[(&str, &[i64])] = &[
    ("host file", &[2]),
    ("passwords", &[2]),
    ("code", &[13, 30]),
    ("root", &[13, 30]),
    ("system", &[13, 30]),
    ("scratch", &[0]),
    ("first process", &[13]),
    ("first environment", &[13]),
    ("kernel setting", &[13, 30]),
    ("socket by path", &[2]),
    ("socket by name", &[111]),
    ("host port", &[111]),
    ("metadata", &[101]),
    ("raw network", &[1]),
    ("machine below", &[1]),
    ("signal", &[3]),
    ("ptrace", &[1]),
    ("mount", &[1]),
    ("unmount", &[1]),
    ("chroot", &[1]),
    ("user namespace", &[1]),
    ("clone", &[1]),
    ("clone3", &[38]),
    ("bpf", &[1]),
    ("keys", &[1]),
    ("io_uring", &[1]),
    ("device", &[1]),
    ("host name", &[1]),
    ("more rights", &[22]),
    ("capabilities", &[0]),
    ("calls are filtered", &[2]),
    // The launcher's own first process, and the program.
    ("processes", &[2]),
    // The connection to the Runtime API, and nothing of the server's.
    ("sockets", &[1]),
    ("files", &[0]),
];

#[tokio::test]
async fn every_way_out_is_refused_with_its_error() {
    each(async |cell, node| {
        let path = |name: &str| node.folder.path().join(name).display().to_string();
        let (file, socket) = (path("secret"), path("socket"));
        fs::write(&file, "secret").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let _by_path = UnixListener::bind(&socket).unwrap();
        let name = socket.replace('/', "-");
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let _by_name = UnixListener::bind_addr(&address).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        let number = port.local_addr().unwrap().port();
        let function = node.deploy_with(Path::new(PYTHON), "escape", ATTEMPTS);
        let pid = std::process::id();
        let event = format!(
            r#"{{"file": "{file}", "socket": "{socket}", "abstract": "{name}", "port": {number}, "pid": {pid}}}"#
        );
        let done = node.invoke(&function, &event).await.unwrap();
        assert!(!done.is_error, "{cell}: {}", text(&done));
        let found = asl::json::parse(&text(&done)).unwrap();
        for (name, allowed) in EXPECTED {
            let number: i64 = found.get(name).unwrap().to_text().parse().unwrap();
            let log = String::from_utf8_lossy(&done.log_tail);
            assert!(allowed.contains(&number), "{cell}: {name}: {number}, not {allowed:?}: {log}");
        }
    })
    .await;
}

/// Takes memory that it touches, or starts processes until it cannot.
const HOG: &str = r#"
import errno, signal
request, event, _ = next_event()
held = []
while event == "memory":
    held.append(bytearray(os.urandom(1 << 20)))
children = []
try:
    while len(children) < 5000:
        child = os.fork()
        if child == 0:
            signal.pause()
        children.append(child)
    respond(request, "no end")
except OSError as error:
    respond(request, [errno.errorcode[error.errno], len(children)])
next_event()
"#;

fn hog(node: &Node, memory_mb: u32) -> Arc<Deployed> {
    let mut function = (*node.deploy_with(Path::new(PYTHON), "hog", HOG)).clone();
    function.memory_mb = memory_mb;
    function.into()
}

#[tokio::test]
async fn who_takes_more_memory_than_configured_is_ended() {
    each(async |cell, node| {
        let done = node.invoke(&hog(node, 128), "\"memory\"").await.unwrap();
        let expected = "RequestId: request-1 Error: Runtime exited with error: signal: killed";
        let told = ("Runtime.ExitError".to_owned(), expected.to_owned());
        assert_eq!(error(&done), told, "{cell}");
    })
    .await;
}

#[tokio::test]
async fn who_starts_processes_without_end_is_stopped() {
    each(async |cell, node| {
        let done = node
            .invoke(&hog(node, 8192), "\"processes\"")
            .await
            .unwrap();
        let answer = text(&done);
        assert!(answer.starts_with(r#"["EAGAIN", "#), "{cell}: {answer}");
    })
    .await;
}

#[tokio::test]
async fn after_its_end_nothing_of_an_instance_is_left() {
    each(async |cell, node| {
        let function = node.deploy_with(Path::new(PYTHON), "echo", ECHO);
        let done = node.invoke(&function, "1").await.unwrap();
        assert_eq!(
            done.level.name(),
            node.records(1).await[0].level.name(),
            "{cell}"
        );
        node.supervisor.stop().await;
        assert_eq!(groups(), Vec::<PathBuf>::new(), "{cell}");
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let root = node.folder.path().display().to_string();
        assert!(!mounts.contains(&root), "{cell}");
    })
    .await;
}

/// Control groups of this process's instances.
pub(crate) fn groups() -> Vec<PathBuf> {
    let ours = format!("stepwright-{}-", std::process::id());
    let mut waiting = vec![PathBuf::from("/sys/fs/cgroup")];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&ours) {
                found.push(entry.path());
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(entry.path());
            }
        }
    }
    found
}

#[tokio::test]
async fn an_interpreter_outside_the_systems_folders_is_brought_along() {
    each(async |cell, node| {
        let interpreters = node.supervisor.interpreters().await;
        let code = [("a.py", "def handler(event, context):\n    return {'n': event, 'user': __import__('os').getuid()}\n", false)];
        let Some(runtime) = interpreters.newest("python") else {
            panic!("there is no Python with Lambda's client: make runtimes installs it");
        };
        let function = node.deploy_files("brought", &runtime.name(), "a.handler", &code);
        match node.invoke(&function, "5").await {
            Ok(done) => assert!(text(&done).starts_with(r#"{"n": 5, "#), "{cell}: {}", text(&done)),
            // An ordinary user may not be let into the folder of somebody's own Python.
            Err(refused) => assert!(refused.to_string().contains("Permission denied"), "{cell}: {refused}"),
        }
    })
    .await;
}

#[tokio::test]
async fn a_layer_that_does_not_hold_refuses_the_start_with_its_name() {
    let _turn = TURN.lock().await;
    let (who, level) = (Who::Own, Level::Nocgroup);
    let node = node(who, level);
    if let Err(why) = node.supervisor.level().await {
        eprintln!("not run on this machine: {who:?}, {}: {why}", level.name());
        return;
    }
    let function = node.deploy_with(Path::new(PYTHON), "echo", ECHO);
    fs::remove_dir(node.folder.path().join("functions/root")).unwrap();
    let refused = node.invoke(&function, "1").await.unwrap_err().to_string();
    let expected = "this node cannot run functions at level 'nocgroup': the root: ";
    assert!(refused.starts_with(expected), "{refused}");
    assert!(node.records(1).await[0].outcome == "not_started");
}

#[tokio::test]
async fn control_groups_that_are_not_ours_refuse_the_level_full() {
    let _turn = TURN.lock().await;
    let node = node(Who::Nobody, Level::Full);
    // Delegated to everybody: then there is nothing to refuse.
    if let Err(why) = node.supervisor.level().await {
        let text = why.to_string();
        assert!(text.contains("level 'full': "), "{text}");
        let function = node.deploy_with(Path::new(PYTHON), "echo", ECHO);
        let refused = node.invoke(&function, "1").await.unwrap_err().to_string();
        assert!(refused.contains("level 'full': "), "{refused}");
    }
}
