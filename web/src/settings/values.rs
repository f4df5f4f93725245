//! Values of settings that have a form of their own. Each is made by parsing alone, and its error says
//! what was given and what is allowed.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use serde::Deserialize;

/// Gives a text type the conversions that flags (`FromStr`) and the file (serde) use, and `Display`.
macro_rules! text_value {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// The account in every ARN: twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AccountId(String);

impl AccountId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AccountId {
    fn default() -> Self {
        Self("000000000000".to_owned())
    }
}

impl FromStr for AccountId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "'{text}' is no account id: it has twelve digits, such as 000000000000"
        ))
    }
}

text_value!(AccountId);

/// The region in every ARN, such as `us-east-1`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Region(String);

impl Region {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Region {
    fn default() -> Self {
        Self("us-east-1".to_owned())
    }
}

impl FromStr for Region {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_fit = (1..=32).contains(&text.len())
            && text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !text.starts_with('-')
            && !text.ends_with('-');
        if is_fit {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "'{text}' is no region: it has 1 to 32 lower-case letters, digits and inner hyphens, such as us-east-1"
        ))
    }
}

text_value!(Region);

/// A host name or address without its port, in lower case. An IPv6 address has no brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct HostName(String);

impl HostName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(address) = bare.parse::<Ipv6Addr>() {
            return Ok(Self(address.to_string()));
        }
        let is_fit = (1..=253).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        if is_fit {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(format!(
            "'{text}' is no host name: write it without scheme, port and path, such as flows.example.com"
        ))
    }
}

text_value!(HostName);

/// How people reach the server: scheme, host and perhaps a port; no path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl {
    origin: String,
    host: HostName,
    is_https: bool,
}

impl BaseUrl {
    /// `https://flows.example.com`, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.origin
    }

    pub fn host(&self) -> &HostName {
        &self.host
    }

    pub fn is_https(&self) -> bool {
        self.is_https
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || {
            format!(
                "'{text}' is no base URL: write http or https, a host and perhaps a port, such as https://flows.example.com"
            )
        };
        let url: http::Uri = text.parse().map_err(|_| refused())?;
        let scheme = url
            .scheme_str()
            .filter(|scheme| matches!(*scheme, "http" | "https"))
            .ok_or_else(refused)?;
        let authority = url.authority().ok_or_else(refused)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || text.contains(['@', '#']) {
            return Err(refused());
        }
        Ok(Self {
            origin: format!("{scheme}://{}", authority.as_str().to_ascii_lowercase()),
            host: authority.host().parse().map_err(|_| refused())?,
            is_https: scheme == "https",
        })
    }
}

text_value!(BaseUrl);

/// A PostgreSQL URL. It may hold a password, so it is kept hidden and no error repeats it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self(text.to_owned()));
        }
        Err("it is no PostgreSQL URL: it begins with postgres:// or postgresql://".to_owned())
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
