//! Datasets in every cut of their bytes give the same items.

use std::collections::VecDeque;

use super::{Format, Item, Splitter, csv};
use crate::{
    Address, Objects,
    items::{Items, Source},
};

fn csv(delimiter: u8, headers: Option<&[&str]>) -> Format {
    Format::Csv(csv::Options {
        delimiter,
        headers: headers.map(|all| all.iter().map(|one| (*one).to_owned()).collect()),
    })
}

fn json(pointer: &str) -> Format {
    Format::Json {
        pointer: Some(pointer.to_owned()),
    }
}

fn show(item: &Item) -> String {
    match &item.key {
        Some(key) => format!("{key}={}", item.value.to_text()),
        None => item.value.to_text(),
    }
}

fn split(format: &Format, bytes: &[u8], size: usize) -> Result<Vec<String>, String> {
    let mut splitter = Splitter::new(format).expect("the format is a stream");
    let mut items = VecDeque::new();
    for chunk in bytes.chunks(size) {
        splitter
            .feed(chunk, &mut items)
            .map_err(|error| error.to_string())?;
    }
    splitter
        .finish(&mut items)
        .map_err(|error| error.to_string())?;
    Ok(items.iter().map(show).collect())
}

#[track_caller]
fn check(format: &Format, text: &str, expected: &[&str]) {
    for size in [1, 2, 3, 7, 1 << 20] {
        let items = split(format, text.as_bytes(), size);
        assert_eq!(
            items,
            Ok(expected.iter().map(|one| (*one).to_owned()).collect()),
            "in {size}s"
        );
    }
}

