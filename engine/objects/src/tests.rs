//! Both kinds of store, asked the same.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;

use crate::{Address, Credentials, Endpoint, Error, Objects, limits::PART_BYTES, test_server};

/// A folder that goes with its test.
pub(crate) struct TempFolder(PathBuf);

impl TempFolder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("stepwright-objects-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn endpoint(url: String) -> Endpoint {
    Endpoint {
        url,
        region: "us-east-1".to_owned(),
        credentials: Some(Credentials {
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: Some("token".to_owned()),
        }),
    }
}

fn at(key: &str) -> Address {
    Address {
        bucket: "data".to_owned(),
        key: key.to_owned(),
        version: None,
    }
}

async fn keys(objects: &Objects, prefix: &str, page: usize) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let after = keys.last().cloned();
        let listing = objects
            .list("data", prefix, after.as_deref(), page)
            .await
            .unwrap();
        keys.extend(listing.objects.into_iter().map(|meta| meta.key));
        if !listing.is_truncated {
            return keys;
        }
    }
}

/// What any store does.
async fn behaves_as_a_store(objects: &Objects) {
    for key in ["a/b", "a.txt", "a/b.c/d", "a b/ü+%", "b", "a"] {
        // No folder can hold a file and a folder of one name; a bucket can.
        if key != "a" {
            objects
                .put("data", key, Bytes::from(key.to_owned()))
                .await
                .unwrap();
        }
    }
    let expected = ["a b/ü+%", "a.txt", "a/b", "a/b.c/d", "b"];
    for page in [1, 2, 1000] {
        assert_eq!(
            keys(objects, "", page).await,
            expected,
            "in pages of {page}"
        );
    }
    assert_eq!(keys(objects, "a/", 1000).await, ["a/b", "a/b.c/d"]);
    assert_eq!(keys(objects, "a/b.", 1000).await, ["a/b.c/d"]);
    assert_eq!(keys(objects, "c", 1000).await, Vec::<String>::new());

    let whole = objects.get(&at("a b/ü+%"), None, None).await.unwrap();
    assert_eq!(whole.meta.size, 8);
    assert!(whole.meta.etag.starts_with('"') && whole.meta.modified_at > 1_600_000_000);
    let etag = whole.meta.etag.clone();
    assert_eq!(whole.collect(8).await.unwrap(), "a b/ü+%");
    let listed = objects.list("data", "a b", None, 1).await.unwrap();
    assert_eq!(
        (listed.objects[0].etag.as_str(), listed.objects[0].size),
        (etag.as_str(), 8)
    );
    let part = objects.get(&at("a.txt"), Some(2..4), None).await.unwrap();
    assert_eq!(part.meta.size, 5);
    assert_eq!(part.collect(2).await.unwrap(), "tx");
    assert!(
        objects.read(&at("a.txt"), 4).await.is_err(),
        "a bound on bytes holds"
    );

    let missing = objects.get(&at("nothing"), None, None).await;
    assert!(
        matches!(missing, Err(Error::NoSuchKey { .. })),
        "{missing:?}"
    );
    let missing = objects.list("elsewhere", "", None, 10).await;
    assert!(
        matches!(missing, Err(Error::NoSuchBucket(_))),
        "{missing:?}"
    );
    let changed = objects.get(&at("a.txt"), None, Some("\"other\"")).await;
    assert!(matches!(changed, Err(Error::Changed { .. })), "{changed:?}");
    let wrong = objects.put("data", "../x", Bytes::new()).await;
    assert!(matches!(wrong, Err(Error::InvalidName(_))), "{wrong:?}");

    let mut upload = objects.upload("data", "large").await.unwrap();
    let chunk = Bytes::from(vec![7; PART_BYTES / 2 + 1]);
    for _ in 0..5 {
        upload.write(chunk.clone()).await.unwrap();
    }
    let unfinished = objects.get(&at("large"), None, None).await;
    assert!(
        matches!(unfinished, Err(Error::NoSuchKey { .. })),
        "half an object is not shown"
    );
    assert_eq!(upload.finish().await.unwrap(), 5 * chunk.len() as u64);
    let whole = objects.read(&at("large"), 5 * chunk.len()).await.unwrap();
    assert_eq!(whole.len(), 5 * chunk.len());
}

#[tokio::test]
async fn a_folder_is_a_store() {
    let folder = TempFolder::new();
    behaves_as_a_store(&Objects::folder(folder.path())).await;
    let left = std::fs::read_dir(folder.path().join(".unfinished")).unwrap();
    assert_eq!(left.count(), 0, "nothing half written is left");
}

#[tokio::test]
async fn an_s3_endpoint_is_a_store() {
    let (url, store) = test_server::serve().await;
    behaves_as_a_store(&Objects::s3(endpoint(url)).unwrap()).await;
    let store = store.lock().unwrap();
    assert!(store.is_signed);
    let parts = store
        .requests
        .iter()
        .filter(|line| line.contains("partNumber"));
    assert_eq!(parts.count(), 3, "a large object goes in parts");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_busy_is_asked_again() {
    let (url, store) = test_server::serve().await;
    let objects = Objects::s3(endpoint(url)).unwrap();
    store.lock().unwrap().refusals = 2;
    objects.put("data", "k", "v".into()).await.unwrap();
    store.lock().unwrap().refusals = 100;
    let refused = objects.put("data", "k", "v".into()).await;
    assert!(
        matches!(&refused, Err(error) if error.is_passing()),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_folder_is_not_left_by_a_link() {
    let folder = TempFolder::new();
    let objects = Objects::folder(folder.path().join("buckets"));
    objects.put("data", "real", "1".into()).await.unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "no").unwrap();
    std::os::unix::fs::symlink(&secret, folder.path().join("buckets/data/link")).unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("buckets/data/out")).unwrap();
    for key in ["link", "out/secret"] {
        let read = objects.get(&at(key), None, None).await;
        assert!(
            matches!(read, Err(Error::NoSuchKey { .. })),
            "{key}: {read:?}"
        );
    }
    let written = objects.put("data", "out/new", "1".into()).await;
    assert!(matches!(written, Err(Error::InvalidName(_))), "{written:?}");
    assert_eq!(keys(&objects, "", 10).await, ["real"]);
}
