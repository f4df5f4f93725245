//! The log: lines to standard error, for people or as JSON. What is logged is chosen here; that no
//! secret and no payload is, where it is logged.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::exit::{Exit, Failure};
use crate::settings::{Log, LogFormat};

/// Begins to log. Once a process.
pub(super) fn begin(settings: &Log) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.level).map_err(|error| {
        Failure::new(
            Exit::Invalid,
            format!(
                "the setting log.level is '{}': {error}; write a level as in info, or more by part as in \
                 info,store=debug",
                settings.level
            ),
        )
    })?;
    let is_terminal = std::io::stderr().is_terminal();
    let is_json = match settings.format {
        LogFormat::Json => true,
        LogFormat::Human => false,
        LogFormat::Auto => !is_terminal,
    };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(
            is_terminal && anstream::stderr().current_choice() != anstream::ColorChoice::Never,
        );
    let begun = if is_json {
        lines.json().flatten_event(true).try_init()
    } else {
        lines.try_init()
    };
    begun.map_err(|error| Failure::new(Exit::Broken, format!("starting the log: {error}")))
}
