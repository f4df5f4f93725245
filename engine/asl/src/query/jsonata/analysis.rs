//! What an expression reads, found without evaluating it: variables, parts of `$states`, and a
//! document that Step Functions does not have.

use std::{collections::HashSet, sync::Arc};

use indexmap::IndexSet;
use jlens_core::{
    Node, NodeKind,
    ast::{Attrs, BinaryOp, LambdaDef, Stage},
    stack,
};

use super::{Part, functions};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Variables of the workflow: names that nothing in the expression binds, and that are not a
    /// function's.
    pub(super) variables: IndexSet<Arc<str>>,
    /// Functions by name, those that are only mentioned too.
    pub(super) functions: IndexSet<Arc<str>>,
    /// `$states` by a part's name.
    pub(super) parts: Vec<Part>,
    /// `$states` in any way.
    pub(super) reads_states: bool,
    pub(super) assigns_states: bool,
    /// References to a document, by what is written: `name`, `$`, `$$`, `*`.
    pub(super) top_level: IndexSet<Arc<str>>,
    /// The one that the expression opens with: `a` of `a.b + 1`.
    pub(super) opening: Option<Arc<str>>,
    pub(super) may_run_long: bool,
}

/// Functions whose work their arguments do not bound.
const LONG: [&str; 2] = ["pad", "range"];

impl Reading {
    pub(super) fn of(root: &Node) -> Self {
        let mut walker = Walker {
            reading: Self::default(),
            scopes: vec![HashSet::new()],
        };
        walker.node(
            root,
            Place {
                is_top: true,
                is_repeated: false,
            },
        );
        walker.reading.opening = opening(root)
            .filter(|name| walker.reading.top_level.contains(*name))
            .map(Arc::from);
        walker.reading
    }
}

/// What the text of a node begins with, where that is a reference.
fn opening(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Path { steps, .. } => opening(steps.first()?),
        NodeKind::Binary { lhs, .. }
        | NodeKind::Fallback { lhs, .. }
        | NodeKind::Apply { lhs, .. } => stack::grow(|| opening(lhs)),
        NodeKind::Condition { condition, .. } => stack::grow(|| opening(condition)),
        NodeKind::Name { name } => Some(name),
        NodeKind::Wildcard => Some("*"),
        NodeKind::Descendant => Some("**"),
        _ => None,
    }
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Place {
    /// Its context is the document.
    is_top: bool,
    /// It is evaluated for each of many items.
    is_repeated: bool,
}

const INSIDE: Place = Place {
    is_top: false,
    is_repeated: true,
};

struct Walker<'n> {
    reading: Reading,
    /// Names that the expression itself binds, by scope.
    scopes: Vec<HashSet<&'n str>>,
}

impl<'n> Walker<'n> {
    fn node(&mut self, node: &'n Node, place: Place) {
        stack::grow(|| self.visit(node, place));
    }

    fn all(&mut self, nodes: impl IntoIterator<Item = &'n Node>, place: Place) {
        for node in nodes {
            self.node(node, place);
        }
    }

    fn visit(&mut self, node: &'n Node, place: Place) {
        match &node.kind {
            NodeKind::Path { steps, .. } => {
                self.scopes.push(HashSet::new());
                self.path(steps, place);
                self.scopes.pop();
            }
            NodeKind::Binary { op, lhs, rhs } => {
                self.reading.may_run_long |= matches!(op, BinaryOp::Range);
                self.all([&**lhs, &**rhs], place);
            }
            NodeKind::Fallback { lhs, rhs, .. } | NodeKind::Apply { lhs, rhs } => {
                self.all([&**lhs, &**rhs], place);
            }
            NodeKind::Negate { expr } => self.node(expr, place),
            NodeKind::Array { items } => self.all(items, place),
            NodeKind::Object { pairs } => {
                self.all(pairs.iter().flat_map(|(key, value)| [key, value]), place);
            }
            NodeKind::Name { name } => self.reference(name, place),
            NodeKind::Wildcard => self.reference("*", place),
            NodeKind::Parent { .. } => self.reference("%", place),
            NodeKind::Descendant => {
                self.reading.may_run_long = true;
                self.reference("**", place);
            }
            NodeKind::Variable { name } => self.variable(name, place),
            NodeKind::Condition {
                condition,
                then,
                otherwise,
            } => {
                self.all([&**condition, &**then], place);
                self.all(otherwise.as_deref(), place);
            }
            NodeKind::Block { exprs, .. } => self.block(exprs, place),
            NodeKind::Bind { lhs, rhs } => self.bind(lhs, rhs, place),
            NodeKind::Function { procedure, args } | NodeKind::Partial { procedure, args } => {
                self.node(procedure, place);
                self.all(args, place);
            }
            NodeKind::Lambda(def) => self.lambda(def, place),
            NodeKind::Transform(def) => {
                self.reading.may_run_long = true;
                self.all([&def.pattern, &def.update], INSIDE);
                self.all(&def.delete, INSIDE);
            }
            NodeKind::Sort { terms } => {
                self.all(terms.iter().map(|term| &term.expr), INSIDE);
            }
            NodeKind::Regex { .. } => self.reading.may_run_long = true,
            NodeKind::String { .. }
            | NodeKind::Number { .. }
            | NodeKind::Bool { .. }
            | NodeKind::Null
            | NodeKind::Placeholder
            | NodeKind::Error { .. } => {}
        }
        self.attributes(&node.attrs);
    }

