//! Files that another writer made: `cases/make.py`.

use std::path::Path;

use super::super::{Format, Items, Source};
use crate::{Address, Objects};

async fn read(key: &str) -> Result<Vec<String>, String> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/items/parquet");
    read_from(Objects::folder(cases), key).await
}

async fn read_from(objects: Objects, key: &str) -> Result<Vec<String>, String> {
    let address = Address {
        bucket: "cases".to_owned(),
        key: key.to_owned(),
        version: None,
    };
    let source = Source::Object {
        address,
        format: Format::Parquet,
    };
    let items = Items::open(objects, source, None).await;
    let mut items = items.map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    while let Some(item) = items.next().await.map_err(|error| error.to_string())? {
        rows.push(item.value.to_text());
    }
    Ok(rows)
}

#[tokio::test]
async fn every_kind_of_value_becomes_what_json_can_keep() {
    let rows = read("kinds.parquet").await;
    let first = r#"{"flag":true,"tiny":-128,"int":-5,"long":9007199254740993,"unsigned":18446744073709551615,"float":0.1,"double":2.5,"price":12.50,"text":"Grüße \"you\"","bytes":"plain","day":"2026-02-28","at":"2026-01-02T03:04:05.678Z","exactly":"2026-01-02T03:04:05.678901Z","clock":"23:59:58.000500","list":[1,2],"group":{"a":1,"b":[{"c":"x"}]},"map":{"k":1,"l":2}}"#;
    let second = r#"{"flag":null,"tiny":127,"int":null,"long":-1,"unsigned":0,"float":null,"double":null,"price":-0.05,"text":"","bytes":"/wA=","day":"1969-12-31","at":null,"exactly":"2026-01-02T03:04:05.678Z","clock":"00:00:00","list":[],"group":null,"map":{}}"#;
    assert_eq!(rows, Ok(vec![first.to_owned(), second.to_owned()]));
}

#[tokio::test]
async fn rows_come_in_order_through_row_groups_and_compressions() {
    for compression in ["snappy", "gzip", "zstd"] {
        let rows = read(&format!("many-{compression}.parquet")).await.unwrap();
        assert_eq!(rows.len(), 5000);
        for (id, row) in rows.iter().enumerate() {
            let expected = format!(r#"{{"id":{id},"name":"name {}"}}"#, id % 7);
            assert_eq!(*row, expected, "{compression}");
        }
    }
    assert_eq!(read("empty.parquet").await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_schema_that_is_too_deep_is_refused() {
    let expected = "The schema of the Parquet file is 41 deep; 32 are allowed.";
    assert_eq!(read("deep.parquet").await, Err(expected.to_owned()));
}

#[tokio::test]
async fn a_file_that_is_cut_or_changed_anywhere_is_an_error_or_rows_and_never_a_panic() {
    let folder = std::env::temp_dir().join(format!("stepwright-parquet-{}", std::process::id()));
    let objects = Objects::folder(&folder);
    let whole = include_bytes!("cases/kinds.parquet");
    for at in (0..whole.len()).step_by(131) {
        let cut = whole.get(..at).unwrap_or_default().to_vec();
        objects.put("cases", "cut", cut.into()).await.unwrap();
        let error = read_from(objects.clone(), "cut").await.unwrap_err();
        assert!(error.contains("Parquet"), "{error}");
        let mut changed = whole.to_vec();
        if let Some(byte) = changed.get_mut(at) {
            *byte ^= 0xff;
        }
        objects
            .put("cases", "changed", changed.into())
            .await
            .unwrap();
        if let Err(error) = read_from(objects.clone(), "changed").await {
            assert!(error.contains("Parquet"), "{error}");
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}
