//! Lists of files: the manifest of an S3 Inventory report, and that of an Athena query.
//!
//! Source: "Amazon S3 Inventory" in the S3 user guide (manifest.json with `destinationBucket`,
//! `fileFormat`, `fileSchema`, `files`), and "UNLOAD" in the Athena user guide (a line a file,
//! `s3://BUCKET/KEY`).

use asl::Json;

use super::{Format, ReadError, csv};
use crate::Address;

/// The files to read, and how.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) files: Vec<Address>,
    pub(super) format: Format,
}

pub(super) fn inventory(text: &str) -> Result<Manifest, ReadError> {
    let wrong = |what: &str| ReadError::new(format!("The S3 inventory manifest {what}."));
    let manifest = asl::json::parse(text).map_err(|_| wrong("is not valid JSON"))?;
    let text = |name: &str| manifest.get(name).and_then(Json::as_str);
    match text("fileFormat") {
        None | Some("CSV") => {}
        Some(other) => {
            return Err(wrong(&format!(
                "lists {other} files, and only CSV ones can be read"
            )));
        }
    }
    let bucket = text("destinationBucket").ok_or_else(|| wrong("has no destinationBucket"))?;
    // It is an ARN, though some stores write the name alone.
    let bucket = bucket.rsplit(':').next().unwrap_or_default();
    let schema = text("fileSchema").ok_or_else(|| wrong("has no fileSchema"))?;
    let files = manifest.get("files").and_then(Json::as_array);
    let files = files.ok_or_else(|| wrong("has no files"))?;
    let keys = files.iter().map(|file| {
        let key = file.get("key").and_then(Json::as_str);
        key.ok_or_else(|| wrong("has a file without a key"))
    });
    let files = keys.map(|key| {
        Ok(Address {
            bucket: bucket.to_owned(),
            key: key?.to_owned(),
            version: None,
        })
    });
    let headers = schema.split(',').map(|column| column.trim().to_owned());
    Ok(Manifest {
        files: files.collect::<Result<_, ReadError>>()?,
        format: Format::Csv(csv::Options {
            delimiter: b',',
            headers: Some(headers.collect()),
        }),
    })
}

pub(super) fn athena(text: &str, format: Format) -> Result<Manifest, ReadError> {
    let lines = text.lines().map(|line| line.trim().trim_matches('"'));
    let files = lines.filter(|line| !line.is_empty()).map(|line| {
        let path = line
            .strip_prefix("s3://")
            .and_then(|path| path.split_once('/'));
        let (bucket, key) = path.ok_or_else(|| {
            let shown: String = line.chars().take(100).collect();
            ReadError::new(format!(
                "The Athena manifest has a line that is no S3 URI: '{shown}'."
            ))
        })?;
        Ok(Address {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: None,
        })
    });
    Ok(Manifest {
        files: files.collect::<Result<_, ReadError>>()?,
        format,
    })
}
