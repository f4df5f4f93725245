//! What a parsed path says. Plain data; reading it is in `parse`, walking it in `evaluate`.

use std::sync::Arc;

use super::{filter::Filter, function::Call};
use crate::query::VariableNames;

/// A root and the steps down from it.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) root: Root,
    pub(super) steps: Box<[Step]>,
    /// Whether it names at most one place, so that its value stands for itself and not in a list.
    pub(super) definite: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// `$`
    Input,
    /// `$$`
    Context,
    /// `$name`
    Variable(Arc<str>),
    /// `@`, inside a filter
    Item,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// `.a`, `['a']`
    Name(Arc<str>),
    /// `['a','b']`: at the end of a path one object of those members, elsewhere each of them.
    Names(Box<[Arc<str>]>),
    /// `[0]`, `[-1]`
    Index(i64),
    /// `[0,2]`
    Indexes(Box<[i64]>),
    /// `[1:3]`
    Slice { from: Option<i64>, to: Option<i64> },
    /// `.*`, `[*]`
    Wildcard,
    /// `..`: the following step at this node and at every one below it.
    Descend,
    /// `[?(…)]`
    Filter(Box<Filter>),
    /// `.length()`
    Call(Box<Call>),
}

impl Route {
    pub(super) fn new(root: Root, steps: Vec<Step>) -> Self {
        let mut route = Self {
            root,
            steps: steps.into(),
            definite: false,
        };
        let (_, after) = route.split_at_aggregate();
        route.definite = after.iter().enumerate().all(|(index, step)| match step {
            Step::Name(_) | Step::Index(_) | Step::Call(_) => true,
            Step::Names(_) => index + 1 == after.len(),
            Step::Indexes(_)
            | Step::Slice { .. }
            | Step::Wildcard
            | Step::Descend
            | Step::Filter(_) => false,
        });
        route
    }

    /// In `$..price.sum()` the function takes all that the path before it finds, as one list; after
    /// any other path it takes each value by itself. Gives the steps that make the list (none in
    /// the second case) and those from the function on.
    pub(super) fn split_at_aggregate(&self) -> (&[Step], &[Step]) {
        if !matches!(self.steps.first(), Some(Step::Descend)) {
            return (&[], &self.steps);
        }
        let call = self
            .steps
            .iter()
            .position(|step| matches!(step, Step::Call(_)));
        call.and_then(|at| self.steps.split_at_checked(at))
            .unwrap_or((&[], &self.steps))
    }

    /// Whether its value is a part of what it reads.
    pub(super) fn copies_nothing(&self) -> bool {
        self.steps
            .iter()
            .all(|step| matches!(step, Step::Name(_) | Step::Index(_)))
    }

    /// Appends the variables that it reads.
    pub(super) fn variables(&self, names: &mut VariableNames) {
        if let Root::Variable(name) = &self.root {
            names.insert(Arc::clone(name));
        }
        for step in &self.steps {
            match step {
                Step::Filter(filter) => filter.routes(&mut |route| route.variables(names)),
                Step::Call(call) => call.routes(&mut |route| route.variables(names)),
                Step::Name(_)
                | Step::Names(_)
                | Step::Index(_)
                | Step::Indexes(_)
                | Step::Slice { .. }
                | Step::Wildcard
                | Step::Descend => {}
            }
        }
    }
}

/// `$['a'][0]`: how messages name the place that `steps` lead to.
pub(super) fn trail<'a>(steps: impl IntoIterator<Item = &'a Step>) -> String {
    steps.into_iter().fold(String::from("$"), |mut text, step| {
        text.push_str(&fragment(step));
        text
    })
}

/// One step as messages write it.
pub(super) fn fragment(step: &Step) -> String {
    let bound = |bound: &Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
    match step {
        Step::Name(name) => format!("['{name}']"),
        Step::Names(names) => format!("['{}']", names.join("','")),
        Step::Index(index) => format!("[{index}]"),
        Step::Indexes(indexes) => {
            let indexes: Vec<String> = indexes.iter().map(ToString::to_string).collect();
            format!("[{}]", indexes.join(","))
        }
        Step::Slice { from, to } => format!("[{}:{}]", bound(from), bound(to)),
        Step::Wildcard => "[*]".to_owned(),
        Step::Descend => "..".to_owned(),
        Step::Filter(_) => "[?]".to_owned(),
        Step::Call(call) => format!(".{}()", call.function.name()),
    }
}
