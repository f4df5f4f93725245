//! Listing a folder in the order of its keys' bytes, as S3 lists a bucket.

use std::path::{Path, PathBuf};

use super::{meta_of, text_of};
use crate::{Error, Listing, name};

/// The names of one folder, last first, so that the next one is at the end.
type Level = Vec<(String, PathBuf)>;

/// The files below `folder` whose keys begin with `prefix` and come after `after`. Folders without any
/// such file are not entered. Holds the names of the folders on the way and of no others.
pub(super) fn walk(
    folder: &Path,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Listing, Error> {
    let mut listing = Listing::default();
    let mut levels: Vec<Level> = vec![level(folder, "", prefix, after)?];
    while let Some(last) = levels.last_mut() {
        let Some((key, path)) = last.pop() else {
            levels.pop();
            continue;
        };
        if key.ends_with('/') {
            levels.push(level(&path, &key, prefix, after)?);
            continue;
        }
        let Ok(metadata) = std::fs::metadata(&path) else {
            // It went away since its folder was read.
            continue;
        };
        if listing.objects.len() == limit {
            listing.is_truncated = true;
            return Ok(listing);
        }
        listing.objects.push(meta_of(key, &metadata));
    }
    Ok(listing)
}

/// What is in one folder and may hold keys that are asked for. A folder sorts with its slash, so that
/// `a.b` comes before `a/b`.
fn level(folder: &Path, above: &str, prefix: &str, after: Option<&str>) -> Result<Level, Error> {
    let mut names: Level = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        let Some(name) = text_of(&path) else { continue };
        let mut key = format!("{above}{name}");
        if name::check_key(&key).is_err() {
            continue;
        }
        if kind.is_dir() {
            key.push('/');
            let may_hold = key.starts_with(prefix) || prefix.starts_with(&key);
            let is_past = after.is_none_or(|after| key.as_str() > after || after.starts_with(&key));
            if may_hold && is_past {
                names.push((key, path));
            }
        } else if kind.is_file()
            && key.starts_with(prefix)
            && after.is_none_or(|after| key.as_str() > after)
        {
            names.push((key, path));
        }
    }
    names.sort_unstable_by(|left, right| right.0.cmp(&left.0));
    Ok(names)
}
