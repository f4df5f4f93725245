//! Packages on this node: a folder for each, named by the package's SHA-256, unpacked once and read-only
//! from then on. A package that is damaged, too large or reaches outside its folder is refused whole.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Cursor, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zip::ZipArchive;

use crate::limits;

/// Why a package cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    #[error("the package is no zip archive: {0}")]
    Archive(#[from] zip::result::ZipError),
    #[error("the package holds {0} files; {max} are allowed", max = limits::PACKAGE_FILES_MAX)]
    TooMany(usize),
    #[error("unpacked, the package is larger than {max} bytes", max = limits::UNPACKED_BYTES_MAX)]
    TooLarge,
    #[error("the package's file '{0}' would lie outside its folder")]
    Outside(String),
    #[error("the package's file '{0}' is neither file nor folder")]
    Kind(String),
    #[error(
        "the package's file '{0}' has a name of more than {bytes} bytes or {depth} folders",
        bytes = limits::PACKAGE_NAME_BYTES_MAX,
        depth = limits::PACKAGE_DEPTH_MAX
    )]
    Name(String),
    #[error("unpacking into {path}")]
    Io { path: PathBuf, source: io::Error },
}

/// The SHA-256 by which a package is known.
pub fn hash(package: &[u8]) -> [u8; 32] {
    Sha256::digest(package).into()
}

/// Reads every file of a package without keeping it, so that a bad one is refused when it is deployed.
pub fn check(package: &[u8]) -> Result<(), CodeError> {
    let mut room = limits::UNPACKED_BYTES_MAX;
    each(package, |entry| {
        if let Entry::File { content, name, .. } = entry {
            let bytes = copy(content, &mut io::sink(), &mut room)
                .map_err(|error| refused(error, Path::new(name)));
            bytes?;
        }
        Ok(())
    })
}

/// The packages of a node.
#[derive(Debug)]
pub struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// In a folder of the node's own, which need not be there yet. What a crash left half unpacked goes.
    pub fn new(folder: PathBuf) -> Self {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        for entry in entries {
            if entry.path().extension().is_some_and(|end| end == "new") {
                drop(fs::remove_dir_all(entry.path()));
            }
        }
        Self { folder }
    }

    /// Where the package lies, if it is unpacked.
    pub fn find(&self, sha256: &[u8; 32]) -> Option<PathBuf> {
        let path = self.path(sha256);
        path.is_dir().then_some(path)
    }

    /// Unpacks a package. Two at once both succeed; a crash in between leaves nothing that is found.
    /// Blocks: files are written.
    pub fn unpack(
        &self,
        sha256: &[u8; 32],
        package: &[u8],
        unique: u64,
    ) -> Result<PathBuf, CodeError> {
        let path = self.path(sha256);
        let fresh = path.with_extension(format!("{}-{unique}.new", std::process::id()));
        let failed = |source| CodeError::Io {
            path: fresh.clone(),
            source,
        };
        fs::create_dir_all(&fresh).map_err(failed)?;
        let done = fill(&fresh, package);
        let moved = done.and_then(|()| match fs::rename(&fresh, &path) {
            Ok(()) => Ok(()),
            // Somebody else was quicker, with the same content.
            Err(_) if path.is_dir() => Ok(()),
            Err(source) => Err(failed(source)),
        });
        if fresh.is_dir() {
            drop(fs::remove_dir_all(&fresh));
        }
        moved.map(|()| path)
    }

    fn path(&self, sha256: &[u8; 32]) -> PathBuf {
        self.folder.join(hex::encode(sha256))
    }
}

enum Entry<'a> {
    Folder {
        path: PathBuf,
    },
    File {
        path: PathBuf,
        name: &'a str,
        is_program: bool,
        content: &'a mut dyn Read,
    },
}

fn each(
    package: &[u8],
    mut take: impl FnMut(Entry<'_>) -> Result<(), CodeError>,
) -> Result<(), CodeError> {
    let mut archive = ZipArchive::new(Cursor::new(package))?;
    if archive.len() > limits::PACKAGE_FILES_MAX {
        return Err(CodeError::TooMany(archive.len()));
    }
    let mut folders = HashSet::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let name = file.name()?.into_owned();
        let path = file
            .enclosed_name()
            .filter(|path| path.is_relative())
            .ok_or_else(|| CodeError::Outside(shown(&name)))?;
        if name.len() > limits::PACKAGE_NAME_BYTES_MAX
            || path.components().count() > limits::PACKAGE_DEPTH_MAX
        {
            return Err(CodeError::Name(shown(&name)));
        }
        // Folders come from names alone, so a small archive could ask for very many.
        for folder in path.ancestors().skip(1) {
            if !folders.insert(folder.to_owned()) {
                break;
            }
        }
        if folders.len() > limits::PACKAGE_FILES_MAX {
            return Err(CodeError::TooMany(folders.len()));
        }
        if file.is_dir() {
            take(Entry::Folder { path })?;
        } else if file.is_file() {
            let is_program = file.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
            take(Entry::File {
                path,
                name: &name,
                is_program,
                content: &mut file,
            })?;
        } else {
            return Err(CodeError::Kind(shown(&name)));
        }
    }
    Ok(())
}

/// A name from an archive, as an error shows it.
fn shown(name: &str) -> String {
    name.chars().take(200).collect()
}

fn fill(folder: &Path, package: &[u8]) -> Result<(), CodeError> {
    let mut room = limits::UNPACKED_BYTES_MAX;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CodeError::Io { path, source }
    };
    each(package, |entry| match entry {
        Entry::Folder { path } => {
            let path = folder.join(path);
            fs::create_dir_all(&path).map_err(failed(&path))
        }
        Entry::File {
            path,
            is_program,
            content,
            ..
        } => {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(failed(parent))?;
            }
            let mut file = create(&path, is_program).map_err(failed(&path))?;
            copy(content, &mut file, &mut room).map_err(|error| refused(error, &path))
        }
    })?;
    // What unpacked it may still remove it; nobody else may change it. The function may be a user of its own,
    // who has to get into every folder whatever the server's umask says.
    open_up(folder).map_err(failed(folder))
}

fn open_up(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

fn create(path: &Path, is_program: bool) -> io::Result<File> {
    let mode = if is_program { 0o755 } else { 0o644 };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(path)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    Ok(file)
}

/// Copies at most what there is room for, however much the archive says that there is.
fn copy(content: &mut dyn Read, to: &mut dyn io::Write, room: &mut u64) -> io::Result<()> {
    let copied = io::copy(&mut content.take(room.saturating_add(1)), to)?;
    *room = room
        .checked_sub(copied)
        .ok_or(io::ErrorKind::FileTooLarge)?;
    Ok(())
}

fn refused(error: io::Error, path: &Path) -> CodeError {
    if error.kind() == io::ErrorKind::FileTooLarge {
        CodeError::TooLarge
    } else {
        CodeError::Io {
            path: path.to_owned(),
            source: error,
        }
    }
}

/// Packs one file, as deploying a single source file does.
pub fn pack(files: &[(String, Vec<u8>, bool)]) -> Result<Vec<u8>, CodeError> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes, is_program) in files {
        let mode = if *is_program { 0o755 } else { 0o644 };
        let options = zip::write::SimpleFileOptions::default().unix_permissions(mode);
        archive.start_file(name.as_str(), options)?;
        io::Write::write_all(&mut archive, bytes).map_err(zip::result::ZipError::from)?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests;
