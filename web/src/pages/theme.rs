//! Light, dark or the system's: kept in a cookie, so that the server can say it in the first byte
//! of a page and no script has to run before the first paint.

use axum::{
    Form,
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::{CookieJar, cookie::Cookie};
use serde::Deserialize;

const COOKIE: &str = "theme";
const KEPT_SECONDS: u32 = 365 * 24 * 3600;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub fn of(cookies: &CookieJar) -> Self {
        match cookies.get(COOKIE).map(Cookie::value) {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    pub fn value(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::System => "monitor",
            Self::Light => "sun",
            Self::Dark => "moon",
        }
    }
}

#[derive(Deserialize)]
pub struct Choice {
    theme: Theme,
    #[serde(default)]
    back: String,
}

/// `POST /theme`: keeps the choice and goes back to the page it was made on.
pub async fn choose(Form(choice): Form<Choice>) -> Response {
    let cookie = format!(
        "{COOKIE}={}; Path=/; Max-Age={KEPT_SECONDS}; HttpOnly; SameSite=Lax",
        choice.theme.value()
    );
    let back = Redirect::to(own_path(&choice.back));
    ([(header::SET_COOKIE, cookie)], back).into_response()
}

/// `path` where it is one of this server's pages, else the overview: an address from a form must
/// not lead away.
pub fn own_path(path: &str) -> &str {
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\r', '\n'])
        && path.is_ascii();
    if is_own { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_back_leads_to_this_server_only() {
        for (path, expected) in [
            ("/machines?q=a", "/machines?q=a"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example/", "/"),
            ("/a\r\nSet-Cookie: x=y", "/"),
            ("", "/"),
        ] {
            assert_eq!(own_path(path), expected);
        }
    }
}
