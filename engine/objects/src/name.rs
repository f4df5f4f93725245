//! Names of buckets and keys. What passes here is safe as a path below a folder.
//!
//! Source: "Bucket naming rules" and "Naming Amazon S3 objects" in the S3 user guide; stricter where
//! a file system could not tell names apart: a key's part between slashes is never empty, `.` or `..`.

use crate::{Error, limits::KEY_BYTES_MAX};

/// File systems hold no longer name.
const PART_BYTES_MAX: usize = 255;

pub fn check_bucket(bucket: &str) -> Result<(), Error> {
    let is_edge = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let bytes = bucket.as_bytes();
    let is_valid = (3..=63).contains(&bytes.len())
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes.iter().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
        })
        && !bucket.contains("..");
    if is_valid {
        return Ok(());
    }
    let shown: String = bucket.chars().take(80).collect();
    Err(Error::InvalidName(format!(
        "The specified bucket is not valid: '{shown}' must have 3 to 63 lower case letters, digits, dots and hyphens"
    )))
}

pub fn check_key(key: &str) -> Result<(), Error> {
    let refused = |why: &str| {
        let shown: String = key.chars().take(80).collect();
        Err(Error::InvalidName(format!(
            "The specified key is not valid: '{shown}' {why}"
        )))
    };
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return refused("must have 1 to 1024 bytes");
    }
    if key.chars().any(char::is_control) || key.contains('\\') {
        return refused("must have no control characters and no backslash");
    }
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= PART_BYTES_MAX;
    if key.split('/').all(is_part) {
        Ok(())
    } else {
        refused("must have parts of 1 to 255 bytes between its slashes, none of them '.' or '..'")
    }
}

#[cfg(test)]
mod tests {
    use super::{check_bucket, check_key};

    #[test]
    fn buckets_are_named_as_in_s3() {
        for bucket in ["abc", "my-bucket.1", "000", &"a".repeat(63)] {
            assert!(check_bucket(bucket).is_ok(), "{bucket}");
        }
        let wrong = ["", "ab", "Abc", "a_b", "a..b", ".ab", "ab-", "a/b", "a\0b"];
        for bucket in wrong.into_iter().chain([&*"a".repeat(64)]) {
            assert!(check_bucket(bucket).is_err(), "{bucket}");
        }
    }

    #[test]
    fn a_key_cannot_leave_its_bucket() {
        for key in ["a", "a/b.csv", "...", "a b", "ä/ö", "-"] {
            assert!(check_key(key).is_ok(), "{key}");
        }
        let wrong = [
            "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "a\\b", "a\0", "a\n",
        ];
        for key in wrong
            .into_iter()
            .chain([&*"a".repeat(256), &*"a/".repeat(600)])
        {
            assert!(check_key(key).is_err(), "{key}");
        }
    }
}
