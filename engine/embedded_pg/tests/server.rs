//! The private server against real processes: made, started, refused, killed and found again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(
    clippy::disallowed_methods,
    reason = "how long a start takes is the subject"
)]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, Instant};

use embedded_pg::{Cluster, DATABASE, Error, Options, Shared};
use support::{Folder, Keeper, is_alive, kill, postmaster_of};

fn options() -> Options {
    Options::from_environment()
}

#[test]
fn a_new_folder_becomes_a_server_and_keeps_its_rows_over_a_stop() {
    let folder = Folder::new();
    let running = Cluster::open(folder.path(), &options()).unwrap();
    support::sql(&running.url(DATABASE), "CREATE TABLE kept AS SELECT 7 AS n");
    running.stop();
    assert_eq!(
        postmaster_of(folder.path()),
        None,
        "a stopped server leaves no pid file"
    );

    let started = Instant::now();
    let running = Cluster::open(folder.path(), &options()).unwrap();
    let took = started.elapsed();
    assert_eq!(
        support::number(&running.url(DATABASE), "SELECT n::bigint FROM kept"),
        7
    );
    assert!(took < Duration::from_secs(5), "a warm start took {took:?}");
}

#[test]
fn durability_is_on() {
    let folder = Folder::new();
    let running = Cluster::open(folder.path(), &options()).unwrap();
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        let query = format!("SELECT (current_setting('{name}') = 'on')::int::bigint");
        assert_eq!(support::number(&running.url(DATABASE), &query), 1, "{name}");
    }
}

#[test]
fn a_second_server_on_the_folder_is_refused_and_told_who_has_it() {
    let folder = Folder::new();
    let keeper = Keeper::start(folder.path());
    let error = Cluster::open(folder.path(), &options()).expect_err("the folder is taken");
    assert!(matches!(error, Error::InUse { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&format!("process {}", keeper.id())), "{text}");
    assert!(text.contains("in use by another server"), "{text}");
    assert_eq!(
        support::number(keeper.url(), "SELECT 1::bigint"),
        1,
        "the first goes on"
    );
}

#[test]
fn a_killed_postmaster_is_started_again_with_every_committed_row() {
    let folder = Folder::new();
    let running = Cluster::open(folder.path(), &options()).unwrap();
    let url = running.url(DATABASE);
    support::sql(&url, "CREATE TABLE written (n bigint)");
    let pid = running.pid().unwrap();
    let acknowledged = support::insert_until_it_fails(&url, 100, move || kill(pid));
    assert!(acknowledged >= 100, "{acknowledged}");
    assert!(
        running.wait_for_restart(1, Duration::from_mins(1)),
        "it comes back"
    );
    assert_ne!(running.pid(), Some(pid));
    let kept = support::number(&url, "SELECT count(*) FROM written");
    assert!(
        kept >= acknowledged,
        "{kept} rows are left of {acknowledged} that were acknowledged"
    );
}

#[test]
fn a_server_whose_owner_was_killed_is_taken_over() {
    let folder = Folder::new();
    let mut keeper = Keeper::start(folder.path());
    support::sql(keeper.url(), "CREATE TABLE kept AS SELECT 7 AS n");
    let orphan = postmaster_of(folder.path()).unwrap();
    keeper.kill();
    assert!(is_alive(orphan), "the postmaster outlives its owner");
    let running = Cluster::open(folder.path(), &options()).unwrap();
    assert!(!is_alive(orphan));
    assert_eq!(
        support::number(&running.url(DATABASE), "SELECT n::bigint FROM kept"),
        7
    );
}

#[test]
fn a_server_killed_together_with_its_owner_is_recovered() {
    let folder = Folder::new();
    let mut keeper = Keeper::start(folder.path());
    support::sql(keeper.url(), "CREATE TABLE kept AS SELECT 7 AS n");
    let orphan = postmaster_of(folder.path()).unwrap();
    keeper.kill();
    kill(orphan);
    let running = Cluster::open(folder.path(), &options()).unwrap();
    assert_eq!(
        support::number(&running.url(DATABASE), "SELECT n::bigint FROM kept"),
        7
    );
}

#[test]
fn a_pid_file_that_names_a_stranger_does_not_hinder_and_the_stranger_lives() {
    let folder = Folder::new();
    Cluster::open(folder.path(), &options()).unwrap().stop();
    let text = format!("{}\n/elsewhere\n0\n5432\n\n\n\nready\n", std::process::id());
    fs::write(folder.path().join("data/postmaster.pid"), text).unwrap();
    let running = Cluster::open(folder.path(), &options()).unwrap();
    assert_eq!(
        support::number(&running.url(DATABASE), "SELECT 1::bigint"),
        1
    );
}

#[test]
fn a_half_made_cluster_is_made_anew() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path().join("data.unfinished/base")).unwrap();
    fs::write(folder.path().join("data.unfinished/PG_VERSION"), "15\n").unwrap();
    let running = Cluster::open(folder.path(), &options()).unwrap();
    assert_eq!(
        support::number(&running.url(DATABASE), "SELECT 1::bigint"),
        1
    );
}

