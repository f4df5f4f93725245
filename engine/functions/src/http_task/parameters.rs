//! The parameters of an HTTP task, read and checked.

use asl::{Json, StateError};
use http::{HeaderName, HeaderValue, Method};
use reqwest::Url;

use super::encode::ArrayFormat;
use crate::limits;
use crate::parameters::Fields;
use crate::registry::endpoint_header;

/// What a task asks for.
#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) connection_arn: String,
    pub(super) connection_name: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Option<Json>,
    /// Set where the body is to be sent as a form.
    pub(super) form: Option<ArrayFormat>,
}

const FIELDS: &[&str] = &[
    "ApiEndpoint",
    "Authentication",
    "Headers",
    "InvocationConfig",
    "Method",
    "QueryParameters",
    "RequestBody",
    "Transform",
];

const METHODS: &[Method] = &[
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
    Method::OPTIONS,
    Method::HEAD,
];

/// Headers that a task and a connection must not set.
/// Source: developer guide, "Call HTTPS APIs", Headers; and what HTTP itself sets.
const RESERVED: &[&str] = &[
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-md5",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
];

const RESERVED_PREFIXES: &[&str] = &["x-amz-", "x-amzn-", "x-forwarded-"];

/// Whether a header of that name is refused.
pub(crate) fn reserved_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED.contains(&name.as_str())
        || RESERVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

impl Parameters {
    pub(super) fn read(written: &Json) -> Result<Self, StateError> {
        let fields = Fields::new(written, FIELDS)?;
        let url = endpoint(&fields)?;
        let method = fields.text("Method")?;
        let method = METHODS
            .iter()
            .find(|known| known.as_str() == method)
            .cloned()
            .ok_or_else(|| {
                fields.error(&format!(
                    "The value '{method}' of the field 'Method' must be one of [GET, POST, PUT, DELETE, PATCH, OPTIONS, HEAD]"
                ))
            })?;
        let (connection_arn, connection_name) = connection(&fields)?;
        Ok(Self {
            url,
            method,
            connection_arn,
            connection_name,
            headers: headers(&fields)?,
            query: query(&fields)?,
            body: fields
                .get("RequestBody")
                .filter(|body| **body != Json::Null)
                .cloned(),
            form: form(&fields)?,
        })
    }
}

