//! `/sign-in`: a key's id and secret for a session.

use askama::Template;
use axum::{extract::Query, response::Response};
use serde::Deserialize;

use super::{
    frame::{Frame, Section, Stranger},
    problem,
    theme::Theme,
};
use crate::access::sign_in;

#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    pub frame: Frame,
    pub back: String,
    pub refused: Option<&'static str>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    refused: String,
    #[serde(default)]
    back: String,
}

/// `GET /sign-in`; the form goes to `access::sign_in`, which comes back here when it refuses.
pub(super) async fn show(Stranger(visit): Stranger, Query(asked): Query<Asked>) -> Response {
    problem::draw(&SignIn {
        frame: visit.frame_of(Section::Elsewhere, "Sign in"),
        back: asked.back,
        refused: sign_in::told(&asked.refused),
    })
}
