//! The patterns that a new machine can begin with. Each is a valid definition that runs, or says
//! in its comment what it needs first.

/// A definition to begin with.
pub struct Pattern {
    pub id: &'static str,
    pub title: &'static str,
    pub help: &'static str,
    pub icon: &'static str,
    pub class: &'static str,
    pub definition: &'static str,
}

pub static PATTERNS: &[Pattern] = &[
    Pattern {
        id: "hello",
        title: "Greeting",
        help: "A choice and two answers. Runs at once, needs nothing.",
        icon: "arrow-right",
        class: "type-pass",
        definition: include_str!("pattern/hello.json"),
    },
    Pattern {
        id: "retry",
        title: "Retry and catch",
        help: "Calls a function, tries again, then tells what failed.",
        icon: "zap",
        class: "type-task",
        definition: include_str!("pattern/retry.json"),
    },
    Pattern {
        id: "approval",
        title: "Approval with a deadline",
        help: "Waits a day for a decision, then goes on without one.",
        icon: "clock",
        class: "type-wait",
        definition: include_str!("pattern/approval.json"),
    },
    Pattern {
        id: "poll",
        title: "Poll until done",
        help: "Starts a job, looks every 30 seconds, gives up after an hour.",
        icon: "split",
        class: "type-choice",
        definition: include_str!("pattern/poll.json"),
    },
    Pattern {
        id: "parallel",
        title: "Fan out and join",
        help: "Two branches side by side, one result.",
        icon: "columns-3",
        class: "type-parallel",
        definition: include_str!("pattern/parallel.json"),
    },
    Pattern {
        id: "batch",
        title: "For each item",
        help: "One function call an item, ten at once.",
        icon: "repeat",
        class: "type-map",
        definition: include_str!("pattern/batch.json"),
    },
];

/// The pattern of that id.
pub fn find(id: &str) -> Option<&'static Pattern> {
    PATTERNS.iter().find(|pattern| pattern.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_json_with_a_comment_and_states() {
        for pattern in PATTERNS {
            let value = asl::json::parse(pattern.definition).expect(pattern.id);
            assert!(value.get("Comment").is_some(), "{}", pattern.id);
            assert!(value.get("States").is_some(), "{}", pattern.id);
            assert!(std::ptr::eq(find(pattern.id).unwrap(), pattern));
        }
        assert!(find("none").is_none());
    }
}