    fn path(&mut self, steps: &'n [Node], place: Place) {
        if let [first, second, ..] = steps
            && let (NodeKind::Variable { name }, NodeKind::Name { name: part }) =
                (&first.kind, &second.kind)
            && name == "states"
            && !self.is_bound(name)
        {
            self.reading.reads_states = true;
            self.reading.parts.extend(Part::named(part));
        }
        for (index, step) in steps.iter().enumerate() {
            self.node(step, if index == 0 { place } else { INSIDE });
        }
    }

    /// Filters, groups, and the names that a step is bound to.
    fn attributes(&mut self, attrs: &'n Attrs) {
        let names = [&attrs.focus, &attrs.index].into_iter().flatten();
        names.for_each(|name| self.declare(name));
        for stage in attrs.stages.iter().chain(&attrs.predicate) {
            match stage {
                Stage::Filter { expr, .. } => self.node(expr, INSIDE),
                Stage::Index { var, .. } => self.declare(var),
            }
        }
        if let Some(group) = &attrs.group {
            let pairs = group.pairs.iter().flat_map(|(key, value)| [key, value]);
            self.all(pairs, INSIDE);
        }
    }

    fn block(&mut self, exprs: &'n [Node], place: Place) {
        self.scopes.push(HashSet::new());
        // Functions of a block may call one another, whichever comes first.
        for expr in exprs {
            if let NodeKind::Bind { lhs, rhs } = &expr.kind
                && let (NodeKind::Variable { name }, NodeKind::Lambda(_)) = (&lhs.kind, &rhs.kind)
            {
                self.declare(name);
            }
        }
        self.all(exprs, place);
        self.scopes.pop();
    }

    fn bind(&mut self, lhs: &'n Node, rhs: &'n Node, place: Place) {
        let NodeKind::Variable { name } = &lhs.kind else {
            return self.all([lhs, rhs], place);
        };
        self.reading.assigns_states |= name == "states";
        if matches!(rhs.kind, NodeKind::Lambda(_)) {
            self.declare(name);
        }
        self.node(rhs, place);
        self.declare(name);
    }

    fn lambda(&mut self, def: &'n LambdaDef, place: Place) {
        // A thunk is how the library writes a call that comes last in a function.
        if def.thunk {
            return self.node(&def.body, place);
        }
        self.reading.may_run_long = true;
        self.scopes
            .push(def.params.iter().map(String::as_str).collect());
        self.node(&def.body, INSIDE);
        self.scopes.pop();
    }

    fn variable(&mut self, name: &'n str, place: Place) {
        match name {
            "" if place.is_top => self.reference("$", place),
            "" => {}
            // It is the document wherever it stands.
            "$" => {
                self.reading.top_level.insert(Arc::from("$$"));
            }
            _ if self.is_bound(name) => self.reading.may_run_long |= place.is_repeated,
            "states" => {
                self.reading.may_run_long |= place.is_repeated;
                self.reading.reads_states = true;
            }
            _ if functions::is_function(name) => {
                self.reading.may_run_long |= LONG.contains(&name);
                self.reading.functions.insert(Arc::from(name));
            }
            _ => {
                self.reading.may_run_long |= place.is_repeated;
                self.reading.variables.insert(Arc::from(name));
            }
        }
    }

    fn reference(&mut self, written: &str, place: Place) {
        if place.is_top {
            self.reading.top_level.insert(Arc::from(written));
        }
    }

    fn declare(&mut self, name: &'n str) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name);
        }
    }

    fn is_bound(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.contains(name))
    }
}
