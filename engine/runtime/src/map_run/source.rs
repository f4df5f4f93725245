//! Where a Map Run's items come from: its state's data, or objects.

use std::sync::Arc;

use asl::{
    Json, StateError,
    error::names,
    map_run::{Spec, inputs::Given, spec},
};
use objects::{
    Address, Objects,
    items::{Format, Items, Source as Dataset, Splitter, csv},
};

/// Items, one after another, from the beginning.
pub(super) struct Source {
    kind: Kind,
    /// Items that were given.
    pub(super) count: u64,
    items_max: u64,
    uri: Arc<str>,
    pub(super) etag: Option<Arc<str>>,
}

enum Kind {
    State(Arc<Spec>),
    Objects(Box<Items>),
}

impl Source {
    /// Opens the dataset and reads over the items that were read before.
    pub(super) async fn open(
        spec: &Arc<Spec>,
        objects: &Objects,
        etag: Option<&str>,
        read: u64,
    ) -> Result<Self, StateError> {
        let items_max = spec.items_max.unwrap_or(u64::MAX);
        let mut source = match &spec.source {
            spec::Source::Items(_) => Self {
                kind: Kind::State(Arc::clone(spec)),
                count: read,
                items_max,
                uri: Arc::from("STATE_DATA"),
                etag: None,
            },
            spec::Source::Reader {
                resource,
                arguments,
                config,
            } => {
                let (dataset, uri) = dataset(resource, arguments, config)?;
                let items = Items::open(objects.clone(), dataset, etag).await;
                let items = items.map_err(|error| reader_failed(error.to_string()))?;
                Self {
                    etag: items.etag().map(Arc::from),
                    kind: Kind::Objects(Box::new(items)),
                    count: 0,
                    items_max,
                    uri: Arc::from(uri),
                }
            }
        };
        while source.count < read && source.next().await?.is_some() {}
        Ok(source)
    }

    pub(super) async fn next(&mut self) -> Result<Option<Given>, StateError> {
        if self.count >= self.items_max {
            return Ok(None);
        }
        let index = self.count;
        let source = Arc::clone(&self.uri);
        let given = match &mut self.kind {
            Kind::State(spec) => item_of(&spec.source, index).map(|(key, value)| Given {
                index,
                key,
                value,
                source,
            }),
            Kind::Objects(items) => {
                let item = items.next().await;
                let item = item.map_err(|error| reader_failed(error.to_string()))?;
                let source = items.uri().cloned().unwrap_or(source);
                item.map(|item| Given {
                    index,
                    key: item.key,
                    value: item.value,
                    source,
                })
            }
        };
        self.count += u64::from(given.is_some());
        Ok(given)
    }
}

/// The items in a text that a reader of that kind found: an array, or the document where it is JSON. What
/// no text can hold (PARQUET, an inventory's files, a listing) is given as JSON.
pub(crate) fn items_of_text(config: &Json, text: &str) -> Result<Json, String> {
    let is_file = matches!(
        config.get("InputType").and_then(Json::as_str),
        Some("CSV" | "JSONL")
    );
    if !is_file {
        return asl::json::parse(text).map_err(|error| format!("The data is not JSON: {error}"));
    }
    let format = format(config).map_err(|error| error.cause.as_deref().unwrap_or("").to_owned())?;
    let mut items = std::collections::VecDeque::new();
    let Some(mut splitter) = Splitter::new(&format) else {
        return Ok(Json::array(Vec::new()));
    };
    splitter
        .feed(text.as_bytes(), &mut items)
        .and_then(|()| splitter.finish(&mut items))
        .map_err(|error| error.to_string())?;
    Ok(Json::array(
        items.into_iter().map(|item| item.value).collect(),
    ))
}

fn item_of(source: &spec::Source, index: u64) -> Option<(Option<Arc<str>>, Json)> {
    let at = usize::try_from(index).ok()?;
    match source {
        spec::Source::Items(Json::Array(items)) => Some((None, items.get(at)?.clone())),
        spec::Source::Items(Json::Object(members)) => {
            let (key, value) = members.get_index(at)?;
            Some((Some(Arc::clone(key)), value.clone()))
        }
        spec::Source::Items(_) | spec::Source::Reader { .. } => None,
    }
}

fn reader_failed(cause: impl AsRef<str>) -> StateError {
    StateError::new(names::ITEM_READER_FAILED, cause)
}

/// What `ItemReader` asks for, and the URI that `$$.Map.Item.Source` shows.
fn dataset(
    resource: &str,
    arguments: &Json,
    config: &Json,
) -> Result<(Dataset, String), StateError> {
    let text = |name: &str| arguments.get(name).and_then(Json::as_str);
    let required = |name: &str| {
        let missing = || reader_failed(format!("The field '{name}' of ItemReader is required"));
        text(name).map(str::to_owned).ok_or_else(missing)
    };
    let option = |name: &str| config.get(name).and_then(Json::as_str);
    let bucket = required("Bucket")?;
    if resource.ends_with(":s3:listObjectsV2") {
        let prefix = text("Prefix").unwrap_or_default().to_owned();
        let uri = format!("s3://{bucket}");
        return Ok(match option("Transformation") {
            Some("LOAD_AND_FLATTEN") => {
                let format = format(config)?;
                (
                    Dataset::Contents {
                        bucket,
                        prefix,
                        format,
                    },
                    uri,
                )
            }
            _ => (Dataset::Listing { bucket, prefix }, uri),
        });
    }
    let key = required("Key")?;
    let uri = format!("s3://{bucket}/{key}");
    let version = option("VersionId").or_else(|| text("VersionId"));
    let address = Address {
        bucket,
        key,
        version: version.map(str::to_owned),
    };
    let dataset = match (option("InputType"), option("ManifestType")) {
        (_, Some("ATHENA_DATA")) => Dataset::Athena {
            address,
            format: format(config)?,
        },
        (Some("MANIFEST"), _) | (_, Some("S3_INVENTORY")) => Dataset::Inventory { address },
        _ => Dataset::Object {
            address,
            format: format(config)?,
        },
    };
    Ok((dataset, uri))
}

fn format(config: &Json) -> Result<Format, StateError> {
    let option = |name: &str| config.get(name).and_then(Json::as_str);
    Ok(match option("InputType") {
        None | Some("JSON") => Format::Json {
            pointer: option("ItemsPointer").map(str::to_owned),
        },
        Some("JSONL") => Format::JsonLines,
        Some("PARQUET") => Format::Parquet,
        Some("CSV") => {
            let delimiter = csv::Options::delimiter(option("CSVDelimiter"));
            let delimiter =
                delimiter.ok_or_else(|| reader_failed("The field CSVDelimiter is not valid"))?;
            let headers = match option("CSVHeaderLocation") {
                Some("GIVEN") => {
                    let headers = config.get("CSVHeaders").and_then(Json::as_array);
                    let headers = headers.unwrap_or_default().iter();
                    let headers = headers.filter_map(Json::as_str).map(str::to_owned);
                    Some(headers.collect())
                }
                _ => None,
            };
            Format::Csv(csv::Options { delimiter, headers })
        }
        Some(other) => {
            let cause = format!("There is no reader for InputType '{other}'.");
            return Err(reader_failed(cause));
        }
    })
}
