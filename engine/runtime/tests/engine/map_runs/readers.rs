//! Every option of an `ItemReader`, end to end: what is in a bucket becomes the items of a Map Run.

use asl::Json;
use functions::fake::Fake;

use super::{PASS, failure, machine};
use crate::world::{World, output, run};

/// A reader of one object.
fn object(key: &str, config: &str) -> String {
    format!(
        r#""ItemReader":{{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{{{config}}},
            "Parameters":{{"Bucket":"data","Key":"{key}"}}}},"#
    )
}

/// A reader of all objects whose keys begin so.
fn listing(prefix: &str, config: &str) -> String {
    format!(
        r#""ItemReader":{{"Resource":"arn:aws:states:::s3:listObjectsV2","ReaderConfig":{{{config}}},
            "Parameters":{{"Bucket":"data","Prefix":"{prefix}"}}}},"#
    )
}

struct Site {
    world: World,
    engine: runtime::Engine,
    machines: usize,
}

impl Site {
    async fn new(files: &[(&str, &str)]) -> Self {
        let world = World::new(Fake::new()).await;
        for (key, text) in files {
            let bytes = (*text).to_owned().into();
            world.objects.put("data", key, bytes).await.unwrap();
        }
        let engine = world.node(1).await;
        let machines = 0;
        Self {
            world,
            engine,
            machines,
        }
    }

    async fn run(&mut self, fields: &str, input: &str) -> runtime::View {
        self.machines += 1;
        let name = format!("m{}", self.machines);
        self.world.machine(&name, &machine(fields, PASS)).await;
        run(&self.engine, &name, input).await
    }

    /// The items that children got, in their order.
    async fn check(&mut self, fields: &str, input: &str, expected: &str) {
        let view = self.run(fields, input).await;
        assert_eq!(output(&view).to_text(), expected, "{fields}");
    }

    async fn refuse(&mut self, fields: &str, input: &str, cause: &str) {
        let (error, told) = failure(&self.run(fields, input).await);
        assert_eq!(error, "States.ItemReaderFailed", "{fields}: {told}");
        assert!(told.contains(cause), "{fields}: {told}");
    }