#[test]
fn a_path_too_long_for_a_socket_still_works() {
    let folder = Folder::new();
    let deep = folder.path().join("d".repeat(120));
    let running = Cluster::open(&deep, &options()).unwrap();
    assert_eq!(
        support::number(&running.url(DATABASE), "SELECT 1::bigint"),
        1
    );
    let socket_dir = running.socket_dir().to_owned();
    assert!(!socket_dir.starts_with(&deep));
    running.stop();
    assert!(
        !socket_dir.exists(),
        "what lies outside the folder is removed at the stop"
    );
}

#[test]
fn a_parent_that_is_closed_to_others_is_no_obstacle() {
    let folder = Folder::new();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let dir = closed.join("postgres");
    let running = Cluster::open(&dir, &options()).unwrap();
    let pid = running.pid().unwrap();
    support::sql(
        &running.url(DATABASE),
        "CREATE TABLE kept AS SELECT 7 AS n; CHECKPOINT",
    );
    kill(pid);
    assert!(
        running.wait_for_restart(1, Duration::from_mins(1)),
        "it comes back"
    );
    assert_eq!(
        support::number(&running.url(DATABASE), "SELECT n::bigint FROM kept"),
        7
    );
    let mode = fs::metadata(&closed).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "the parent stays as it was");
}

#[test]
fn a_shared_server_is_found_again_until_it_is_ended() {
    let folder = Folder::new();
    let dir = folder.path().join("shared");
    let first = Shared::join(&dir, &options()).unwrap();
    let postmaster = postmaster_of(&dir).unwrap();
    support::sql(&first.url(DATABASE), "CREATE TABLE kept AS SELECT 7 AS n");
    drop(first);
    let second = Shared::join(&dir, &options()).unwrap();
    assert_eq!(
        postmaster_of(&dir),
        Some(postmaster),
        "it is the same server"
    );
    assert_eq!(
        support::number(&second.url(DATABASE), "SELECT n::bigint FROM kept"),
        7
    );
    Shared::end(&dir).unwrap();
    assert!(!is_alive(postmaster));
    assert!(!dir.exists());
}

#[test]
fn a_path_with_every_odd_character_works() {
    let folder = Folder::new();
    let dir = folder.path().join("it's, \"odd\" & 100%");
    let running = Cluster::open(&dir, &options()).unwrap();
    assert!(running.socket_dir().starts_with(&dir));
    assert_eq!(
        support::number(&running.url(DATABASE), "SELECT 1::bigint"),
        1
    );
}

/// As an ordinary user the other tests show the first half already.
#[test]
fn an_ordinary_user_needs_no_other_account_and_root_can_go_on_with_its_data() {
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let folder = Folder::new();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let dir = folder.path().join("postgres");
    let keeper = Keeper::start_as_nobody(&folder, &dir);
    support::sql(keeper.url(), "CREATE TABLE kept AS SELECT 7 AS n");
    drop(keeper);
    let running = Cluster::open(&dir, &options()).unwrap();
    assert_eq!(
        support::number(&running.url(DATABASE), "SELECT n::bigint FROM kept"),
        7
    );
    let owner = |path: &str| fs::metadata(dir.join(path)).unwrap().uid();
    assert_eq!(
        (owner("data"), owner("data/postmaster.pid")),
        (65534, 65534)
    );
}
