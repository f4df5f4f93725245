//! Finds the expressions of a template.

use std::sync::Arc;

use super::{Node, Template};
use crate::{
    json::{Json, Object, pointer::Pointer},
    query::{
        Expression, Jsonata, SyntaxError,
        jsonata::{Text, text},
        limits,
    },
};

/// What makes an expression of a text of JSONata that is one.
type Compile<'c> = &'c mut dyn FnMut(Text<'_>, &Pointer) -> Option<Jsonata>;

#[derive(Default)]
pub(super) struct Compiler<'c> {
    /// What compiles an expression of JSONata; none where the template is in JSONPath.
    jsonata: Option<Compile<'c>>,
    expressions: usize,
    problems: Vec<(Pointer, SyntaxError)>,
}

impl<'c> Compiler<'c> {
    pub(super) fn jsonata(compile: Compile<'c>) -> Self {
        Self {
            jsonata: Some(compile),
            ..Self::default()
        }
    }

    pub(super) fn finish(self, node: Node) -> Result<Template, Vec<(Pointer, SyntaxError)>> {
        if self.problems.is_empty() {
            Ok(Template {
                node,
                expressions: self.expressions,
            })
        } else {
            Err(self.problems)
        }
    }

    pub(super) fn node(&mut self, value: &Json, at: &Pointer, depth: usize) -> Node {
        if depth > limits::VALUE_DEPTH_MAX {
            let levels = limits::VALUE_DEPTH_MAX;
            self.refuse(at, format!("a template may nest at most {levels} levels"));
            return Node::Literal(Json::Null);
        }
        match value {
            Json::Array(items) => {
                let nodes: Box<[Node]> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.node(item, &at.child(index), depth + 1))
                    .collect();
                let literal = nodes.iter().all(|node| matches!(node, Node::Literal(_)));
                if literal {
                    Node::Literal(value.clone())
                } else {
                    Node::Array(nodes)
                }
            }
            Json::Object(members) => self.object(value, members, at, depth),
            Json::String(written) => self.text(value, written, at),
            Json::Null | Json::Bool(_) | Json::Number(_) => Node::Literal(value.clone()),
        }
    }

    fn text(&mut self, value: &Json, written: &str, at: &Pointer) -> Node {
        let kind = text(written);
        let Some(compile) = self.jsonata.as_mut().filter(|_| kind != Text::Literal) else {
            return Node::Literal(value.clone());
        };
        if let Some(expression) = compile(kind, at) {
            self.expressions += 1;
            return Node::Dynamic {
                expression: Expression::Jsonata(expression),
                name: Arc::from(""),
            };
        }
        self.refuse(at, "the expression does not compile".to_owned());
        Node::Literal(Json::Null)
    }

    fn object(&mut self, value: &Json, members: &Object, at: &Pointer, depth: usize) -> Node {
        let mut literal = true;
        let nodes = members
            .iter()
            .map(|(name, member)| {
                let at = at.child(name);
                let (name, node) = match self.renamed(name) {
                    Some(plain) => (Arc::from(plain), self.dynamic(name, member, &at)),
                    None => (Arc::clone(name), self.node(member, &at, depth + 1)),
                };
                literal &= matches!(node, Node::Literal(_));
                (name, node)
            })
            .collect();
        if literal && self.problems.is_empty() {
            Node::Literal(value.clone())
        } else {
            Node::Object(nodes)
        }
    }

    /// The name that a member gets, where its own says that it holds an expression.
    fn renamed<'n>(&self, name: &'n str) -> Option<&'n str> {
        match self.jsonata {
            None => name.strip_suffix(".$"),
            Some(_) => None,
        }
    }

    /// The expression that a JSONPath member `name` holds.
    fn dynamic(&mut self, name: &Arc<str>, value: &Json, at: &Pointer) -> Node {
        let parsed = match value.as_str() {
            Some(text) => Expression::parse_json_path(text),
            None => Err(SyntaxError {
                message: format!(
                    "expected a path or an intrinsic call but found a {}",
                    value.kind()
                ),
                offset: 0,
            }),
        };
        match parsed {
            Ok(expression) => {
                self.expressions += 1;
                Node::Dynamic {
                    expression,
                    name: Arc::clone(name),
                }
            }
            Err(problem) => {
                self.problems.push((at.clone(), problem));
                Node::Literal(Json::Null)
            }
        }
    }

    fn refuse(&mut self, at: &Pointer, message: String) {
        self.problems
            .push((at.clone(), SyntaxError { message, offset: 0 }));
    }
}