    async fn end(self) {
        self.engine.stop_node().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_with_each_delimiter_and_either_place_of_its_headers() {
    let mut site = Site::new(&[
        ("comma.csv", "a,b\n1,2\n3,4\n"),
        ("pipe.csv", "a|b\n1|2,5\n"),
        ("semicolon.csv", "a;b\n1;2,5\n"),
        ("space.csv", "a b\n1 \"2 5\"\n"),
        ("tab.csv", "a\tb\n1\t2 5\n"),
        ("bare.csv", "1,2\n3,4\n"),
    ])
    .await;
    let first = r#""InputType":"CSV","CSVHeaderLocation":"FIRST_ROW""#;
    let two = r#"[{"a":"1","b":"2"},{"a":"3","b":"4"}]"#;
    site.check(&object("comma.csv", first), "{}", two).await;
    for (name, file, expected) in [
        ("COMMA", "comma.csv", two),
        ("PIPE", "pipe.csv", r#"[{"a":"1","b":"2,5"}]"#),
        ("SEMICOLON", "semicolon.csv", r#"[{"a":"1","b":"2,5"}]"#),
        ("SPACE", "space.csv", r#"[{"a":"1","b":"2 5"}]"#),
        ("TAB", "tab.csv", r#"[{"a":"1","b":"2 5"}]"#),
    ] {
        let config = format!(r#"{first},"CSVDelimiter":"{name}""#);
        site.check(&object(file, &config), "{}", expected).await;
    }
    let given = r#""InputType":"CSV","CSVHeaderLocation":"GIVEN","CSVHeaders":["x","y"]"#;
    let rows = r#"[{"x":"1","y":"2"},{"x":"3","y":"4"}]"#;
    site.check(&object("bare.csv", given), "{}", rows).await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_with_quotes_uneven_rows_and_what_is_no_csv() {
    let mut site = Site::new(&[
        (
            "quoted.csv",
            "\u{feff}\"a\",b\r\n\"x,\"\"y\"\"\r\nz\",\"\"\r\n\r\n\"1\",2\r\n",
        ),
        ("uneven.csv", "a,b\n1\n1,2,3\n"),
        ("twice.csv", "a,a\n1,2\n"),
        ("open.csv", "a\n\"1"),
        ("empty.csv", ""),
    ])
    .await;
    let first = r#""InputType":"CSV","CSVHeaderLocation":"FIRST_ROW""#;
    let quoted = r#"[{"a":"x,\"y\"\r\nz","b":""},{"a":"1","b":"2"}]"#;
    site.check(&object("quoted.csv", first), "{}", quoted).await;
    let uneven = r#"[{"a":"1","b":""},{"a":"1","b":"2"}]"#;
    site.check(&object("uneven.csv", first), "{}", uneven).await;
    site.check(&object("empty.csv", first), "{}", "[]").await;
    for (file, cause) in [
        ("twice.csv", "CSV headers cannot contain duplicates."),
        ("open.csv", "A quoted CSV field has no end."),
    ] {
        site.refuse(&object(file, first), "{}", cause).await;
    }
    let given = r#""InputType":"CSV","CSVHeaderLocation":"GIVEN","CSVHeaders":["x","x"]"#;
    let cause = "CSV headers cannot contain duplicates.";
    site.refuse(&object("uneven.csv", given), "{}", cause).await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_items_are_read_than_asked_for() {
    let mut site = Site::new(&[("all.json", "[1,2,3,4]"), ("all.csv", "n\n1\n2\n3\n")]).await;
    let json = r#""InputType":"JSON""#;
    let fixed = format!(r#"{json},"MaxItems":2"#);
    site.check(&object("all.json", &fixed), "{}", "[1,2]").await;
    let beyond = format!(r#"{json},"MaxItems":9"#);
    site.check(&object("all.json", &beyond), "{}", "[1,2,3,4]")
        .await;
    let path = format!(r#"{json},"MaxItemsPath":"$.most""#);
    let path = object("all.json", &path);
    site.check(&path, r#"{"most":3}"#, "[1,2,3]").await;
    site.refuse(&path, r#"{"most":0}"#, "field MaxItems must be positive")
        .await;
    let csv = r#""InputType":"CSV","CSVHeaderLocation":"FIRST_ROW","MaxItems":1"#;
    site.check(&object("all.csv", csv), "{}", r#"[{"n":"1"}]"#)
        .await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_with_a_pointer_json_lines_and_objects() {
    let mut site = Site::new(&[
        (
            "deep.json",
            r#"{"a/b":{"list":[{"n":1.50},"two",null]},"skip":[0]}"#,
        ),
        ("map.json", r#"{"x":1,"y":{"z":2}}"#),
        ("lines.jsonl", "{\"a\":1.50}\n\n[2]\r\n\"x\""),
        ("broken.jsonl", "1\n{\n"),
        ("broken.json", "[1,2"),
    ])
    .await;
    let pointer = r#""InputType":"JSON","ItemsPointer":"/a~1b/list""#;
    let items = r#"[{"n":1.50},"two",null]"#;
    site.check(&object("deep.json", pointer), "{}", items).await;
    let nowhere = r#""InputType":"JSON","ItemsPointer":"/none""#;
    let cause = "Attempting to map over non-iterable node.";
    site.refuse(&object("deep.json", nowhere), "{}", cause)
        .await;
    let keys = r#""ItemSelector":{"k.$":"$$.Map.Item.Key","v.$":"$$.Map.Item.Value","s.$":"$$.Map.Item.Source"},"#;
    let fields = format!("{}{keys}", object("map.json", r#""InputType":"JSON""#));
    let items = r#"[{"k":"x","v":1,"s":"s3://data/map.json"},{"k":"y","v":{"z":2},"s":"s3://data/map.json"}]"#;
    site.check(&fields, "{}", items).await;
    let lines = r#""InputType":"JSONL""#;
    site.check(
        &object("lines.jsonl", lines),
        "{}",
        r#"[{"a":1.50},[2],"x"]"#,
    )
    .await;
    site.refuse(
        &object("broken.jsonl", lines),
        "{}",
        "Line 2 is not valid JSON",
    )
    .await;
    let json = r#""InputType":"JSON""#;
    site.refuse(&object("broken.json", json), "{}", "not valid JSON")
        .await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn manifests_lead_to_the_rows_of_their_files() {
    let inventory = r#"{"destinationBucket":"arn:aws:s3:::data","fileFormat":"CSV",
        "fileSchema":"Bucket, Key","files":[{"key":"inv/1.csv"},{"key":"inv/2.csv"}]}"#;
    let mut site = Site::new(&[
        ("inv/manifest.json", inventory),
        ("inv/1.csv", "\"data\",\"a%20b\"\n"),
        ("inv/2.csv", "\"data\",\"c\"\n"),
        (
            "athena/manifest.csv",
            "s3://data/athena/2.jsonl\ns3://data/athena/1.jsonl\n",
        ),
        ("athena/1.jsonl", "1\n2\n"),
        ("athena/2.jsonl", "3\n"),
        ("inv/none.json", "{}"),
    ])
    .await;
    let rows = r#"[{"Bucket":"data","Key":"a%20b"},{"Bucket":"data","Key":"c"}]"#;
    for config in [
        r#""InputType":"MANIFEST""#,
        r#""InputType":"MANIFEST","ManifestType":"S3_INVENTORY""#,
    ] {
        site.check(&object("inv/manifest.json", config), "{}", rows)
            .await;
        let cause = "The S3 inventory manifest has no destinationBucket.";
        site.refuse(&object("inv/none.json", config), "{}", cause)
            .await;
    }
    let athena = r#""InputType":"JSONL","ManifestType":"ATHENA_DATA""#;
    let athena = object("athena/manifest.csv", athena);
    site.check(&athena, "{}", "[3,1,2]").await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_gives_its_objects_or_what_is_in_them() {
    let mut site = Site::new(&[
        ("logs/1.csv", "n\n1\n2\n"),
        ("logs/2.csv", "n\n3\n"),
        ("other/3.csv", "n\n4\n"),
    ])
    .await;
    let view = site.run(&listing("logs/", ""), "{}").await;
    let names = output(&view);
    let names = names.as_array().unwrap().iter();
    let keys: Vec<_> = names
        .map(|name| name.get("Key").and_then(Json::as_str).unwrap())
        .collect();
    assert_eq!(keys, ["logs/1.csv", "logs/2.csv"]);
    let flat =
        r#""InputType":"CSV","CSVHeaderLocation":"FIRST_ROW","Transformation":"LOAD_AND_FLATTEN""#;
    let flat = listing("logs/", flat);
    let items = r#"[{"n":"1"},{"n":"2"},{"n":"3"}]"#;
    site.check(&flat, "{}", items).await;
    let sources = r#""ItemSelector":{"n.$":"$$.Map.Item.Value.n","s.$":"$$.Map.Item.Source"},"#;
    let items = r#"[{"n":"1","s":"s3://data/logs/1.csv"},{"n":"2","s":"s3://data/logs/1.csv"},{"n":"3","s":"s3://data/logs/2.csv"}]"#;
    site.check(&format!("{flat}{sources}"), "{}", items).await;
    site.check(&listing("none/", ""), "{}", "[]").await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_say_what_is_read() {
    let mut site = Site::new(&[("in/rows.csv", "n;m\n1;2\n3;4\n")]).await;
    let fields = r#""QueryLanguage":"JSONata","ItemReader":{"Resource":"arn:aws:states:::s3:getObject",
        "ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW","CSVDelimiter":"SEMICOLON","MaxItems":"{% $states.input.most %}"},
        "Arguments":{"Bucket":"{% $states.input.bucket %}","Key":"{% 'in/' & $states.input.name %}"}},"#;
    let input = r#"{"bucket":"data","name":"rows.csv","most":1}"#;
    site.check(fields, input, r#"[{"n":"1","m":"2"}]"#).await;
    let missing = r#"{"bucket":"data","name":"none.csv","most":1}"#;
    site.refuse(fields, missing, "data/in/none.csv").await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_parquet_file_and_what_is_none() {
    let mut site = Site::new(&[("text.parquet", "id\n1\n2\n")]).await;
    let file = "../objects/src/items/parquet/cases/many-zstd.parquet";
    let file = std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let put = site.world.objects.put("data", "part/1", file.into());
    put.await.unwrap();
    let config = r#""InputType":"PARQUET","MaxItems":2"#;
    let rows = r#"[{"id":0,"name":"name 0"},{"id":1,"name":"name 1"}]"#;
    site.check(&object("part/1", config), "{}", rows).await;
    let flat = format!(r#"{config},"Transformation":"LOAD_AND_FLATTEN""#);
    site.check(&listing("part/", &flat), "{}", rows).await;
    let cause = "The file cannot be read as Parquet";
    site.refuse(&object("text.parquet", config), "{}", cause)
        .await;
    site.end().await;
}
