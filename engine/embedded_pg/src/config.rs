//! The text of `postgresql.conf` and `pg_hba.conf`, written anew at every start.
//!
//! What a person wants to differ goes into `custom.conf` beside it, which is read last and never
//! written. Durability is not ours to trade: `fsync`, `full_page_writes` and `synchronous_commit`
//! stay on, and the server above checks them again.

use std::fmt::Write;
use std::path::Path;

/// Only the folder's owner reaches the socket, so whoever gets that far is trusted.
pub(crate) const HBA: &str = "\
# Written at every start. The socket's folder is closed to other accounts, and no port is open.
local all all trust
";

/// Settings as (name, value, why).
const SETTINGS: &[(&str, &str, &str)] = &[
    (
        "listen_addresses",
        "",
        "no port: the unix socket is the only way in",
    ),
    ("unix_socket_permissions", "0700", "and it is ours alone"),
    ("max_connections", "100", "a node uses about twenty"),
    ("fsync", "on", "durable, always"),
    ("full_page_writes", "on", "durable, always"),
    ("synchronous_commit", "on", "durable, always"),
    (
        "shared_buffers",
        "256MB",
        "the hot end of the journal and the indexes",
    ),
    (
        "wal_buffers",
        "16MB",
        "a batch never waits for room in the log's buffer",
    ),
    ("max_wal_size", "2GB", "few forced checkpoints under load"),
    ("min_wal_size", "160MB", "log files are reused, not made"),
    (
        "checkpoint_timeout",
        "5min",
        "bounds what a crash has to replay",
    ),
    ("checkpoint_completion_target", "0.9", "checkpoints trickle"),
    (
        "jit",
        "off",
        "statements are short; compiling one costs more than running it",
    ),
    (
        "timezone",
        "UTC",
        "people see their own zone in the browser",
    ),
    ("log_timezone", "UTC", "as the server's own log"),
    (
        "log_error_verbosity",
        "terse",
        "details carry values, and values may be secrets",
    ),
    (
        "log_min_error_statement",
        "panic",
        "statements are not logged, for the same reason",
    ),
    (
        "log_checkpoints",
        "off",
        "five lines an hour that nobody reads",
    ),
];

/// Settings that need PostgreSQL to be built with lz4.
pub(crate) const LZ4: [(&str, &str); 2] = [
    ("wal_compression", "lz4"),
    ("default_toast_compression", "lz4"),
];

/// The whole of `postgresql.conf`.
pub(crate) fn postgresql_conf(
    socket_dir: &Path,
    has_lz4: bool,
    further: &[(String, String)],
) -> String {
    let mut text = String::from(
        "# Written at every start; changes here are lost. Put your own into custom.conf.\n",
    );
    let mut line = |name: &str, value: &str, why: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name} = {}  # {why}", quoted(value));
    };
    for (name, value, why) in SETTINGS {
        line(name, value, why);
    }
    if has_lz4 {
        for (name, value) in LZ4 {
            line(
                name,
                value,
                "cheaper than the default, and this build has it",
            );
        }
    }
    line(
        "unix_socket_directories",
        &listed(&socket_dir.to_string_lossy()),
        "see Running::url",
    );
    for (name, value) in further {
        line(name, value, "asked for");
    }
    text.push_str("include_if_exists = 'custom.conf'\n");
    text
}

/// A folder as it stands in a list of folders, where a comma would end it.
fn listed(folder: &str) -> String {
    format!("\"{}\"", folder.replace('"', "\"\""))
}

/// A value as PostgreSQL's configuration files quote it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durability_is_on_and_a_persons_own_file_is_read_last() {
        let text = postgresql_conf(Path::new("/run/it's, really"), true, &[]);
        for name in ["fsync", "full_page_writes", "synchronous_commit"] {
            assert!(text.contains(&format!("\n{name} = 'on'")), "{text}");
        }
        assert!(
            text.contains("unix_socket_directories = '\"/run/it''s, really\"'"),
            "{text}"
        );
        assert!(text.contains("wal_compression = 'lz4'"), "{text}");
        assert!(
            text.ends_with("include_if_exists = 'custom.conf'\n"),
            "{text}"
        );
    }

    #[test]
    fn a_build_without_lz4_keeps_its_defaults() {
        assert!(!postgresql_conf(Path::new("/run"), false, &[]).contains("lz4"));
    }
}
