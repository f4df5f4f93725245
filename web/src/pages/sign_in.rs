//! `/sign-in`: a key's id and secret for a session.

use askama::Template;

use super::{
    frame::{Frame, Section},
    theme::Theme,
};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    pub frame: Frame,
    pub back: String,
    pub id: String,
    pub refused: Option<String>,
}
