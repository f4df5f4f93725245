//! Where a form leads back to: an address of this server, never of another.

/// The longest way back that is kept; longer addresses lead to the first page.
const BYTES_MAX: usize = 2000;

/// The path where it is one of this server's, else the first page's. Browsers take a backslash for a
/// slash and leave out tabs and line ends, so that only visible signs pass.
pub fn own_path(path: &str) -> &str {
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= BYTES_MAX
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_back_leads_to_this_server_only() {
        let long = format!("/{}", "a".repeat(BYTES_MAX));
        for (path, expected) in [
            ("/machines?q=a", "/machines?q=a"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("https://evil.example/", "/"),
            ("/a\r\nSet-Cookie: x=y", "/"),
            ("", "/"),
            (long.as_str(), "/"),
        ] {
            assert_eq!(own_path(path), expected);
        }
    }
}
