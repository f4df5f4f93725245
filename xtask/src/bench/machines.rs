//! The definitions that are measured.

/// States of each chain.
pub(super) const STEPS: u32 = 10;
/// Items of the Map.
pub(super) const ITEMS: u32 = 1_000;
/// The name under which the local function is registered.
pub(super) const FUNCTION: &str = "bench";

pub(super) fn pass_chain() -> String {
    chain(r#""Type":"Pass""#)
}

/// The input of the two chains that compute.
pub(super) const QUERIED: &str =
    r#"{"n":1,"order":{"id":"a-17","items":[{"price":5},{"price":15}]}}"#;

/// Each state adds one, reads a part and takes the rest along, in JSONPath.
pub(super) fn json_path_chain() -> String {
    chain(
        r#""Type":"Pass","Parameters":{"n.$":"States.MathAdd($.n, 1)","id.$":"$.order.id","order.$":"$.order"}"#,
    )
}

/// The same in JSONata.
pub(super) fn jsonata_chain() -> String {
    chain(
        r#""Type":"Pass","QueryLanguage":"JSONata","Output":{"n":"{% $states.input.n + 1 %}","id":"{% $states.input.order.id %}","order":"{% $states.input.order %}"}"#,
    )
}

pub(super) fn task_chain() -> String {
    chain(&format!(
        r#""Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:{FUNCTION}""#
    ))
}

/// A flow of five states that does a little of everything that needs nothing from outside.
pub(super) fn flow() -> String {
    r#"{"StartAt":"Take","States":{
        "Take":{"Type":"Pass","Parameters":{"n.$":"$.n","twice.$":"States.MathAdd($.n, $.n)"},"Next":"Which"},
        "Which":{"Type":"Choice","Choices":[{"Variable":"$.twice","NumericGreaterThan":10,"Next":"Large"}],"Default":"Small"},
        "Large":{"Type":"Pass","Result":"large","ResultPath":"$.size","Next":"Tell"},
        "Small":{"Type":"Pass","Result":"small","ResultPath":"$.size","Next":"Tell"},
        "Tell":{"Type":"Pass","Parameters":{"text.$":"States.Format('{} is {}', $.n, $.size)"},"Next":"Done"},
        "Done":{"Type":"Succeed"}}}"#
        .to_owned()
}

/// States that an execution of [`flow`] passes through.
pub(super) const FLOW_STATES: u32 = 5;

/// One Pass for each element of an input that is an array.
pub(super) fn map() -> String {
    r#"{"StartAt":"Each","States":{"Each":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"One","States":{"One":{"Type":"Pass","End":true}}}}}}"#
        .to_owned()
}

/// Sleeps until the time that its input says.
pub(super) fn sleeper() -> String {
    r#"{"StartAt":"Sleep","States":{"Sleep":{"Type":"Wait","TimestampPath":"$.until","End":true}}}"#
        .to_owned()
}

pub(super) fn items() -> String {
    let items: Vec<String> = (0..ITEMS).map(|item| item.to_string()).collect();
    format!("[{}]", items.join(","))
}

fn chain(state: &str) -> String {
    let states = (1..=STEPS).map(|step| {
        let next = match step {
            STEPS => r#""End":true"#.to_owned(),
            _ => format!(r#""Next":"Step{}""#, step + 1),
        };
        format!(r#""Step{step}":{{{state},{next}}}"#)
    });
    let states: Vec<String> = states.collect();
    format!(r#"{{"StartAt":"Step1","States":{{{}}}}}"#, states.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_names_each_next_state_and_ends_once() {
        let chain = pass_chain();
        for step in 2..=STEPS {
            assert!(
                chain.contains(&format!(r#""Next":"Step{step}""#)),
                "{chain}"
            );
        }
        assert_eq!(chain.matches(r#""End":true"#).count(), 1);
        assert_eq!(chain.matches('{').count(), chain.matches('}').count());
    }
}
