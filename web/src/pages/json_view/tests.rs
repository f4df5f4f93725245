//! JSON drawn as a tree: order, folding, limits, escaping.

use super::*;

fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            c if !in_tag => out.push(c),
            _ => {}
        }
    }
    out.replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[test]
fn a_value_is_laid_out_with_its_order_and_number_spelling() {
    let view = JsonView::new(r#"{"b":1.50,"a":[true,null,{}],"c":"x"}"#);
    assert_eq!(
        plain(&view.html),
        "{\n  \"b\": 1.50,\n  \"a\": [\n    true,\n    null,\n    {}\n  ],\n  \"c\": \"x\"\n}"
    );
    assert!(!view.is_folded);
    assert!(view.html.contains("<span class=k>&quot;b&quot;</span>"));
    assert!(view.html.contains("<span class=n>1.50</span>"));
}

#[test]
fn markup_in_a_value_stays_text() {
    let view = JsonView::new(r#"{"<img src=x onerror=alert(1)>":"</pre><script>'"}"#);
    assert!(!view.html.contains("<img"));
    assert!(!view.html.contains("</pre>"));
    assert!(!view.html.contains("<script"));
    let broken = JsonView::new("<script>alert(1)</script>");
    assert_eq!(broken.html, "&lt;script&gt;alert(1)&lt;/script&gt;");
}

#[test]
fn a_long_list_is_folded_and_says_its_size() {
    let text = format!("[{}]", vec!["1"; 1000].join(","));
    let view = JsonView::new(&text);
    assert!(view.is_folded);
    assert!(view.html.ends_with("<i>…</i>"));
    assert!(view.html.lines().count() <= LINES_MAX + 1);
    assert_eq!(view.size, "2 KB");
}

#[test]
fn a_long_string_is_cut_and_says_its_size() {
    let text = format!("{{\"a\":\"{}\",\"b\":1}}", "é".repeat(1000));
    let view = JsonView::new(&text);
    assert!(view.is_folded);
    assert!(plain(&view.html).contains("… 2 KB"));
    assert!(
        plain(&view.html).contains("\"b\": 1"),
        "what follows is shown"
    );
}

#[test]
fn deep_nesting_makes_no_huge_page() {
    let text = format!("{}1{}", "[".repeat(900), "]".repeat(900));
    assert!(JsonView::new(&text).html.len() < 20_000);
    assert!(pretty(&text).len() < 200_000);
}

#[test]
fn pretty_text_is_the_same_value() {
    let text = r#"{"a":[],"b":{"c":[1,2.0e5]},"d":"\u0007\"<"}"#;
    let laid_out = pretty(text);
    assert_eq!(
        json::parse(&laid_out).unwrap().to_text(),
        json::parse(text).unwrap().to_text()
    );
    assert_eq!(pretty("{not json"), "{not json");
}

#[test]
fn colouring_changes_no_character() {
    for text in [
        "",
        "{\n\t\"a\" : [ 1, -2.5e+3, true ], \"b\\\"\":\"x<&>\" }\n",
        "{\"never closed",
        "é\u{1f600} \"\\",
        "- nonsense 12ab ] } \"a\nb\"",
    ] {
        assert_eq!(plain(&coloured(text)), text);
    }
}

#[test]
fn a_name_is_told_from_a_string() {
    let html = coloured("{\"Type\" : \"Task\"}");
    assert!(html.contains("<span class=k>&quot;Type&quot;</span>"));
    assert!(html.contains("<span class=s>&quot;Task&quot;</span>"));
}