#[track_caller]
fn refuse(format: &Format, text: &str, expected: &str) {
    for size in [1, 5, 1 << 20] {
        let error = split(format, text.as_bytes(), size).expect_err("the text is refused");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn csv_rows_are_objects_of_strings() {
    let first_row = csv(b',', None);
    check(
        &first_row,
        "a,b\n1,2\n3,4\n",
        &[r#"{"a":"1","b":"2"}"#, r#"{"a":"3","b":"4"}"#],
    );
    check(
        &first_row,
        "\u{feff}a,b\r\n1,2\r\n\r\n3,4",
        &[r#"{"a":"1","b":"2"}"#, r#"{"a":"3","b":"4"}"#],
    );
    check(
        &first_row,
        "a,b\n\"x,\"\"y\"\"\nz\",2\n",
        &[r#"{"a":"x,\"y\"\nz","b":"2"}"#],
    );
    check(&first_row, "a\n\"\"\n", &[r#"{"a":""}"#]);
    check(&first_row, "a,b", &[]);
    check(&first_row, "", &[]);
    check(
        &csv(b'|', None),
        "ä|b\nö|1,5\n",
        &[r#"{"ä":"ö","b":"1,5"}"#],
    );
    check(
        &csv(b'\t', Some(&["x", "y"])),
        "1\t2\n",
        &[r#"{"x":"1","y":"2"}"#],
    );
}

#[test]
fn uneven_csv_rows_are_filled_up_or_cut() {
    check(
        &csv(b',', None),
        "a,b,c\n1\n1,2,3,4\n,\n",
        &[
            r#"{"a":"1","b":"","c":""}"#,
            r#"{"a":"1","b":"2","c":"3"}"#,
            r#"{"a":"","b":"","c":""}"#,
        ],
    );
}

#[test]
fn csv_that_cannot_be_read_is_refused() {
    refuse(
        &csv(b',', None),
        "a,a\n1,2\n",
        "CSV headers cannot contain duplicates.",
    );
    refuse(
        &csv(b',', Some(&["a", "a"])),
        "1,2\n",
        "CSV headers cannot contain duplicates.",
    );
    refuse(&csv(b',', None), "a\n\"1", "has no end");
    let wide = "h,".repeat(6000);
    refuse(
        &csv(b',', None),
        &format!("{wide}\n"),
        "CSV headers cannot exceed",
    );
    let latin = split(&csv(b',', None), b"a\n\xff\n", 100);
    assert_eq!(latin, Err("The file is not encoded in UTF-8.".to_owned()));
}

#[test]
fn lines_of_json_are_values() {
    check(
        &Format::JsonLines,
        "{\"a\":1.0}\n\n [2] \r\n\"x\"",
        &[r#"{"a":1.0}"#, "[2]", "\"x\""],
    );
    check(&Format::JsonLines, "", &[]);
    refuse(&Format::JsonLines, "1\n{\n", "Line 2 is not valid JSON");
}

#[test]
fn elements_of_a_json_array_are_items() {
    check(
        &json(""),
        r#" [1, "a,]\"", {"b": [{}]} ,[ ], null,-2.50 ]"#,
        &["1", r#""a,]\"""#, r#"{"b":[{}]}"#, "[]", "null", "-2.50"],
    );
    check(&json(""), "[]", &[]);
    check(&json(""), "\u{feff}[true]", &["true"]);
    check(
        &json(""),
        r#"{"a": 1, "b": {"c": 2}}"#,
        &["a=1", r#"b={"c":2}"#],
    );
}

#[test]
fn a_pointer_leads_to_the_items() {
    let text = r#"{"x": {"items": "no"}, "y": [1, {"items/~": [10, 20], "z": 3}], "w": [7]}"#;
    check(&json("/y/1/items~1~0"), text, &["10", "20"]);
    check(&json("/w"), text, &["7"]);
    check(&json("/y/1"), text, &["items/~=[10,20]", "z=3"]);
    refuse(
        &json("/nowhere"),
        text,
        "Attempting to map over non-iterable node.",
    );
    refuse(
        &json("/x/items"),
        text,
        "Attempting to map over non-iterable node.",
    );
    refuse(
        &json(""),
        "\"text\"",
        "Attempting to map over non-iterable node.",
    );
    refuse(&json(""), "42", "Attempting to map over non-iterable node.");
}

#[test]
fn json_that_is_none_is_refused() {
    for text in [
        "[1, 2",
        "[1 2]",
        "[1,,2]",
        "{\"a\" 1}",
        "{a:1}",
        "[nul]",
        "",
        "[1}",
    ] {
        let error = split(&json(""), text.as_bytes(), 3).expect_err(text);
        assert!(
            error.contains("not valid JSON") || error.contains("non-iterable"),
            "{text}: {error}"
        );
    }
}

#[test]
fn what_follows_the_items_is_not_read() {
    let mut splitter = Splitter::new(&json("/a")).expect("the format is a stream");
    let mut items = VecDeque::new();
    splitter.feed(b"{\"a\":[1],", &mut items).unwrap();
    assert!(splitter.is_done());
    splitter.feed(b"not json at all", &mut items).unwrap();
    assert_eq!(items.len(), 1);
}

async fn all(objects: &Objects, source: Source) -> Vec<String> {
    let mut items = Items::open(objects.clone(), source, None).await.unwrap();
    let mut all = Vec::new();
    while let Some(item) = items.next().await.unwrap() {
        all.push(show(&item));
    }
    all
}

fn address(key: &str) -> Address {
    Address {
        bucket: "data".to_owned(),
        key: key.to_owned(),
        version: None,
    }
}

#[tokio::test]
async fn manifests_and_listings_lead_to_files() {
    use std::io::Write as _;
    let folder = crate::tests::TempFolder::new();
    let objects = Objects::folder(folder.path());
    let put = |key: &'static str, bytes: Vec<u8>| {
        let objects = objects.clone();
        async move { objects.put("data", key, bytes.into()).await.unwrap() }
    };
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"\"data\",\"a%20b\",\"12\"\n").unwrap();
    put("inv/part-1.csv.gz", packed.finish().unwrap()).await;
    put("inv/part-2.csv", b"\"data\",\"c\",\"3\"\n".to_vec()).await;
    let manifest = r#"{"sourceBucket":"s","destinationBucket":"arn:aws:s3:::data","fileFormat":"CSV","fileSchema":"Bucket, Key, Size","files":[{"key":"inv/part-1.csv.gz"},{"key":"inv/part-2.csv"}]}"#;
    put("inv/manifest.json", manifest.into()).await;
    let rows = all(
        &objects,
        Source::Inventory {
            address: address("inv/manifest.json"),
        },
    )
    .await;
    assert_eq!(
        rows,
        [
            r#"{"Bucket":"data","Key":"a%20b","Size":"12"}"#,
            r#"{"Bucket":"data","Key":"c","Size":"3"}"#
        ]
    );

    put("out/1.jsonl", b"1\n2\n".to_vec()).await;
    put("out/2.jsonl", b"3".to_vec()).await;
    put(
        "athena/m.csv",
        b"s3://data/out/2.jsonl\ns3://data/out/1.jsonl\n".to_vec(),
    )
    .await;
    let source = Source::Athena {
        address: address("athena/m.csv"),
        format: Format::JsonLines,
    };
    assert_eq!(all(&objects, source).await, ["3", "1", "2"]);

    let (bucket, prefix) = ("data".to_owned(), "out/".to_owned());
    let source = Source::Contents {
        bucket: bucket.clone(),
        prefix: prefix.clone(),
        format: Format::JsonLines,
    };
    assert_eq!(all(&objects, source).await, ["1", "2", "3"]);
    let names = all(&objects, Source::Listing { bucket, prefix }).await;
    assert_eq!(names.len(), 2);
    assert!(
        names[0].contains(r#""Key":"out/1.jsonl""#)
            && names[0].contains(r#""Size":4,"StorageClass":"STANDARD""#),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_dataset_that_changed_is_not_read_on() {
    let folder = crate::tests::TempFolder::new();
    let objects = Objects::folder(folder.path());
    objects.put("data", "a.json", "[1]".into()).await.unwrap();
    let source = Source::Object {
        address: address("a.json"),
        format: json(""),
    };
    let items = Items::open(objects.clone(), source.clone(), None)
        .await
        .unwrap();
    let etag = items.etag().unwrap().to_owned();
    assert!(
        Items::open(objects.clone(), source.clone(), Some(&etag))
            .await
            .is_ok()
    );
    objects
        .put("data", "a.json", "[1, 2]".into())
        .await
        .unwrap();
    let again = Items::open(objects, source, Some(&etag)).await;
    assert_eq!(
        again.err().map(|error| error.to_string()).as_deref(),
        Some("The object data/a.json changed while it was read")
    );
}
