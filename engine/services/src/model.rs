//! What is known of a service: its operations and the shapes that travel, from `models/`.
//!
//! The models are made by `scripts/models.py` from the public ones. One is unpacked when it is first
//! asked for and then kept: a server meets the services of its own state machines, not all of them.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use flate2::read::GzDecoder;
use indexmap::IndexMap;
use serde::Deserialize;

use crate::limits::MODEL_BYTES_MAX;
use crate::names;

#[derive(rust_embed::RustEmbed)]
#[folder = "models"]
struct Packed;

/// One service.
#[derive(Debug, Deserialize)]
pub struct Service {
    /// Before the dot of its error names: `DynamoDb`.
    pub sdk: String,
    pub protocol: Protocol,
    /// The API's version, which the query protocols send.
    pub version: String,
    /// The first label of its host names at AWS.
    pub host: String,
    /// The service that a signature names.
    pub signing: String,
    /// Before the dot of `X-Amz-Target`.
    #[serde(default)]
    pub target: String,
    /// The version of the JSON protocol.
    #[serde(default)]
    pub json: String,
    /// Its only host, where it has no regional ones.
    pub global: Option<String>,
    #[serde(rename = "ns")]
    pub namespace: Option<String>,
    pub operations: HashMap<String, Operation>,
    shapes: HashMap<String, Shape>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    Json,
    RestJson,
    RestXml,
    Query,
    Ec2,
}

#[derive(Debug, Deserialize)]
pub struct Operation {
    /// `PUT /{Bucket}/{Key+}`; absent: `POST /`.
    pub http: Option<String>,
    pub input: Option<String>,
    /// The root element of its XML body.
    pub root: Option<String>,
    #[serde(rename = "ns")]
    pub namespace: Option<String>,
    pub output: Option<String>,
    /// The element of an answer that holds the output.
    pub wrapper: Option<String>,
    #[serde(default)]
    pub errors: Vec<ErrorShape>,
    /// Before the host's name at AWS.
    pub host: Option<String>,
    /// Whether the body's checksum must be sent.
    #[serde(default)]
    pub md5: bool,
}

/// An error that the operation can end with.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum ErrorShape {
    Named(String),
    /// The shape's name, and the code that stands for it on the wire.
    Coded(String, String),
}

impl ErrorShape {
    pub fn shape(&self) -> &str {
        match self {
            Self::Named(shape) | Self::Coded(shape, _) => shape,
        }
    }

    pub fn is_code(&self, code: &str) -> bool {
        match self {
            Self::Named(shape) => shape == code,
            Self::Coded(shape, other) => shape == code || other == code,
        }
    }
}

/// What has parts.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Shape {
    Document {
        /// Always true: any JSON value.
        document: bool,
    },
    Structure {
        members: IndexMap<String, Member>,
        #[serde(default)]
        required: Vec<String>,
        /// A prefix that its attributes use, and the namespace behind it.
        prefix: Option<(String, String)>,
    },
    List {
        list: String,
        /// The element of an item.
        #[serde(rename = "as")]
        item: Option<String>,
        #[serde(default, rename = "flat")]
        is_flat: bool,
    },
    Map {
        map: String,
        key: Option<String>,
        value: Option<String>,
        #[serde(default, rename = "flat")]
        is_flat: bool,
    },
}

/// Where a member travels.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Location {
    #[default]
    Body,
    Uri,
    Querystring,
    Header,
    /// All headers that begin with the member's wire name.
    Headers,
    StatusCode,
}

#[derive(Debug, Deserialize)]
#[serde(from = "Written")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the models have these traits"
)]
pub struct Member {
    /// A leaf's type or a shape's name.
    pub target: String,
    pub location: Location,
    wire: Option<String>,
    query: Option<String>,
    pub is_flat: bool,
    pub is_attribute: bool,
    /// It is the body.
    pub is_payload: bool,
    pub namespace: Option<String>,
    /// Filled with the attempt's token where the caller gives none.
    pub is_token: bool,
}

impl Member {
    /// Its name on the wire.
    pub fn wire<'a>(&'a self, name: &'a str) -> &'a str {
        self.wire.as_deref().unwrap_or(name)
    }

    /// Its name on the wire, where that differs from its own.
    pub fn wire_own(&self) -> Option<&str> {
        self.wire.as_deref()
    }

