//! A result of the library as our data.

use std::{collections::HashMap, rc::Rc, sync::Arc};

use jlens_core::output::{Builder, Member};

use super::source::Data;
use crate::json::{Json, Number, Object};

/// Builds a result. Parts of the data that the expression left as they were are taken whole.
pub(super) struct Writer<'w, 'e> {
    pub(super) data: Option<&'w Rc<Data<'e>>>,
    /// Spellings by the number that stands for each.
    pub(super) spelled: Option<&'w HashMap<u64, Arc<str>>>,
    /// Bits of the numbers that the result holds beside such parts.
    pub(super) numbers: Vec<u64>,
}

impl Builder for Writer<'_, '_> {
    type Value = Json;
    type Array = Vec<Json>;
    type Object = Object;

    fn null(&mut self) -> Json {
        Json::Null
    }

    fn bool(&mut self, value: bool) -> Json {
        Json::Bool(value)
    }

    fn number(&mut self, value: f64) -> Json {
        self.numbers.push(value.to_bits());
        let spelled = self
            .spelled
            .and_then(|spelled| spelled.get(&value.to_bits()))
            .and_then(|text| Number::parse(text));
        spelled
            .or_else(|| Number::from_f64(value))
            .map_or(Json::Null, Json::Number)
    }

    fn string(&mut self, value: &str) -> Json {
        Json::string(value)
    }

    fn array(&mut self, len: usize) -> Vec<Json> {
        Vec::with_capacity(len)
    }

    fn push(&mut self, array: &mut Vec<Json>, item: Json) {
        array.push(item);
    }

    fn end_array(&mut self, array: Vec<Json>) -> Json {
        Json::array(array)
    }

    fn object(&mut self, len: usize) -> Object {
        Object::with_capacity(len)
    }

    fn insert(&mut self, object: &mut Object, key: &str, value: Json) {
        object.insert(Arc::from(key), value);
    }

    fn end_object(&mut self, object: Object) -> Json {
        Json::object(object)
    }

    fn input(&mut self, member: Member) -> Option<Json> {
        let data = self.data?;
        member.of(data).then(|| data.part(member.index())).flatten()
    }
}
