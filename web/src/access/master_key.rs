//! The master keys that seal stored secrets: from the setting, or from a file in the data folder that is
//! generated at the first start. Several versions may be given; the highest seals, all of them open.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::token;
use crate::hidden::Hidden;

/// The file in the data folder.
pub const FILE: &str = "master.key";
const FILE_BYTES_MAX: u64 = 4096;

/// Keys by version.
pub type Keys = BTreeMap<i32, Hidden<[u8; 32]>>;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(
        "the master key of {place} is not valid: it is 32 bytes in base64 (openssl rand -base64 32), or \
         several as VERSION:BASE64 with commas or lines between"
    )]
    Form { place: String },
    #[error("the master key file {path} is open to other users; close it with 'chmod 600 {path}'")]
    Open { path: PathBuf },
    #[error("cannot use the master key file {path}")]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// The keys of the setting where there is one, else those of the file, which is made where it is not there.
pub fn load(setting: Option<&Hidden<String>>, data: &Path) -> Result<Keys, Fault> {
    match setting {
        Some(text) => parse(text.reveal(), "the setting master_key"),
        None => load_file(data),
    }
}

fn load_file(data: &Path) -> Result<Keys, Fault> {
    let path = data.join(FILE);
    let fault = |source| Fault::File {
        path: path.clone(),
        source,
    };
    let made = make(data, &path);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(fault(error));
        }
        _ => {}
    }
    let meta = fs::metadata(&path).map_err(fault)?;
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(Fault::Open { path });
    }
    let place = path.display().to_string();
    if meta.len() > FILE_BYTES_MAX {
        return Err(Fault::Form { place });
    }
    parse(&fs::read_to_string(&path).map_err(fault)?, &place)
}

/// Writes a fresh key to `path`, whole or not at all; an error of the kind `AlreadyExists` where one is there.
fn make(data: &Path, path: &Path) -> std::io::Result<()> {
    if fs::exists(path)? {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)?;
    let new = path.with_extension(format!("key.{}", std::process::id()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    let key = STANDARD.encode(token::random_bytes::<32>());
    file.write_all(format!("1:{key}\n").as_bytes())?;
    file.sync_all()?;
    // Linking fails where someone else was faster, unlike renaming, which would put their key away.
    let linked = fs::hard_link(&new, path);
    fs::remove_file(&new)?;
    linked?;
    fs::File::open(data)?.sync_all()
}

fn parse(text: &str, place: &str) -> Result<Keys, Fault> {
    let refused = || Fault::Form {
        place: place.to_owned(),
    };
    let mut keys = Keys::new();
    for entry in text.split([',', '\n']).map(str::trim) {
        if entry.is_empty() {
            continue;
        }
        let (version, key) = entry.split_once(':').unwrap_or(("1", entry));
        let version = version
            .parse()
            .ok()
            .filter(|version| *version >= 1)
            .ok_or_else(refused)?;
        let key = STANDARD.decode(key).map_err(|_| refused())?;
        let key = key.try_into().map_err(|_| refused())?;
        if keys.insert(version, Hidden::new(key)).is_some() {
            return Err(refused());
        }
    }
    if keys.is_empty() {
        return Err(refused());
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("stepwright-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        folder
    }

    #[test]
    fn one_key_or_several_versions_are_read() {
        assert_eq!(parse(KEY, "").unwrap().into_keys().collect::<Vec<_>>(), [1]);
        let two = parse(&format!("2:{KEY},1:{KEY}\n"), "").unwrap();
        assert_eq!(two.into_keys().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        for text in [
            "",
            "hunter2",
            "AAEC",
            &format!("0:{KEY}"),
            &format!("x:{KEY}"),
            &format!("1:{KEY},1:{KEY}"),
        ] {
            let error = parse(text, "the setting master_key")
                .unwrap_err()
                .to_string();
            assert!(error.contains("the setting master_key") && error.contains("openssl"));
            assert!(!error.contains("hunter2"));
        }
    }

    #[test]
    fn a_generated_key_is_for_its_owner_alone_and_stays() {
        let data = folder("generated").join("deep");
        let first = load(None, &data).unwrap();
        let mode = fs::metadata(data.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(load(None, &data).unwrap(), first);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
        fs::remove_dir_all(data.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_file_open_to_others_is_refused_with_what_to_do() {
        let data = folder("open");
        load(None, &data).unwrap();
        let path = data.join(FILE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = load(None, &data).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        fs::remove_dir_all(&data).unwrap();
    }
}
