//! The files that results are written to, in a bucket.

use asl::Json;
use bytes::Bytes;
use objects::{Objects, Upload};

use crate::limits::MAP_RUN_RESULT_FILE_BYTES;

/// Results of one kind, in as many files as their size asks for.
pub(super) struct File {
    objects: Objects,
    bucket: String,
    /// Key up to the number.
    stem: String,
    extension: &'static str,
    is_lines: bool,
    open: Option<(Upload, u64)>,
    done: Vec<Json>,
}

impl File {
    pub(super) fn new(
        objects: Objects,
        bucket: &str,
        folder: &str,
        kind: &str,
        extension: &'static str,
        is_lines: bool,
    ) -> Self {
        Self {
            objects,
            bucket: bucket.to_owned(),
            stem: format!("{folder}/{kind}"),
            extension,
            is_lines,
            open: None,
            done: Vec::new(),
        }
    }

    fn key(&self) -> String {
        format!("{}_{}.{}", self.stem, self.done.len(), self.extension)
    }

    pub(super) async fn put(&mut self, text: &str) -> Result<(), objects::Error> {
        if self
            .open
            .as_ref()
            .is_some_and(|(_, bytes)| *bytes > MAP_RUN_RESULT_FILE_BYTES)
        {
            self.end().await?;
        }
        let before = match (&self.open, self.is_lines) {
            (None, false) => "[",
            (Some(_), false) => ",",
            (_, true) => "",
        };
        let after = if self.is_lines { "\n" } else { "" };
        let chunk = Bytes::from([before, text, after].concat());
        let (upload, bytes) = if let Some(open) = &mut self.open {
            open
        } else {
            let upload = self.objects.upload(&self.bucket, &self.key()).await?;
            self.open.insert((upload, 0))
        };
        *bytes += chunk.len() as u64;
        upload.write(chunk).await
    }

    async fn end(&mut self) -> Result<(), objects::Error> {
        let Some((mut upload, _)) = self.open.take() else {
            return Ok(());
        };
        if !self.is_lines {
            upload.write(Bytes::from_static(b"]")).await?;
        }
        let size = upload.finish().await?;
        let key = Json::from(self.key());
        self.done
            .push(Json::members([("Key", key), ("Size", Json::from(size))]));
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<Vec<Json>, objects::Error> {
        self.end().await?;
        Ok(self.done)
    }
}
