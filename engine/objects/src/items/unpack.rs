//! Files packed with gzip, unpacked as their bytes come.

use std::io::Write as _;

use flate2::write::MultiGzDecoder;

use super::ReadError;

/// Bytes that are unpacked at once: they become at most about a thousand times as many.
const SLICE_BYTES: usize = 4096;

/// What stands between a file's bytes and its splitter.
#[derive(Default)]
pub(super) enum Unpack {
    #[default]
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Unpack {
    /// By the name of the file, since S3 keeps bytes as they were sent.
    pub(super) fn of(key: &str) -> Self {
        let extension = std::path::Path::new(key).extension();
        if extension.is_some_and(|it| it.eq_ignore_ascii_case("gz")) {
            Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
        } else {
            Self::Plain
        }
    }

    /// Gives the unpacked bytes to `take`, bit by bit.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        match self {
            Self::Plain => take(bytes),
            Self::Gzip(decoder) => bytes.chunks(SLICE_BYTES).try_for_each(|slice| {
                decoder.write_all(slice).map_err(|error| damaged(&error))?;
                let unpacked = std::mem::take(decoder.get_mut());
                take(&unpacked)
            }),
        }
    }

    pub(super) fn finish(
        self,
        take: impl FnOnce(&[u8]) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        match self {
            Self::Plain => Ok(()),
            Self::Gzip(decoder) => take(&decoder.finish().map_err(|error| damaged(&error))?),
        }
    }
}

fn damaged(error: &std::io::Error) -> ReadError {
    ReadError::new(format!("The file cannot be unpacked: {error}"))
}
