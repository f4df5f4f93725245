//! Every setting of the server, typed and checked before anything starts.
//!
//! A value comes from the first of these that has one: a flag, an environment variable, the TOML file,
//! the default. Flags and variables are declared together in `flags.rs`; the file holds the same names
//! and the sections of `sections.rs`, which `--set SECTION.NAME=VALUE` reaches too. Nothing else in the
//! server reads the environment.

mod flags;
mod sections;
mod throttling;
mod values;

#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use flags::Flags;
pub use sections::{Access, Aws, Egress, Functions, Limits, Log, LogFormat, Objects, Services};
pub use throttling::{Bucket, Throttling};
pub use values::{AccountId, BaseUrl, DatabaseUrl, HostName, Region};

use crate::hidden::Hidden;

/// The port that AWS's own local Step Functions listens on: clients set up for it need no change.
pub const PORT: u16 = 8083;

/// The largest settings file that is read.
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the server listens. Only a loopback address is allowed while there are no keys.
    pub listen: SocketAddr,
    /// The data folder: the private database, the generated master key. Absolute after [`load`].
    pub data: PathBuf,
    /// A PostgreSQL to use instead of the private one in the data folder.
    pub database_url: Option<Hidden<DatabaseUrl>>,
    /// The same database past a transaction-mode pooler, for migrations and LISTEN.
    pub database_direct_url: Option<Hidden<DatabaseUrl>>,
    /// The account in every ARN: twelve digits.
    pub account_id: AccountId,
    /// The region in every ARN, and the one that callers must sign for.
    pub region: Region,
    /// How people reach the server, where that is not its listening address: `https://flows.example.com`.
    pub base_url: Option<BaseUrl>,
    /// Further names that a request's Host may have. Loopback names and the base URL's are always allowed.
    pub allowed_hosts: Vec<HostName>,
    /// Seals stored secrets: 32 bytes in base64, or several as `VERSION:BASE64` with commas between.
    /// Absent: a key generated into the data folder.
    pub master_key: Option<Hidden<String>>,
    /// Load the sample state machines and functions at start.
    pub samples: bool,
    pub log: Log,
    pub access: Access,
    pub limits: Limits,
    pub egress: Egress,
    pub services: Services,
    pub aws: Aws,
    pub objects: Objects,
    pub throttling: Throttling,
    /// What stands in for calls of executions that are started with a test case: a file as Step Functions
    /// Local reads it.
    pub mock_config: Option<PathBuf>,
    pub functions: Functions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            data: PathBuf::new(),
            database_url: None,
            database_direct_url: None,
            account_id: AccountId::default(),
            region: Region::default(),
            base_url: None,
            allowed_hosts: Vec::new(),
            master_key: None,
            samples: false,
            log: Log::default(),
            access: Access::default(),
            limits: Limits::default(),
            egress: Egress::default(),
            services: Services::default(),
            aws: Aws::default(),
            objects: Objects::default(),
            throttling: Throttling::default(),
            mock_config: None,
            functions: Functions::default(),
        }
    }
}

impl Settings {
    /// Whether only programs on this machine can connect.
    pub fn listens_on_loopback(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback()
    }
}

/// Why there are no settings to start with. Each text says where the value came from and what is allowed.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot read the settings file {path}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the settings file {path} is not valid: {problem}")]
    File { path: PathBuf, problem: String },
    #[error("--set {name}: {problem}")]
    Set { name: String, problem: String },
    #[error("{0}")]
    Value(String),
    #[error("there is no home folder to keep data in; say where with --data")]
    NoHome,
    #[error("cannot make the data folder's path {path} absolute")]
    Folder {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// The settings that the flags, the environment behind them and the file make together.
pub fn load(flags: &Flags) -> Result<Settings, Fault> {
    let mut settings = match flags.file() {
        Some((path, is_required)) => read(&path, is_required, &flags.set)?,
        None => parse("", Path::new(""), &flags.set)?,
    };
    flags.overlay(&mut settings).map_err(Fault::Value)?;
    settings.access.check().map_err(Fault::Value)?;
    settings.functions.check().map_err(Fault::Value)?;
    settings.limits.check().map_err(Fault::Value)?;
    settings.services.check().map_err(Fault::Value)?;
    settings.aws.check().map_err(Fault::Value)?;
    settings.objects.check().map_err(Fault::Value)?;
    settings.throttling.check().map_err(Fault::Value)?;
    if settings.data.as_os_str().is_empty() {
        settings.data = flags.data_default().ok_or(Fault::NoHome)?;
    }
    settings.data = std::path::absolute(&settings.data).map_err(|source| Fault::Folder {
        path: settings.data.clone(),
        source,
    })?;
    Ok(settings)
}

fn read(path: &Path, is_required: bool, pairs: &[String]) -> Result<Settings, Fault> {
    let unreadable = |source| Fault::Unreadable {
        path: path.to_owned(),
        source,
    };
    let size = match std::fs::metadata(path) {
        Ok(meta) => meta.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_required => {
            return parse("", path, pairs);
        }
        Err(error) => return Err(unreadable(error)),
    };
    if size > FILE_BYTES_MAX {
        return Err(Fault::File {
            path: path.to_owned(),
            problem: format!("it has {size} bytes, and at most {FILE_BYTES_MAX} are read"),
        });
    }
    parse(
        &std::fs::read_to_string(path).map_err(unreadable)?,
        path,
        pairs,
    )
}

/// The settings of a file's text, with single values put over it: `limits.retention_days=30`.
fn parse(text: &str, path: &Path, pairs: &[String]) -> Result<Settings, Fault> {
    // The text goes straight into the type first, since only then does an error know its line. The
    // line itself is not shown, as it may hold a password.
    let invalid = |error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        Fault::File {
            path: path.to_owned(),
            problem: format!("line {line}: {}", error.message()),
        }
    };
    let mut settings: Settings = toml::from_str(text).map_err(invalid)?;
    let mut table: toml::Table = toml::from_str(text).map_err(invalid)?;
    for pair in pairs {
        let refused = |problem: String| Fault::Set {
            name: pair.split('=').next().unwrap_or_default().to_owned(),
            problem,
        };
        put(&mut table, pair).map_err(refused)?;
        settings = Settings::deserialize(table.clone())
            .map_err(|error| refused(error.message().to_owned()))?;
    }
    Ok(settings)
}

fn put(table: &mut toml::Table, pair: &str) -> Result<(), String> {
    let Some((name, value)) = pair.split_once('=') else {
        return Err("it has no '='; write SECTION.NAME=VALUE".to_owned());
    };
    // What is no TOML value is a string: nobody should have to quote quotes for a shell.
    let value = toml::from_str::<toml::Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut parsed| parsed.remove("value").filter(|_| parsed.is_empty()))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut place = table;
    let (sections, last) = match name.rsplit_once('.') {
        Some((sections, last)) => (sections.split('.').collect(), last),
        None => (Vec::new(), name),
    };
    for section in sections {
        place = place
            .entry(section)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
            .ok_or_else(|| format!("{section} is a value, not a section"))?;
    }
    place.insert(last.to_owned(), value);
    Ok(())
}