fn endpoint(fields: &Fields<'_>) -> Result<Url, StateError> {
    let text = fields.text("ApiEndpoint")?;
    let bad = |why: &str| {
        fields.error(&format!(
            "The field 'ApiEndpoint' is not a URL that can be called: {why}"
        ))
    };
    if text.len() > limits::URL_BYTES_MAX {
        return Err(bad("it is too long"));
    }
    let mut url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it must begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("user and password belong into a connection"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad("it names no host"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// `Authentication.ConnectionArn`, or `InvocationConfig.ConnectionArn` as private APIs have it. The
/// name alone decides: the id at an ARN's end differs between an AWS account and this one.
fn connection(fields: &Fields<'_>) -> Result<(String, String), StateError> {
    let given = ["Authentication", "InvocationConfig"]
        .into_iter()
        .find(|field| fields.get(field).is_some());
    let Some(field) = given else {
        return Err(fields.missing("Authentication"));
    };
    let members = fields.optional_object(field)?;
    if let Some(members) = members {
        fields.refuse_unknown(members, &["ConnectionArn"])?;
    }
    let arn = members
        .and_then(|members| members.get("ConnectionArn"))
        .ok_or_else(|| fields.missing(&format!("{field}.ConnectionArn")))?
        .as_str()
        .ok_or_else(|| fields.wrong(&format!("{field}.ConnectionArn"), "a STRING"))?;
    let name = connection_name(arn).ok_or_else(|| {
        fields.error(&format!(
            "The value '{arn}' of the field '{field}.ConnectionArn' is not the ARN of a connection"
        ))
    })?;
    Ok((arn.to_owned(), name.to_owned()))
}

/// The name in `arn:aws:events:REGION:ACCOUNT:connection/NAME[/ID]`.
fn connection_name(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let is_events = parts.next()? == "arn"
        && parts.next()?.starts_with("aws")
        && parts.next()? == "events"
        && parts.next().is_some()
        && parts.next().is_some();
    let resource = parts.next()?.strip_prefix("connection/")?;
    let name = resource.split('/').next()?;
    (is_events && is_connection_name(name)).then_some(name)
}

/// Whether `text` can be a connection's name. Source: `ConnectionName` in EventBridge's model.
pub fn is_connection_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

fn headers(fields: &Fields<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, StateError> {
    let mut headers = Vec::new();
    for (name, value) in fields.optional_object("Headers")?.into_iter().flatten() {
        let place = format!("Headers.{name}");
        if reserved_header(name) {
            return Err(fields.error(&format!(
                "The header '{name}' in the field 'Headers' is reserved and cannot be set"
            )));
        }
        for text in texts(value).ok_or_else(|| fields.wrong(&place, "a STRING"))? {
            let pair = endpoint_header(name, &text).map_err(|why| {
                fields.error(&format!("The field '{place}' is not a header: {why}"))
            })?;
            headers.push(pair);
        }
    }
    if headers.len() > limits::HEADERS_MAX {
        return Err(fields.error(&format!(
            "The field 'Headers' has more than {} headers",
            limits::HEADERS_MAX
        )));
    }
    Ok(headers)
}

fn query(fields: &Fields<'_>) -> Result<Vec<(String, String)>, StateError> {
    let mut query = Vec::new();
    for (name, value) in fields
        .optional_object("QueryParameters")?
        .into_iter()
        .flatten()
    {
        let texts = texts(value)
            .ok_or_else(|| fields.wrong(&format!("QueryParameters.{name}"), "a STRING"))?;
        query.extend(texts.into_iter().map(|text| (name.to_string(), text)));
    }
    Ok(query)
}

/// A text, number or boolean as text; or several of them.
fn texts(value: &Json) -> Option<Vec<String>> {
    let one = |value: &Json| match value {
        Json::String(text) => Some(text.to_string()),
        Json::Number(number) => Some(number.as_str().to_owned()),
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    };
    match value.as_array() {
        Some(items) => items.iter().map(one).collect(),
        None => one(value).map(|text| vec![text]),
    }
}

fn form(fields: &Fields<'_>) -> Result<Option<ArrayFormat>, StateError> {
    let Some(transform) = fields.optional_object("Transform")? else {
        return Ok(None);
    };
    fields.refuse_unknown(
        transform,
        &["RequestBodyEncoding", "RequestEncodingOptions"],
    )?;
    let choice = |value: &str, field: &str, allowed: &str| {
        fields.error(&format!(
            "The value '{value}' of the field '{field}' must be one of [{allowed}]"
        ))
    };
    let text = |value: &Json, field: &str| {
        value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| fields.wrong(field, "a STRING"))
    };
    let mut format = ArrayFormat::default();
    if let Some(options) = transform.get("RequestEncodingOptions") {
        let place = "Transform.RequestEncodingOptions";
        let options = options
            .as_object()
            .ok_or_else(|| fields.wrong(place, "an OBJECT"))?;
        fields.refuse_unknown(options, &["ArrayFormat"])?;
        if let Some(value) = options.get("ArrayFormat") {
            let place = "Transform.RequestEncodingOptions.ArrayFormat";
            let name = text(value, place)?;
            format = ArrayFormat::from_name(&name)
                .ok_or_else(|| choice(&name, place, "INDICES, REPEAT, COMMAS, BRACKETS"))?;
        }
    }
    match transform.get("RequestBodyEncoding") {
        None => Ok(None),
        Some(value) => match text(value, "Transform.RequestBodyEncoding")?.as_str() {
            "URL_ENCODED" => Ok(Some(format)),
            "NONE" => Ok(None),
            other => Err(choice(
                other,
                "Transform.RequestBodyEncoding",
                "URL_ENCODED, NONE",
            )),
        },
    }
}
