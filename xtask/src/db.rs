//! `db prepare` and `db check`: the checked-in facts about the database, made from the migrations.
//!
//! Two things are checked in: what every query of the store takes and returns
//! (`engine/store/.sqlx`), so that builds need no database, and a readable dump of what the
//! migrations add up to (`migrations/schema.sql`). Both are made with a throw-away PostgreSQL.
//!
//! PostgreSQL's major versions differ in what they infer and in how they print, so files are
//! compared only by the version that wrote them, which `schema.sql` names. Any other still proves
//! that every query fits the schema.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use embedded_pg::{Cluster, DATABASE, Options, Running, USER};

use crate::project;

/// Writes the files anew.
pub(crate) fn prepare() -> Result<()> {
    let made = make()?;
    let queries = queries_dir();
    if queries.exists() {
        fs::remove_dir_all(&queries).context("removing the old query metadata")?;
    }
    fs::create_dir_all(&queries).context("creating engine/store/.sqlx")?;
    for (name, text) in &made.queries {
        fs::write(queries.join(name), text).with_context(|| format!("writing {name}"))?;
    }
    println!("{} queries in engine/store/.sqlx", made.queries.len());
    match made.schema {
        Some(schema) => {
            fs::write(schema_path(), schema).context("writing migrations/schema.sql")?;
            println!("migrations/schema.sql written");
        }
        None => bail!("migrations/schema.sql was not written: pg_dump is not installed"),
    }
    Ok(())
}

/// Compares instead of writing.
pub(crate) fn check() -> Result<()> {
    let made = make()?;
    let written = fs::read_to_string(schema_path()).unwrap_or_default();
    let here = version_line(made.major);
    if !written.is_empty() && written.lines().next() != Some(here.as_str()) {
        println!(
            "every query fits the schema; files not compared: PostgreSQL {}",
            made.major
        );
        return Ok(());
    }
    let checked_in = read_all(&queries_dir())?;
    ensure!(
        checked_in == made.queries,
        "engine/store/.sqlx is stale ({}); run `cargo xtask db prepare` and commit the result",
        difference(&checked_in, &made.queries)
    );
    match made.schema {
        Some(schema) => ensure!(
            schema == written,
            "migrations/schema.sql is stale; run `cargo xtask db prepare` and commit the result"
        ),
        None => println!("migrations/schema.sql not compared: pg_dump is not installed"),
    }
    println!(
        "{} queries and the schema are up to date",
        made.queries.len()
    );
    Ok(())
}

/// What a fresh database says.
struct Made {
    /// File name to text.
    queries: BTreeMap<String, String>,
    /// Nothing where pg_dump is not installed.
    schema: Option<String>,
    major: u32,
}

fn make() -> Result<Made> {
    let scratch = project::target()
        .join("tmp")
        .join(format!("prepare-{}", std::process::id()));
    let made = make_in(&scratch);
    if scratch.exists() {
        fs::remove_dir_all(&scratch).context("removing the throw-away database")?;
    }
    made
}

fn make_in(scratch: &Path) -> Result<Made> {
    let server = Cluster::open(&scratch.join("postgres"), &Options::from_environment())?;
    let url = server.url(DATABASE);
    migrate(&url)?;
    let found = scratch.join("sqlx");
    fs::create_dir_all(&found)?;
    // A flag that nothing reads makes cargo expand the macros again without touching any file, and
    // leaves the results of ordinary builds as they are.
    let fresh = format!("--cfg=prepare=\"{}\"", std::process::id());
    project::run(
        project::cargo()
            .args([
                "rustc",
                "--quiet",
                "--package",
                "store",
                "--lib",
                "--profile",
                "check",
                "--",
            ])
            .args(["--check-cfg", "cfg(prepare, values(any()))", &fresh])
            .env("DATABASE_URL", &url)
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", &found),
    )
    .context("checking the queries of engine/store against the migrated schema")?;
    let queries = read_all(&found)?;
    let schema = dump(&server)?;
    let major = server.installation().major;
    server.stop();
    Ok(Made {
        queries,
        schema,
        major,
    })
}

