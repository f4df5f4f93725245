//! What a Map Run was asked to do: everything that its state computed when it was entered, so that the
//! Map Run needs nothing of its execution any more.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    json::{Json, Number, Object},
    machine::Fault,
};

#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Where in the definition its Map state stands; see [`super::place`].
    pub place: Arc<str>,
    pub label: Arc<str>,
    pub arn: Arc<str>,
    /// The number of the MapRunStarted event, under which its execution hears of its end.
    pub attempt: u64,
    pub is_express: bool,
    pub source: Source,
    /// The state's effective input, which `ItemSelector` reads as `$`.
    pub arguments: Json,
    /// What the state sees: an object of variables, and the context object.
    pub variables: Json,
    pub context: Json,
    pub items_max: Option<u64>,
    pub batch: Option<Batch>,
    pub writer: Option<Writer>,
    pub policy: Policy,
}

/// Where items come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// An array or an object.
    Items(Json),
    /// `ItemReader`: its arguments and config, rendered.
    Reader {
        resource: Arc<str>,
        arguments: Json,
        config: Json,
    },
}

impl Source {
    /// How many items there are, where that is known before they are read.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Items(Json::Array(items)) => Some(items.len() as u64),
            Self::Items(Json::Object(members)) => Some(members.len() as u64),
            Self::Items(_) => Some(0),
            Self::Reader { .. } => None,
        }
    }
}

/// `ItemBatcher`.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    pub items_max: Option<u64>,
    pub bytes_max: Option<u64>,
    pub input: Option<Json>,
}

/// `ResultWriter`.
#[derive(Clone, Debug, PartialEq)]
pub struct Writer {
    /// Bucket and prefix; without them results stay in the state's output.
    pub target: Option<(Arc<str>, Arc<str>)>,
    pub is_lines: bool,
    /// The field itself; without it the default depends on where results go.
    pub transformation: Option<Transformation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transformation {
    /// What DescribeExecution says of each child.
    None,
    /// Outputs.
    Compact,
    /// Outputs, and arrays among them taken apart.
    Flatten,
}

/// What UpdateMapRun can change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Children at once; 0 is as many as the server allows.
    pub concurrency: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerated_count: Option<u64>,
    /// In per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerated_percentage: Option<f64>,
}

impl Spec {
    pub fn to_json(&self) -> Json {
        let mut spec = Members::default();
        spec.text("place", &self.place);
        spec.text("label", &self.label);
        spec.text("arn", &self.arn);
        spec.number("attempt", Some(self.attempt));
        spec.put("is_express", Json::from(self.is_express));
        match &self.source {
            Source::Items(items) => spec.put("items", items.clone()),
            Source::Reader {
                resource,
                arguments,
                config,
            } => {
                let mut reader = Members::default();
                reader.text("resource", resource);
                reader.put("arguments", arguments.clone());
                reader.put("config", config.clone());
                spec.put("reader", reader.into_json());
            }
        }
        spec.put("arguments", self.arguments.clone());
        spec.put("variables", self.variables.clone());
        spec.put("context", self.context.clone());
        spec.number("items_max", self.items_max);
        if let Some(batch) = &self.batch {
            let mut members = Members::default();
            members.number("items_max", batch.items_max);
            members.number("bytes_max", batch.bytes_max);
            if let Some(input) = &batch.input {
                members.put("input", input.clone());
            }
            spec.put("batch", members.into_json());
        }
        if let Some(writer) = &self.writer {
            let mut members = Members::default();
            if let Some((bucket, prefix)) = &writer.target {
                members.text("bucket", bucket);
                members.text("prefix", prefix);
            }
            members.put("is_lines", Json::from(writer.is_lines));
            if let Some(transformation) = writer.transformation {
                members.text("transformation", transformation.as_str());
            }
            spec.put("writer", members.into_json());
        }
        let mut policy = Members::default();
        policy.number("concurrency", Some(self.policy.concurrency));
        policy.number("tolerated_count", self.policy.tolerated_count);
        let percentage = self.policy.tolerated_percentage;
        if let Some(percentage) = percentage.and_then(Number::from_f64) {
            policy.put("tolerated_percentage", Json::Number(percentage));
        }
        spec.put("policy", policy.into_json());
        spec.into_json()
    }

    /// The spec that `text` spells.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let json = crate::json::parse(text)
            .map_err(|error| Fault::new(format!("a Map Run's spec is not JSON: {error}")))?;
        Self::from_json(&json).ok_or_else(|| Fault::new("a Map Run's spec lacks a member"))
    }

    fn from_json(json: &Json) -> Option<Self> {
        let value = |name: &str| json.get(name).cloned();
        let source = match json.get("reader") {
            None => Source::Items(value("items")?),
            Some(reader) => Source::Reader {
                resource: text(reader, "resource")?,
                arguments: reader.get("arguments")?.clone(),
                config: reader.get("config")?.clone(),
            },
        };
        let batch = json.get("batch").map(|batch| Batch {
            items_max: number(batch, "items_max"),
            bytes_max: number(batch, "bytes_max"),
            input: batch.get("input").cloned(),
        });
        let writer = json.get("writer").map(|writer| Writer {
            target: text(writer, "bucket").zip(text(writer, "prefix")),
            is_lines: writer.get("is_lines").and_then(Json::as_bool) == Some(true),
            transformation: text(writer, "transformation")
                .and_then(|name| Transformation::parse(&name)),
        });
        let policy = json.get("policy")?;
        Some(Self {
            place: text(json, "place")?,
            label: text(json, "label")?,
            arn: text(json, "arn")?,
            attempt: number(json, "attempt")?,
            is_express: json.get("is_express")?.as_bool()?,
            source,
            arguments: value("arguments")?,
            variables: value("variables")?,
            context: value("context")?,
            items_max: number(json, "items_max"),
            batch,
            writer,
            policy: Policy {
                concurrency: number(policy, "concurrency")?,
                tolerated_count: number(policy, "tolerated_count"),
                tolerated_percentage: policy
                    .get("tolerated_percentage")
                    .and_then(Json::as_number)
                    .map(Number::as_f64),
            },
        })
    }
}

impl Transformation {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Compact => "COMPACT",
            Self::Flatten => "FLATTEN",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::None, Self::Compact, Self::Flatten]
            .into_iter()
            .find(|transformation| transformation.as_str() == name)
    }
}

#[derive(Default)]
struct Members(Object);

impl Members {
    fn put(&mut self, name: &str, value: Json) {
        self.0.insert(Arc::from(name), value);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.put(name, Json::string(text));
    }

    fn number(&mut self, name: &str, number: Option<u64>) {
        if let Some(number) = number {
            self.put(name, Json::from(number));
        }
    }

    fn into_json(self) -> Json {
        Json::object(self.0)
    }
}

fn text(json: &Json, name: &str) -> Option<Arc<str>> {
    json.get(name)?.as_str().map(Arc::from)
}

fn number(json: &Json, name: &str) -> Option<u64> {
    let number = json.get(name)?.as_number()?.as_whole()?;
    u64::try_from(number).ok()
}
