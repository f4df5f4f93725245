//! Where values come from, and what is refused.

//! Settings from flags, environment, file and defaults, and what is refused.

use std::path::Path;

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    flags: Flags,
}

fn of_text(text: &str) -> Result<Settings, Fault> {
    parse(text, Path::new("stepwright.toml"), &[])
}

fn of_flags(flags: &[&str]) -> Result<Settings, Fault> {
    let line = ["stepwright", "--config", "/dev/null"].iter().chain(flags);
    load(&Line::try_parse_from(line).unwrap().flags)
}

#[track_caller]
fn refused(result: Result<Settings, Fault>, expected: &[&str]) {
    let text = result.unwrap_err().to_string();
    for part in expected {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

#[test]
fn the_defaults_are_a_loopback_listener_and_aws_quotas() {
    let settings = of_text("").unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8083");
    assert!(settings.listens_on_loopback());
    assert_eq!(settings.account_id.as_str(), "000000000000");
    assert_eq!(settings.region.as_str(), "us-east-1");
    assert_eq!(settings.limits.history_events_max, 25_000);
    assert_eq!(settings.limits.payload_bytes_max, 262_144);
    assert!(settings.limits.check().is_ok() && settings.access.check().is_ok());
}

#[test]
fn an_unknown_name_is_refused_with_the_name_and_what_is_allowed() {
    refused(
        of_text("lissten = '127.0.0.1:1'"),
        &[
            "stepwright.toml",
            "line 1",
            "`lissten`",
            "`listen`",
            "`data`",
        ],
    );
    refused(
        of_text("[limits]\nretention = 3"),
        &["line 2", "`retention`", "`retention_days`"],
    );
    refused(
        parse("", Path::new(""), &["limits.retention=3".to_owned()]),
        &["--set limits.retention:", "`retention_days`"],
    );
}

#[test]
fn a_wrong_value_is_refused_with_what_is_allowed() {
    for (text, expected) in [
        ("account_id = '12'", "twelve digits"),
        ("region = 'US East'", "such as us-east-1"),
        (
            "base_url = 'flows.example.com'",
            "such as https://flows.example.com",
        ),
        (
            "base_url = 'https://a.example/x'",
            "such as https://flows.example.com",
        ),
        (
            "base_url = 'https://user@a.example'",
            "such as https://flows.example.com",
        ),
        ("allowed_hosts = ['http://a']", "without scheme"),
        ("database_url = 'mysql://root:hunter2@db'", "postgres://"),
        ("[egress]\nallow = ['10.0.0.0/33']", "10.0.0.0/8"),
        ("[log]\nformat = 'xml'", "`json`"),
        ("limits = 3", "invalid type"),
    ] {
        refused(of_text(text), &[expected]);
    }
}

#[test]
fn a_refused_secret_is_not_repeated() {
    for result in [
        of_text("database_url = 'mysql://me:hunter2@db'"),
        of_text("database_url = 'postgres://me:hunter2@db"),
        of_flags(&["--database-url", "mysql://me:hunter2@db"]),
        of_flags(&["--set", "database_url=mysql://me:hunter2@db"]),
    ] {
        let text = result.unwrap_err().to_string();
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_level_of_isolation_is_named_and_weak_ones_are_no_default() {
    assert_eq!(of_text("").unwrap().functions.isolation, None);
    let named = of_text("[functions]\nisolation = \"process\"").unwrap();
    assert_eq!(named.functions.isolation, Some(supervisor::Level::Process));
    let odd = of_text("[functions]\nisolation = \"none\"");
    refused(odd, &["line 2", "`none`", "`process`"]);
}

#[test]
fn a_value_out_of_range_is_refused_with_the_range() {
    refused(
        of_flags(&["--set", "limits.retention_days=0"]),
        &["limits.retention_days is 0", "1 to 3650"],
    );
    refused(
        of_flags(&["--set", "access.session_hours=100000"]),
        &["access.session_hours", "1 to 2160"],
    );
    refused(of_flags(&["--set", "limits"]), &["no '='"]);
    refused(
        of_flags(&["--set", "region.name=x"]),
        &["--set region.name:"],
    );
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let folder = std::env::temp_dir().join(format!("stepwright-settings-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("stepwright.toml");
    std::fs::write(&file, "region = 'eu-west-1'\naccount_id = '111111111111'\n").unwrap();
    let line = Line::try_parse_from([
        "stepwright",
        "--config",
        file.to_str().unwrap(),
        "--region",
        "eu-north-1",
        "--data",
        "here",
        "--set",
        "limits.retention_days=7",
        "--set",
        "log.level=debug",
    ]);
    let settings = load(&line.unwrap().flags).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(settings.region.as_str(), "eu-north-1");
    assert_eq!(settings.account_id.as_str(), "111111111111");
    assert_eq!(settings.limits.retention_days, 7);
    assert_eq!(settings.log.level, "debug");
    assert!(settings.data.is_absolute() && settings.data.ends_with("here"));
}

#[test]
fn a_named_file_must_be_there() {
    let line = Line::try_parse_from(["stepwright", "--config", "/nowhere/stepwright.toml"]);
    refused(load(&line.unwrap().flags), &["/nowhere/stepwright.toml"]);
}

#[test]
fn an_empty_database_variable_means_the_private_database() {
    let settings = of_flags(&["--database-url", ""]).unwrap();
    assert!(settings.database_url.is_none());
}

#[test]
fn debug_shows_no_secret() {
    let settings = of_flags(&[
        "--database-url",
        "postgres://me:hunter2@db/flows",
        "--master-key",
        "hunter3",
    ]);
    let text = format!("{:?}", settings.unwrap());
    assert!(!text.contains("hunter"), "{text}");
}

#[test]
fn host_names_are_compared_in_one_form() {
    for (text, expected) in [
        ("Flows.Example.COM", "flows.example.com"),
        ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("127.0.0.1", "127.0.0.1"),
    ] {
        assert_eq!(text.parse::<HostName>().unwrap().as_str(), expected);
    }
}

#[test]
fn services_have_addresses_and_a_key_has_two_parts() {
    let settings = of_flags(&[
        "--set",
        "services.sqs=http://localhost:9324",
        "--set",
        "services.s3=aws",
        "--set",
        "aws.access_key_id=AKID",
        "--set",
        "aws.secret_access_key=not-told",
    ]);
    let settings = settings.unwrap();
    let endpoints = settings.services.endpoints().unwrap();
    assert_eq!(endpoints.get("s3"), Some(&services::Endpoint::Aws));
    assert!(matches!(
        endpoints.get("sqs"),
        Some(services::Endpoint::Url(_))
    ));
    assert_eq!(settings.aws.credentials().unwrap().key_id, "AKID");
    assert!(!format!("{settings:?}").contains("not-told"));
    for (pair, expected) in [
        (
            "services.cloud9000=aws",
            "services.cloud9000 is of no service",
        ),
        ("services.sqs=localhost", "services.sqs is `localhost`"),
        (
            "services.sqs=http://me:pass@localhost",
            "allowed is an address",
        ),
        ("aws.access_key_id=AKID", "go together"),
    ] {
        refused(of_flags(&["--set", pair]), &[expected]);
    }
}
