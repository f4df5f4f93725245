//! Our data as the library reads it: one level at a time, only where the expression looks.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::{Rc, Weak},
    sync::Arc,
};

use jlens_core::input::{Sink, Source, Sources};

use super::{Part, View, spelling};
use crate::json::{Json, Number};

/// Names in the document that the library is given, which no expression can spell by chance.
const PREFIX: char = '\u{E000}';

/// The name of the document's member that holds the value to be bound as number `index`.
pub(super) fn member_name(index: usize) -> String {
    format!("{PREFIX}{index}")
}

/// The document of one evaluation: a member for each name that the expression needs bound.
pub(super) struct Data<'e> {
    me: Weak<Self>,
    view: View<'e>,
    /// What the members are, by number.
    bound: &'e [Arc<str>],
    /// Arrays and objects that the library has been told of.
    parts: RefCell<Vec<Json>>,
    /// Numbers with a spelling of their own that were read, in the order of their reading.
    spelled: RefCell<indexmap::IndexSet<Arc<str>>>,
    /// What such numbers are read as instead.
    moved: Option<&'e HashMap<Arc<str>, f64>>,
    has_many: Cell<bool>,
}

/// Numbers of the parts that come before those in `parts`.
const DOCUMENT: u32 = 0;
const STATES: u32 = 1;
const FIRST: u32 = 2;

/// How many spellings are kept track of; beyond, numbers that stand alone are spelled anew.
const SPELLINGS_MAX: usize = 10_000;

impl<'e> Data<'e> {
    pub(super) fn new(
        view: View<'e>,
        bound: &'e [Arc<str>],
        moved: Option<&'e HashMap<Arc<str>, f64>>,
    ) -> Rc<Self> {
        Rc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            view,
            bound,
            parts: RefCell::default(),
            spelled: RefCell::default(),
            moved,
            has_many: Cell::new(false),
        })
    }

    /// The part of that number, where it is one of ours as it stands.
    pub(super) fn part(&self, number: u32) -> Option<Json> {
        let index = usize::try_from(number.checked_sub(FIRST)?).ok()?;
        self.parts.borrow().get(index).cloned()
    }

    /// The spellings that were read, each of a number that would be spelled otherwise; none where
    /// there were too many.
    pub(super) fn spellings(&self) -> Vec<Arc<str>> {
        if self.has_many.get() {
            return Vec::new();
        }
        self.spelled.borrow().iter().map(Arc::clone).collect()
    }

    fn number(&self, number: &Number) -> f64 {
        if spelling::is_usual(number) {
            return number.as_f64();
        }
        let mut spelled = self.spelled.borrow_mut();
        if spelled.len() < SPELLINGS_MAX {
            if !spelled.contains(number.as_str()) {
                spelled.insert(Arc::from(number.as_str()));
            }
        } else {
            self.has_many.set(true);
        }
        self.moved
            .and_then(|moved| moved.get(number.as_str()).copied())
            .unwrap_or_else(|| spelling::value(number))
    }

    fn write(&self, value: &Json, sink: &mut Sink<'_, 'e>) {
        match value {
            Json::Null => sink.null(),
            Json::Bool(value) => sink.bool(*value),
            Json::Number(number) => sink.number(self.number(number)),
            Json::String(text) => sink.string(text),
            Json::Array(_) | Json::Object(_) => {
                // The data outlives the evaluation that reads it.
                let Some(me) = self.me.upgrade() else { return };
                let mut parts = self.parts.borrow_mut();
                let Ok(number) = u32::try_from(parts.len() + FIRST as usize) else {
                    return;
                };
                parts.push(value.clone());
                drop(parts);
                if matches!(value, Json::Array(_)) {
                    sink.array_of(&me, number);
                } else {
                    sink.object_of(&me, number);
                }
            }
        }
    }

    fn write_bound(&self, name: &str, sink: &mut Sink<'_, 'e>) {
        if name == "states" {
            if let Some(me) = self.me.upgrade() {
                sink.object_of(&me, STATES);
            }
        } else if let Some(value) = self.view.variables.get(name) {
            self.write(value.json(), sink);
        }
    }
}

impl<'e> Sources<'e> for Data<'e> {
    fn read(&self, index: u32, sink: &mut Sink<'_, 'e>) -> Result<(), String> {
        match index {
            DOCUMENT => {
                for (number, name) in self.bound.iter().enumerate() {
                    sink.key(&member_name(number));
                    self.write_bound(name, sink);
                }
            }
            STATES => {
                for part in Part::ALL {
                    if let Some(value) = part.read(&self.view) {
                        sink.key(part.as_str());
                        self.write(value, sink);
                    }
                }
            }
            _ => match self.part(index) {
                Some(Json::Array(items)) => {
                    sink.reserve(items.len());
                    items.iter().for_each(|item| self.write(item, sink));
                }
                Some(Json::Object(members)) => {
                    sink.reserve(members.len());
                    for (name, member) in members.iter() {
                        sink.key(name);
                        self.write(member, sink);
                    }
                }
                Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) | None => {}
            },
        }
        Ok(())
    }

    fn read_field(&self, index: u32, key: &str, sink: &mut Sink<'_, 'e>) -> Result<bool, String> {
        match index {
            DOCUMENT => {
                let number = key
                    .strip_prefix(PREFIX)
                    .and_then(|number| number.parse().ok());
                if let Some(name) = number.and_then(|number: usize| self.bound.get(number)) {
                    self.write_bound(name, sink);
                }
            }
            STATES => {
                if let Some(value) = Part::named(key).and_then(|part| part.read(&self.view)) {
                    self.write(value, sink);
                }
            }
            _ => {
                if let Some(Json::Object(members)) = self.part(index)
                    && let Some(member) = members.get(key)
                {
                    self.write(member, sink);
                }
            }
        }
        Ok(true)
    }

    fn length(&self, index: u32) -> Option<usize> {
        self.part(index)?.as_array().map(<[Json]>::len)
    }

    fn read_item(&self, index: u32, item: usize, sink: &mut Sink<'_, 'e>) -> Result<bool, String> {
        if let Some(Json::Array(items)) = self.part(index)
            && let Some(item) = items.get(item)
        {
            self.write(item, sink);
        }
        Ok(true)
    }
}

/// The document as the input of an evaluation.
pub(super) struct Document<'e>(pub(super) Rc<Data<'e>>);

impl<'e> Source<'e> for Document<'e> {
    fn read(&self, sink: &mut Sink<'_, 'e>) -> Result<(), String> {
        sink.object_of(&self.0, DOCUMENT);
        Ok(())
    }
}

/// No document at all.
pub(super) struct Nothing;

impl Source<'_> for Nothing {
    fn read(&self, _: &mut Sink<'_, '_>) -> Result<(), String> {
        Ok(())
    }
}
