//! The content type rule of the wire API: a form on someone's page can send neither of these types.

use http::HeaderMap;

use super::Refusal;

/// The types of the AWS JSON protocols, 1.0 and 1.1.
pub const ALLOWED: [&str; 2] = ["application/x-amz-json-1.0", "application/x-amz-json-1.1"];

/// Lets in one of [`ALLOWED`], with or without parameters.
pub fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(http::header::CONTENT_TYPE);
    let text = given.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = text.split(';').next().unwrap_or("").trim();
    if ALLOWED
        .iter()
        .any(|allowed| essence.eq_ignore_ascii_case(allowed))
    {
        return Ok(());
    }
    Err(Refusal::ContentType(essence.chars().take(80).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content_type: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(value) = content_type {
            headers.insert(http::header::CONTENT_TYPE, value.parse().unwrap());
        }
        check(&headers).is_ok()
    }

    #[test]
    fn only_the_json_protocols_are_let_in() {
        for fit in [
            "application/x-amz-json-1.0",
            "application/x-amz-json-1.1",
            "Application/X-Amz-Json-1.0; charset=utf-8",
        ] {
            assert!(answer(Some(fit)), "{fit}");
        }
        for unfit in [
            "application/json",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/x-amz-json-1.2",
            "",
        ] {
            assert!(!answer(Some(unfit)), "{unfit}");
        }
        assert!(!answer(None));
    }
}
