//! Style, script and fonts: embedded in release builds, read from disk in debug builds. Their
//! addresses carry a hash of their content, so browsers may keep them for good.

use std::borrow::Cow;

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// What `make web` made of the designer's source.
#[derive(RustEmbed)]
#[folder = "dist/"]
#[allow_missing = true]
struct Bundles;

/// Served as one file in this order: fewer requests before the first paint.
const STYLE: &[&str] = &[
    "tokens.css",
    "frame.css",
    "components.css",
    "tables.css",
    "list.css",
    "forms.css",
    "search.css",
    "pages.css",
    "execution.css",
    "run.css",
    "machine.css",
    "graph.css",
];

/// The designer's own style, served as one file.
const DESIGNER_STYLE: &[&str] = &["designer.css", "inspector.css", "tester.css"];

/// The addresses that the frame of a page names.
#[derive(Clone)]
pub struct Addresses {
    pub style: String,
    pub script: String,
    pub font: String,
    pub icon: String,
}

impl Addresses {
    pub fn current() -> Self {
        Self {
            style: address("style.css"),
            script: address("app.js"),
            font: address("fonts/inter-latin.woff2"),
            icon: address("icon.svg"),
        }
    }
}

/// The addresses of what the designer's page loads beside the frame's: style, then script.
pub fn designer() -> (String, String) {
    (address("designer-style.css"), address("designer.js"))
}

/// The address of the script that draws graphs.
pub fn graph() -> String {
    address("graph.js")
}

/// The address of the script that reads YAML.
pub fn yaml() -> String {
    address("yaml.js")
}

/// `/assets/{hash}/{name}`; a name that there is not gets an address that answers 404.
fn address(name: &str) -> String {
    let hash = content(name).map(|content| hash(&content));
    format!("/assets/{}/{name}", hash.unwrap_or_default())
}

/// `GET /assets/{hash}/{name}`.
pub async fn serve(Path((asked, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(content) = content(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let hash = hash(&content);
    // During an update two versions serve side by side. What another one named must not be kept
    // for good under its name.
    let keep = if asked == hash {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let tag = format!("\"{hash}\"");
    let common = [(header::CACHE_CONTROL, keep), (header::ETAG, tag.as_str())];
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|known| known.to_str().ok())
        .is_some_and(|known| known.split(',').any(|one| one.trim() == tag));
    if is_known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (
        common,
        [(header::CONTENT_TYPE, content_type(&name))],
        content.into_owned(),
    )
        .into_response()
}

fn content(name: &str) -> Option<Cow<'static, [u8]>> {
    match name {
        "style.css" => return Some(Cow::Owned(style(STYLE).into_bytes())),
        "designer-style.css" => return Some(Cow::Owned(style(DESIGNER_STYLE).into_bytes())),
        _ => {}
    }
    let file = Files::get(name).or_else(|| Bundles::get(name))?;
    Some(file.data)
}

/// The parts of the style as one text, with the addresses of the fonts filled in.
fn style(parts: &[&str]) -> String {
    let mut style = String::new();
    for name in parts {
        if let Some(file) = Files::get(name) {
            style.push_str(&String::from_utf8_lossy(&file.data));
        }
    }
    for name in Files::iter().filter(|name| name.ends_with(".woff2")) {
        let quoted = format!("url(\"{name}\")");
        if style.contains(&quoted) {
            style = style.replace(&quoted, &format!("url(\"{}\")", address(&name)));
        }
    }
    style
}

fn hash(content: &[u8]) -> String {
    let mut hash = hex::encode(Sha256::digest(content));
    hash.truncate(16);
    hash
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}

/// Puts every asset under `root` at its address, for pages that are looked at without a server.
#[cfg(test)]
pub fn write_all(root: &std::path::Path) {
    let names = Files::iter().map(Cow::into_owned);
    for name in names.chain(["style.css".to_owned()]) {
        let path = root.join(address(&name).trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content(&name).unwrap()).unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(path: &str, known: Option<&str>) -> Response {
        let (hash, name) = path
            .strip_prefix("/assets/")
            .unwrap()
            .split_once('/')
            .unwrap();
        let mut headers = HeaderMap::new();
        if let Some(known) = known {
            headers.insert(header::IF_NONE_MATCH, known.parse().unwrap());
        }
        serve(Path((hash.to_owned(), name.to_owned())), headers).await
    }

    #[tokio::test]
    async fn a_hashed_address_is_kept_for_good() {
        let path = Addresses::current().style;
        let response = get(&path, None).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(
            response.headers()["cache-control"]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        let again = get(&path, Some(&format!("\"other\", {tag}"))).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test]
    async fn another_versions_address_is_served_but_not_kept() {
        let response = get("/assets/0000/app.js", None).await;
        assert_eq!(response.headers()["cache-control"], "no-cache");
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        for name in ["nothing.css", "../Cargo.toml", "/etc/passwd", ""] {
            let response = get(&format!("/assets/x/{name}"), None).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{name}");
        }
    }

    #[test]
    fn every_part_of_the_frame_is_there_and_fonts_have_hashed_addresses() {
        for name in STYLE.iter().chain(DESIGNER_STYLE) {
            assert!(Files::get(name).is_some(), "{name}");
        }
        let addresses = Addresses::current();
        for address in [
            addresses.style,
            addresses.script,
            addresses.font,
            addresses.icon,
        ] {
            assert!(!address.contains("//"), "{address}");
        }
        assert!(!style(STYLE).contains("url(\"fonts/"));
    }

    #[test]
    fn only_the_tokens_hold_colours() {
        let parts = STYLE.iter().chain(DESIGNER_STYLE);
        for name in parts.filter(|name| **name != "tokens.css") {
            let text = String::from_utf8(Files::get(name).unwrap().data.into_owned()).unwrap();
            let hex = text
                .split('#')
                .skip(1)
                .find(|after| after.bytes().take_while(u8::is_ascii_hexdigit).count() >= 3);
            assert_eq!(hex, None, "{name} holds a hex value");
        }
    }
}
