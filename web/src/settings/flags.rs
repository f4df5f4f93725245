//! The flags that set the server up, each with its environment variable. clap reads both.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{AccountId, BaseUrl, DatabaseUrl, HostName, LogFormat, Region, Settings};
use crate::hidden::Hidden;

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Settings")]
pub struct Flags {
    /// Settings file [default: stepwright/stepwright.toml in the user's configuration folder]
    #[arg(long, value_name = "FILE", env = "STEPWRIGHT_CONFIG")]
    pub config: Option<PathBuf>,

    /// Address and port to listen on [default: 127.0.0.1:8083]
    #[arg(long, value_name = "ADDR:PORT", env = "STEPWRIGHT_LISTEN")]
    pub listen: Option<SocketAddr>,

    /// Data folder [default: stepwright in the user's data folder]
    #[arg(long, value_name = "DIR", env = "STEPWRIGHT_DATA")]
    pub data: Option<PathBuf>,

    /// A PostgreSQL to use instead of a private one in the data folder
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<Hidden<String>>,

    /// The same database past a transaction-mode pooler
    #[arg(
        long,
        value_name = "URL",
        env = "DATABASE_DIRECT_URL",
        hide_env_values = true
    )]
    pub database_direct_url: Option<Hidden<String>>,

    /// Account id in every ARN [default: 000000000000]
    #[arg(long, value_name = "ID", env = "STEPWRIGHT_ACCOUNT_ID")]
    pub account_id: Option<AccountId>,

    /// Region in every ARN [default: us-east-1]
    #[arg(long, value_name = "REGION", env = "STEPWRIGHT_REGION")]
    pub region: Option<Region>,

    /// How people reach the server, as in https://flows.example.com
    #[arg(long, value_name = "URL", env = "STEPWRIGHT_BASE_URL")]
    pub base_url: Option<BaseUrl>,

    /// A further name that requests may address the server by (may be repeated)
    #[arg(
        long = "allow-host",
        value_name = "NAME",
        env = "STEPWRIGHT_ALLOWED_HOSTS",
        value_delimiter = ','
    )]
    pub allowed_hosts: Vec<HostName>,

    /// Mocked service integrations, in the form that Step Functions Local reads
    #[arg(long, value_name = "FILE", env = "SFN_MOCK_CONFIG")]
    pub mock_config: Option<PathBuf>,

    /// Load the sample workflows and answer for their functions
    #[arg(long)]
    pub samples: bool,

    /// How log lines are written
    #[arg(long, value_name = "FORMAT", env = "STEPWRIGHT_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,

    /// What is logged, as in info or info,store=debug
    #[arg(long = "log", value_name = "LEVEL", env = "STEPWRIGHT_LOG")]
    pub log_level: Option<String>,

    /// Any setting of the file by its name, as in limits.retention_days=30 (may be repeated)
    #[arg(
        long,
        value_name = "NAME=VALUE",
        env = "STEPWRIGHT_SET",
        value_delimiter = ';'
    )]
    pub set: Vec<String>,

    /// The key that seals stored secrets. A variable, since every user of a machine can read flags.
    #[arg(
        long,
        hide = true,
        env = "STEPWRIGHT_MASTER_KEY",
        hide_env_values = true
    )]
    pub master_key: Option<Hidden<String>>,

    // The folders of the XDG specification are environment, and clap is what reads that.
    #[arg(long, hide = true, env = "XDG_DATA_HOME")]
    xdg_data_home: Option<PathBuf>,
    #[arg(long, hide = true, env = "XDG_CONFIG_HOME")]
    xdg_config_home: Option<PathBuf>,
}

impl Flags {
    /// The settings file to read, and whether it must be there.
    pub(super) fn file(&self) -> Option<(PathBuf, bool)> {
        if let Some(path) = &self.config {
            return Some((path.clone(), true));
        }
        let folder = self
            .xdg_config_home
            .clone()
            .filter(|path| path.is_absolute())
            .or_else(|| Some(std::env::home_dir()?.join(".config")))?;
        Some((folder.join("stepwright/stepwright.toml"), false))
    }

    pub(super) fn data_default(&self) -> Option<PathBuf> {
        let folder = self
            .xdg_data_home
            .clone()
            .filter(|path| path.is_absolute())
            .or_else(|| Some(std::env::home_dir()?.join(".local/share")))?;
        Some(folder.join("stepwright"))
    }

    /// Puts what flags and variables say over what the file says.
    pub(super) fn overlay(&self, settings: &mut Settings) -> Result<(), String> {
        fn put<T: Clone>(place: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                place.clone_from(value);
            }
        }
        put(&mut settings.listen, self.listen.as_ref());
        put(&mut settings.data, self.data.as_ref());
        settings.samples |= self.samples;
        if self.mock_config.is_some() {
            settings.mock_config.clone_from(&self.mock_config);
        }
        put(&mut settings.account_id, self.account_id.as_ref());
        put(&mut settings.region, self.region.as_ref());
        put(&mut settings.log.format, self.log_format.as_ref());
        put(&mut settings.log.level, self.log_level.as_ref());
        if let Some(url) =
            database_url("--database-url (DATABASE_URL)", self.database_url.as_ref())?
        {
            settings.database_url = Some(url);
        }
        let direct = self.database_direct_url.as_ref();
        if let Some(url) = database_url("--database-direct-url (DATABASE_DIRECT_URL)", direct)? {
            settings.database_direct_url = Some(url);
        }
        if self.base_url.is_some() {
            settings.base_url.clone_from(&self.base_url);
        }
        if self.master_key.is_some() {
            settings.master_key.clone_from(&self.master_key);
        }
        if !self.allowed_hosts.is_empty() {
            settings.allowed_hosts.clone_from(&self.allowed_hosts);
        }
        Ok(())
    }
}

/// Checked here and not by clap, whose errors would repeat the password. Empty, as compose files
/// leave a variable, means none.
fn database_url(
    name: &str,
    text: Option<&Hidden<String>>,
) -> Result<Option<Hidden<DatabaseUrl>>, String> {
    let Some(text) = text.filter(|text| !text.reveal().is_empty()) else {
        return Ok(None);
    };
    let url = text.reveal().parse();
    url.map(|url| Some(Hidden::new(url)))
        .map_err(|problem: String| format!("{name}: {problem}"))
}
