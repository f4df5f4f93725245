//! Light, dark or the system's: kept in a cookie, so that the server can say it in the first byte
//! of a page and no script has to run before the first paint.

use axum::{
    Form,
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::access::{cookies, way_back::own_path};

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

    pub fn of(headers: &HeaderMap) -> Self {
        match cookies::find(headers, COOKIE) {
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
