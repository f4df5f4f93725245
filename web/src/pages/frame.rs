//! What every page has around its content: title, breadcrumb, rail, theme, the visitor.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{Extensions, request::Parts},
    response::Response,
};

use asl::Timestamp;

use super::{
    assets::Addresses,
    headers::{Nonce, RequestId},
    theme::Theme,
};
use crate::{access::Principal, app::Shared};

/// The parts of the rail. Only what exists is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Overview,
    Machines,
    Executions,
    /// Pages that belong to none: sign-in, search, errors.
    Elsewhere,
}

impl Section {
    pub const RAIL: [Self; 3] = [Self::Overview, Self::Machines, Self::Executions];

    pub fn word(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Machines => "Machines",
            Self::Executions => "Executions",
            Self::Elsewhere => "Stepwright",
        }
    }

    pub fn address(self) -> &'static str {
        match self {
            Self::Machines => "/machines",
            Self::Executions => "/executions",
            Self::Overview | Self::Elsewhere => "/",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::Machines => "workflow",
            Self::Executions => "history",
            Self::Overview | Self::Elsewhere => "layout-dashboard",
        }
    }
}

/// A step of the breadcrumb. The last one has no address: it is this page.
#[derive(Clone, Debug)]
pub struct Crumb {
    pub word: String,
    pub address: Option<String>,
}

/// What a request says about the visitor, taken in by every handler that draws a page: there is none
/// without a [`Principal`].
#[derive(Clone, Debug)]
pub struct Visit {
    pub theme: Theme,
    pub nonce: String,
    /// Path and query of this page, to come back to.
    pub here: String,
    /// The hidden field of every form that changes something: proof that this server drew it.
    pub form_token: String,
    /// The name of the key that signed in, where keys are in use.
    pub key: Option<String>,
    /// Whether this visitor may see more than the sign-in page.
    pub is_in: bool,
    /// Names this request in the log and on an error page.
    pub request: String,
    pub now: Timestamp,
    /// Whether our script asks for a part of the page alone.
    pub is_fragment: bool,
}

/// Whoever has not signed in yet, on the one page that is for them.
#[derive(Clone, Debug)]
pub struct Stranger(pub Visit);

/// The header by which the script asks for a part.
const FRAGMENT: &str = "x-fragment";

impl FromRequestParts<Shared> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Response> {
        let principal = Principal::from_request_parts(parts, app).await?;
        let key = principal
            .is_signed_in()
            .then(|| principal.name().to_owned());
        Ok(Self {
            form_token: principal.form_token().to_owned(),
            key,
            is_in: true,
            ..Self::stranger(parts, app)
        })
    }
}

impl FromRequestParts<Shared> for Stranger {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        Ok(Self(Visit::stranger(parts, app)))
    }
}

impl Visit {
    fn stranger(parts: &Parts, app: &Shared) -> Self {
        let here = parts.uri.path_and_query();
        Self {
            theme: Theme::of(&parts.headers),
            nonce: nonce(&parts.extensions),
            here: here.map_or_else(|| "/".to_owned(), ToString::to_string),
            form_token: String::new(),
            key: None,
            is_in: false,
            request: request_id(&parts.extensions),
            now: Timestamp(app.now().timestamp_micros()),
            is_fragment: parts.headers.contains_key(FRAGMENT),
        }
    }
}

fn nonce(extensions: &Extensions) -> String {
    extensions
        .get::<Nonce>()
        .map(|nonce| nonce.0.clone())
        .unwrap_or_default()
}

fn request_id(extensions: &Extensions) -> String {
    extensions
        .get::<RequestId>()
        .map(|id| id.0.clone())
        .unwrap_or_default()
}

/// The frame of one page, as the templates draw it.
pub struct Frame {
    pub title: String,
    pub section: Section,
    pub crumbs: Vec<Crumb>,
    pub visit: Visit,
    pub assets: Addresses,
}

impl Visit {
    /// The frame of a section's own page.
    pub fn frame(self, section: Section) -> Frame {
        Frame {
            title: section.word().to_owned(),
            section,
            crumbs: vec![Crumb {
                word: section.word().to_owned(),
                address: None,
            }],
            visit: self,
            assets: Addresses::current(),
        }
    }

    /// The frame of a page below a section: `thing · section`.
    pub fn frame_of(self, section: Section, thing: &str) -> Frame {
        let mut frame = self.frame(section);
        if section == Section::Elsewhere {
            frame.crumbs.clear();
        } else {
            frame.enter(section.address());
        }
        frame.end(thing)
    }
}

impl Frame {
    /// Makes the last step of the breadcrumb a link and adds this page behind it.
    #[must_use]
    pub fn below(mut self, address: &str, thing: &str) -> Self {
        self.enter(address);
        self.end(thing)
    }

    fn enter(&mut self, address: &str) {
        if let Some(last) = self.crumbs.last_mut() {
            last.address = Some(address.to_owned());
        }
    }

    fn end(mut self, thing: &str) -> Self {
        self.title = format!("{thing} · {}", self.title);
        self.crumbs.push(Crumb {
            word: thing.to_owned(),
            address: None,
        });
        self
    }
}