    /// Its name in EC2's query protocol.
    pub fn ec2(&self, name: &str) -> String {
        match (&self.query, &self.wire) {
            (Some(query), _) => query.clone(),
            (None, Some(wire)) => names::pascal(wire),
            (None, None) => name.to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Short(String),
    Full(Full),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the models have these traits"
)]
struct Full {
    #[serde(rename = "s")]
    target: String,
    #[serde(default, rename = "in")]
    location: Location,
    #[serde(rename = "as")]
    wire: Option<String>,
    query: Option<String>,
    #[serde(default)]
    flat: bool,
    #[serde(default)]
    attribute: bool,
    #[serde(default)]
    payload: bool,
    ns: Option<String>,
    #[serde(default)]
    token: bool,
}

impl From<Written> for Member {
    fn from(written: Written) -> Self {
        let full = match written {
            Written::Full(full) => full,
            Written::Short(target) => Full {
                target,
                location: Location::Body,
                wire: None,
                query: None,
                flat: false,
                attribute: false,
                payload: false,
                ns: None,
                token: false,
            },
        };
        Self {
            target: full.target,
            location: full.location,
            wire: full.wire,
            query: full.query,
            is_flat: full.flat,
            is_attribute: full.attribute,
            is_payload: full.payload,
            namespace: full.ns,
            is_token: full.token,
        }
    }
}

/// What a reference names: a leaf by its type, or what has parts.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    String,
    Integer,
    Float,
    Boolean,
    Blob,
    /// JSON as text within text.
    JsonText,
    Timestamp(Option<TimeFormat>),
    Shape(&'a Shape),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    Iso,
    Unix,
    Rfc822,
}

impl Service {
    /// What a reference names; text where the model does not say.
    pub fn target(&self, reference: &str) -> Target<'_> {
        match reference {
            "string" | "character" => Target::String,
            "integer" | "long" => Target::Integer,
            "float" | "double" | "bigdecimal" => Target::Float,
            "boolean" => Target::Boolean,
            "blob" => Target::Blob,
            "jsonvalue" => Target::JsonText,
            "timestamp" => Target::Timestamp(None),
            "timestamp:iso8601" => Target::Timestamp(Some(TimeFormat::Iso)),
            "timestamp:unixTimestamp" => Target::Timestamp(Some(TimeFormat::Unix)),
            "timestamp:rfc822" => Target::Timestamp(Some(TimeFormat::Rfc822)),
            shape => self.shapes.get(shape).map_or(Target::String, Target::Shape),
        }
    }

    /// The members of a structure; none for anything else.
    pub fn members(&self, reference: Option<&str>) -> Option<&IndexMap<String, Member>> {
        match self.target(reference?) {
            Target::Shape(Shape::Structure { members, .. }) => Some(members),
            _ => None,
        }
    }

    /// The operation that an action of a Resource names: `putItem` is `PutItem`.
    pub fn operation(&self, action: &str) -> Option<(&str, &Operation)> {
        let name = names::pascal(action);
        let found = self.operations.get_key_value(&name);
        found.map(|(name, operation)| (name.as_str(), operation))
    }
}

/// The model of a service by its name after `aws-sdk:`; none where there is no such service.
pub fn service(name: &str) -> Option<Arc<Service>> {
    static KNOWN: LazyLock<RwLock<HashMap<String, Arc<Service>>>> = LazyLock::new(RwLock::default);
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(service) = known.get(name) {
        return Some(Arc::clone(service));
    }
    drop(known);
    if !is_name(name) {
        return None;
    }
    let unpacked = unpack(name);
    // The tests read every model, so that only a damaged program has more to say than "no such".
    let unpacked = unpacked.inspect_err(|problem| tracing::debug!(service = name, problem));
    let service = Arc::new(unpacked.ok()?);
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.insert(name.to_owned(), Arc::clone(&service));
    Some(service)
}

/// No path leads out of the folder.
fn is_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Whether `arn:aws:states:::aws-sdk:SERVICE:ACTION` names something that can be called.
pub fn is_action(name: &str, action: &str) -> bool {
    action.starts_with(|first: char| first.is_ascii_lowercase())
        && service(name).is_some_and(|service| service.operation(action).is_some())
}

/// The names of all services.
pub fn all() -> Vec<String> {
    let files = Packed::iter();
    let names = files.filter_map(|file| Some(file.strip_suffix(".json.gz")?.to_owned()));
    names.collect()
}

fn unpack(name: &str) -> Result<Service, String> {
    let packed = Packed::get(&format!("{name}.json.gz")).ok_or("there is no such service")?;
    let mut text = Vec::new();
    let mut unpacked = GzDecoder::new(packed.data.as_ref()).take(MODEL_BYTES_MAX);
    let read = unpacked.read_to_end(&mut text);
    read.map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}
