//! Reading the cookies that a request brings. What they mean is known where they are set.

use http::HeaderMap;

/// The longest cookie header that is searched.
const COOKIES_BYTES_MAX: usize = 16 << 10;

/// The value of the first cookie of that name that has one.
pub fn find<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(http::header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter(|text| text.len() <= COOKIES_BYTES_MAX)
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(given, value)| *given == name && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cookies: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(http::header::COOKIE, cookie.parse().unwrap());
        }
        assert_eq!(find(&headers, "theme"), expected, "{cookies:?}");
    }

    #[test]
    fn the_first_cookie_of_the_name_that_says_something_is_taken() {
        check(&[], None);
        check(&["theme=dark"], Some("dark"));
        check(&["a=b; theme=dark; theme=light"], Some("dark"));
        check(&["a=b", "theme=; theme=light"], Some("light"));
        check(&["mytheme=dark; theme"], None);
        check(&[&format!("theme=dark; a={}", "x".repeat(16 << 10))], None);
    }
}
