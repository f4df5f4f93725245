//! Packages good and bad.

use super::*;

use ::tests::support::Folder;

fn packed(files: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let files: Vec<_> = files
        .iter()
        .map(|(name, bytes, is_program)| ((*name).to_owned(), bytes.to_vec(), *is_program))
        .collect();
    pack(&files).unwrap()
}

#[test]
fn a_package_is_unpacked_once_with_its_programs() {
    let folder = Folder::new();
    let packages = Packages::new(folder.path().join("code"));
    let package = packed(&[
        ("bootstrap", b"#!/bin/sh\n", true),
        ("lib/a.txt", b"a", false),
    ]);
    let sha256 = hash(&package);
    assert_eq!(packages.find(&sha256), None);
    let path = packages.unpack(&sha256, &package, 1).unwrap();
    assert_eq!(packages.find(&sha256).as_deref(), Some(&*path));
    assert_eq!(packages.unpack(&sha256, &package, 2).unwrap(), path);
    assert_eq!(fs::read(path.join("lib/a.txt")).unwrap(), b"a");
    let mode = fs::metadata(path.join("bootstrap"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o755);
    assert_eq!(fs::read_dir(folder.path().join("code")).unwrap().count(), 1);
}

#[test]
fn a_file_outside_the_folder_is_refused() {
    for name in ["../evil", "a/../../evil", "/etc/evil"] {
        let package = packed(&[(name, b"x", false)]);
        let folder = Folder::new();
        let packages = Packages::new(folder.path().join("code"));
        match packages.unpack(&hash(&package), &package, 1) {
            Err(CodeError::Outside(_)) => {}
            // The leading slash may also just be left out.
            Ok(path) => assert!(path.join("etc/evil").is_file(), "{name}"),
            Err(other) => panic!("{name}: {other}"),
        }
        assert!(!folder.path().join("evil").exists());
    }
}

#[test]
fn names_that_are_too_long_or_too_deep_are_refused() {
    let deep = "a/".repeat(limits::PACKAGE_DEPTH_MAX);
    let long = "a".repeat(limits::PACKAGE_NAME_BYTES_MAX + 1);
    for name in [format!("{deep}b"), long] {
        let package = packed(&[(&name, b"x", false)]);
        assert!(matches!(check(&package), Err(CodeError::Name(_))), "{name}");
    }
}

#[test]
fn more_folders_than_files_may_be_are_refused() {
    let chain = "a/".repeat(90);
    let names: Vec<_> = (0..800)
        .map(|number| format!("{number}/{chain}b"))
        .collect();
    let files: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), &b""[..], false))
        .collect();
    assert!(matches!(check(&packed(&files)), Err(CodeError::TooMany(_))));
}

#[test]
fn what_a_crash_left_half_unpacked_goes() {
    let folder = Folder::new();
    let left = folder.path().join("00.1-2.new");
    fs::create_dir_all(left.join("a")).unwrap();
    drop(Packages::new(folder.path().to_owned()));
    assert!(!left.exists());
}

#[test]
fn what_is_no_archive_is_refused() {
    assert!(matches!(check(b"hello"), Err(CodeError::Archive(_))));
    assert!(check(&packed(&[("a", b"b", false)])).is_ok());
}

#[test]
fn an_archive_that_unpacks_to_more_than_it_may_is_refused() {
    let mut room = 3;
    let error = copy(&mut &b"four"[..], &mut io::sink(), &mut room).unwrap_err();
    assert!(matches!(
        refused(error, Path::new("a")),
        CodeError::TooLarge
    ));
}
