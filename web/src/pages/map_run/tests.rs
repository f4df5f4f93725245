//! The page of a Map Run: what it shows, where it leads, and what is not there.

use axum::http::StatusCode;

use crate::{pages::tests::get, testing::TestApp};

/// The numbers of a row of the counts: items, children.
#[track_caller]
fn counts(page: &str, what: &str) -> (String, String) {
    let row = page.split(&format!("<th scope=\"row\">{what}</th>")).nth(1);
    let row = row.unwrap_or_else(|| panic!("no row {what}"));
    let mut cells = row.split("<td class=\"number\">").skip(1);
    let mut next = || {
        let cell = cells.next().unwrap_or_default();
        cell.split('<').next().unwrap_or_default().to_owned()
    };
    (next(), next())
}

/// How many executions the page leads to beside the one that began the Map Run.
fn children(page: &str, execution: &str) -> usize {
    let links = page.split("href=\"/executions/").skip(1);
    let links = links.filter_map(|rest| rest.split('"').next());
    let others: std::collections::BTreeSet<&str> = links.filter(|id| *id != execution).collect();
    others.len()
}

#[tokio::test]
async fn a_map_run_shows_its_counts_and_its_children_by_status() {
    let app = TestApp::new().await;
    let (execution, id) = app.map_run("[1,5,0,2,3]").await;
    let (status, page) = get(&app, &format!("/map-runs/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("<h1>Map Run Each</h1>"));
    assert!(page.contains(&format!("href=\"/executions/{execution}\"")));
    assert!(page.contains("Standard children"));
    let both = |items: &str, children: &str| (items.to_owned(), children.to_owned());
    assert_eq!(counts(&page, "Succeeded"), both("3", "2"));
    assert_eq!(counts(&page, "Failed"), both("2", "1"));
    assert_eq!(counts(&page, "Total"), both("5", "3"));
    assert_eq!(counts(&page, "Cannot be redriven"), both("0", "0"));
    assert_eq!(children(&page, &execution), 3);
    for (status, expected) in [("FAILED", 1), ("SUCCEEDED", 2), ("RUNNING", 0)] {
        let (_, page) = get(&app, &format!("/map-runs/{id}?status={status}")).await;
        assert_eq!(children(&page, &execution), expected, "{status}");
        assert_eq!(page.contains("None."), expected == 0, "{status}");
        assert!(
            page.contains(&format!("href=\"/map-runs/{id}\"")),
            "back to all"
        );
    }
    // Its execution leads to it.
    let (_, page) = get(&app, &format!("/executions/{execution}")).await;
    assert!(page.contains(&format!("href=\"/map-runs/{id}\"")));
}

#[tokio::test]
async fn a_map_run_that_is_not_there_has_no_page() {
    let app = TestApp::new().await;
    for id in ["0196a5e2-0000-7000-8000-000000000000", "nothing"] {
        let (status, page) = get(&app, &format!("/map-runs/{id}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(page.contains("Map Run"), "{page}");
    }
}
