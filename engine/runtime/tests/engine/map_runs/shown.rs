//! What a Map Run shows of itself: results without a bucket, and failures that cannot be redriven.

use functions::fake::Fake;

use super::{PASS, counts, machine, machine_of, map_run_of};
use crate::world::{World, output, run};

#[tokio::test(flavor = "multi_thread")]
async fn results_without_a_bucket_are_formatted_all_the_same() {
    let world = World::new(Fake::new()).await;
    for (name, config) in [
        ("json", r#""OutputType":"JSON","Transformation":"FLATTEN""#),
        (
            "lines",
            r#""OutputType":"JSONL","Transformation":"COMPACT""#,
        ),
        ("flat", r#""OutputType":"JSONL","Transformation":"FLATTEN""#),
    ] {
        let fields = format!(r#""ResultWriter":{{"WriterConfig":{{{config}}}}},"#);
        world.machine(name, &machine(&fields, PASS)).await;
    }
    let engine = world.node(1).await;
    for (name, input, expected) in [
        ("json", r#"[[1,2],{"b":"x"}]"#, r#"[1,2,{"b":"x"}]"#),
        ("lines", r#"[[1,2],{"b":"x"}]"#, r#""[1,2]\n{\"b\":\"x\"}""#),
        ("flat", r#"[[1,2],{"b":"x"}]"#, r#""1\n2\n{\"b\":\"x\"}""#),
        ("lines", "[]", r#""""#),
    ] {
        let shown = output(&run(&engine, name, input).await).to_text();
        assert_eq!(shown, expected, "{name}");
    }
    engine.stop_node().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_that_cannot_be_redriven_any_more_are_counted() {
    let world = World::new(Fake::new()).await;
    let fields = r#""ItemBatcher":{"MaxItemsPerBatch":2},"ToleratedFailureCount":9,"#;
    let states = r#""S":{"Type":"Choice","Choices":[{"Variable":"$.Items[0]","NumericLessThan":1,"Next":"F"}],"Default":"P"},
        "P":{"Type":"Pass","End":true},"F":{"Type":"Fail","Error":"TooSmall"}"#;
    for kind in ["STANDARD", "EXPRESS"] {
        world.machine(kind, &machine_of(kind, fields, states)).await;
    }
    let engine = world.node(1).await;
    let strict = |days, events| {
        let change = move |settings: &mut runtime::Settings| {
            settings.redrivable_days = days;
            settings.limits.events_max = events;
        };
        let world = &world;
        async move { world.node_with(world.another_db().await, 2, change).await }
    };
    for kind in ["STANDARD", "EXPRESS"] {
        let view = run(&engine, kind, "[0,1,2,3,0]").await;
        let of = map_run_of(&world, view.facts.id).await;
        assert_eq!(counts(&of).executions.failed, 2);
        let lost = |both: runtime::counts::Both| {
            let (items, executions) = (both.items, both.executions);
            (
                items.failures_not_redrivable,
                executions.failures_not_redrivable,
            )
        };
        assert_eq!(lost(engine.map_run_counts(&of).await.unwrap()), (0, 0));
        let expected = if kind == "STANDARD" { (3, 2) } else { (0, 0) };
        // Closed too long ago, or with as many events as there may be.
        for (days, events) in [(0, 25_000), (14, 5)] {
            let other = strict(days, events).await;
            let shown = lost(other.map_run_counts(&of).await.unwrap());
            assert_eq!(shown, expected, "{kind}, {days} days, {events} events");
            other.stop_node().await;
        }
    }
    engine.stop_node().await;
}
