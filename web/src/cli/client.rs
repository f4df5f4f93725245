//! Calls of the native API of a running server.

use std::time::Duration;

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;

use super::exit::{Exit, Failure, chain};
use super::screen::visible;
use crate::hidden::Hidden;

/// The longest that the server waits for an execution in one call, which is the five minutes of an Express one,
/// and some time for the way.
const CALL_TIME_MAX: Duration = Duration::from_secs(330);
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// The largest answer that is read: a page of a thousand events with large payloads.
const ANSWER_BYTES_MAX: usize = 512 << 20;

/// Which server to ask, and with which key.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub(super) struct Target {
    /// Where the server is. One that has keys is shown that of STEPWRIGHT_KEY=ID:SECRET
    #[arg(
        long,
        value_name = "URL",
        env = "STEPWRIGHT_ENDPOINT",
        default_value = "http://127.0.0.1:8083"
    )]
    endpoint: String,

    /// The key, as ID:SECRET. A variable, since every user of a machine can read flags.
    #[arg(long, hide = true, env = "STEPWRIGHT_KEY", hide_env_values = true)]
    key: Option<Hidden<String>>,
}

/// A server to ask.
pub(super) struct Client {
    http: reqwest::Client,
    endpoint: String,
    key: Option<Hidden<String>>,
}

/// What the native API says when it cannot do what was asked.
#[derive(serde::Deserialize)]
struct Problem {
    message: String,
}

impl Client {
    pub(super) fn new(target: &Target) -> Result<Self, Failure> {
        // An error says that there is one already, which will do.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .timeout(CALL_TIME_MAX)
            .connect_timeout(CONNECT_TIME_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::of(Exit::Broken, &error))?;
        let endpoint = target.endpoint.trim_end_matches('/').to_owned();
        if !(endpoint.starts_with("http://") || endpoint.starts_with("https://")) {
            return Err(Failure::new(
                Exit::Invalid,
                format!(
                    "'{}' is no address of a server: write it as in http://127.0.0.1:8083",
                    visible(&endpoint)
                ),
            ));
        }
        Ok(Self {
            http,
            endpoint,
            key: target.key.clone(),
        })
    }

    /// The text of the answer, which is JSON or empty. `path` is encoded, and begins with a slash.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<String, Failure> {
        let url = format!("{}/api/v1{path}", self.endpoint);
        let mut request = self.http.request(method, url);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.reveal());
        }
        if let Some(body) = body {
            request = request
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .body(body);
        }
        let mut response = request.send().await.map_err(|error| self.lost(&error))?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.lost(&error))? {
            if bytes.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(Failure::new(
                    Exit::Broken,
                    format!("the answer is larger than {ANSWER_BYTES_MAX} bytes"),
                ));
            }
            bytes.extend_from_slice(&piece);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if status.is_success() {
            return Ok(text);
        }
        Err(refused(status, &text))
    }

    /// An answer, read.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        read(&self.send(Method::GET, path, None).await?)
    }

    fn lost(&self, error: &reqwest::Error) -> Failure {
        // The address is said once, by us.
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let message = format!(
            "the server at {} cannot be reached: {}",
            visible(&self.endpoint),
            visible(&chain(cause))
        );
        Failure::new(Exit::Unreachable, message).hint(
            "start one with 'stepwright serve', or say where it is with --endpoint URL or \
             STEPWRIGHT_ENDPOINT",
        )
    }
}

/// Reads an answer of the server.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| {
        Failure::new(
            Exit::Broken,
            format!("the answer is not one of Stepwright's: {error}"),
        )
        .hint("is something else listening there?")
    })
}

/// One part of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn refused(status: StatusCode, text: &str) -> Failure {
    let message = match serde_json::from_str::<Problem>(text) {
        Ok(problem) => visible(&problem.message),
        Err(_) => format!("the server answered {status}"),
    };
    let exit = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::NotAllowed,
        StatusCode::NOT_FOUND => Exit::NotFound,
        StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => Exit::Conflict,
        status if status.is_server_error() => Exit::Unreachable,
        _ => Exit::Invalid,
    };
    let failure = Failure::new(exit, message);
    match exit {
        Exit::NotAllowed => {
            failure.hint("give this command a key: export STEPWRIGHT_KEY=ID:SECRET")
        }
        _ => failure,
    }
}