fn migrate(url: &str) -> Result<()> {
    let migrations = project::root().join("migrations");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let pool = sqlx::PgPool::connect(url).await.context("connecting")?;
        let migrator = sqlx::migrate::Migrator::new(migrations)
            .await
            .context("reading")?;
        migrator
            .run(&pool)
            .await
            .context("running the migrations")?;
        pool.close().await;
        Ok(())
    })
}

/// The schema as pg_dump prints it, without what differs from run to run.
fn dump(server: &Running) -> Result<Option<String>> {
    let program = server.installation().program("pg_dump");
    if !program.exists() {
        return Ok(None);
    }
    let output = Command::new(program)
        .args([
            "--schema-only",
            "--no-owner",
            "--no-privileges",
            "--no-publications",
        ])
        .args([
            "--exclude-table",
            "_sqlx_migrations",
            "--username",
            USER,
            "--host",
        ])
        .arg(server.socket_dir())
        .arg(DATABASE)
        .output()
        .context("running pg_dump")?;
    ensure!(
        output.status.success(),
        "pg_dump: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).context("reading what pg_dump printed")?;
    Ok(Some(normalised(&text, server.installation().major)))
}

fn version_line(major: u32) -> String {
    format!("-- What the migrations add up to, as PostgreSQL {major} prints it.")
}

fn normalised(dump: &str, major: u32) -> String {
    let mut text = version_line(major);
    text.push_str("\n-- Written by `cargo xtask db prepare`; not run by anything.\n");
    let mut is_blank = false;
    for line in dump.lines() {
        let is_noise = line == "--"
            || [
                "-- ",
                "SET ",
                "SELECT pg_catalog.",
                r"\restrict",
                r"\unrestrict",
            ]
            .iter()
            .any(|start| line.starts_with(start));
        if is_noise || line.is_empty() {
            is_blank = true;
            continue;
        }
        if is_blank {
            text.push('\n');
            is_blank = false;
        }
        text.push_str(&line.replace("public.", ""));
        text.push('\n');
    }
    text
}

fn queries_dir() -> PathBuf {
    project::root().join("engine/store/.sqlx")
}

fn schema_path() -> PathBuf {
    project::root().join("migrations/schema.sql")
}

/// Every file of a folder by name; none if there is no such folder.
fn read_all(dir: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    if !dir.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))? {
        let entry = entry?;
        let text = fs::read_to_string(entry.path())
            .with_context(|| format!("reading {}", entry.path().display()))?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), text);
    }
    Ok(files)
}

fn difference(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> String {
    let missing = new.keys().filter(|name| !old.contains_key(*name)).count();
    let unused = old.keys().filter(|name| !new.contains_key(*name)).count();
    let changed = old
        .iter()
        .filter(|(name, text)| new.get(*name).is_some_and(|t| t != *text));
    format!(
        "{missing} missing, {unused} no longer used, {} changed",
        changed.count()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_keeps_what_the_migrations_say_and_drops_what_differs_from_run_to_run() {
        let dump = "--\n-- PostgreSQL database dump\n--\n\n\\restrict x7\n\n-- Dumped by 15.18\n\n\
                    SET lock_timeout = 0;\nSELECT pg_catalog.set_config('a', 'b', false);\n\n\
                    --\n-- Name: a; Type: TABLE\n--\n\nCREATE TABLE public.a (\n    n bigint\n);\n\n\n\
                    CREATE INDEX i ON public.a USING btree (n);\n\n\\unrestrict x7\n";
        let expected = "-- What the migrations add up to, as PostgreSQL 15 prints it.\n\
                        -- Written by `cargo xtask db prepare`; not run by anything.\n\n\
                        CREATE TABLE a (\n    n bigint\n);\n\nCREATE INDEX i ON a USING btree (n);\n";
        assert_eq!(normalised(dump, 15), expected);
    }

    #[test]
    fn a_difference_is_counted_by_kind() {
        let files = |files: &[(&str, &str)]| {
            let owned = files
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
            owned.collect::<BTreeMap<_, _>>()
        };
        let old = files(&[("same", "1"), ("changed", "1"), ("gone", "1")]);
        let new = files(&[
            ("same", "1"),
            ("changed", "2"),
            ("new", "1"),
            ("newer", "1"),
        ]);
        assert_eq!(
            difference(&old, &new),
            "2 missing, 1 no longer used, 1 changed"
        );
    }
}
