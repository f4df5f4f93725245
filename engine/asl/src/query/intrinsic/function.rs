//! Names of the functions and what they take, as far as a definition can be checked for it.

use super::Argument;
use crate::json::Json;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Array,
    ArrayPartition,
    ArrayContains,
    ArrayRange,
    ArrayGetItem,
    ArrayLength,
    ArrayUnique,
    Base64Encode,
    Base64Decode,
    Hash,
    JsonMerge,
    StringToJson,
    JsonToString,
    MathRandom,
    MathAdd,
    StringSplit,
    Uuid,
    Format,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Text,
    Number,
    Boolean,
    /// Cannot be written down in a call.
    Array,
    /// Cannot be written down in a call.
    Object,
}

/// Parameters by position. The last one may repeat or be left out.
pub(super) struct Signature {
    pub(super) kinds: &'static [Kind],
    pub(super) least: usize,
    pub(super) repeats: bool,
}

const ALL: [(&str, Function); 18] = [
    ("Array", Function::Array),
    ("ArrayPartition", Function::ArrayPartition),
    ("ArrayContains", Function::ArrayContains),
    ("ArrayRange", Function::ArrayRange),
    ("ArrayGetItem", Function::ArrayGetItem),
    ("ArrayLength", Function::ArrayLength),
    ("ArrayUnique", Function::ArrayUnique),
    ("Base64Encode", Function::Base64Encode),
    ("Base64Decode", Function::Base64Decode),
    ("Hash", Function::Hash),
    ("JsonMerge", Function::JsonMerge),
    ("StringToJson", Function::StringToJson),
    ("JsonToString", Function::JsonToString),
    ("MathRandom", Function::MathRandom),
    ("MathAdd", Function::MathAdd),
    ("StringSplit", Function::StringSplit),
    ("UUID", Function::Uuid),
    ("Format", Function::Format),
];

impl Function {
    /// The function `States.NAME`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let known = ALL.iter().find(|(known, _)| *known == name);
        known.map(|(_, function)| *function)
    }

    pub(super) const fn signature(self) -> Signature {
        const fn exactly(kinds: &'static [Kind]) -> Signature {
            Signature {
                kinds,
                least: kinds.len(),
                repeats: false,
            }
        }
        match self {
            Self::Array => Signature {
                kinds: &[Kind::Any],
                least: 0,
                repeats: true,
            },
            Self::Format => Signature {
                kinds: &[Kind::Text, Kind::Any],
                least: 1,
                repeats: true,
            },
            Self::MathRandom => Signature {
                kinds: &[Kind::Number, Kind::Number, Kind::Number],
                least: 2,
                repeats: false,
            },
            Self::ArrayPartition | Self::ArrayGetItem => exactly(&[Kind::Array, Kind::Number]),
            Self::ArrayContains => exactly(&[Kind::Array, Kind::Any]),
            Self::ArrayRange => exactly(&[Kind::Number, Kind::Number, Kind::Number]),
            Self::ArrayLength | Self::ArrayUnique => exactly(&[Kind::Array]),
            Self::Base64Encode | Self::Base64Decode | Self::StringToJson => exactly(&[Kind::Text]),
            Self::Hash => exactly(&[Kind::Any, Kind::Text]),
            Self::JsonMerge => exactly(&[Kind::Object, Kind::Object, Kind::Boolean]),
            Self::JsonToString => exactly(&[Kind::Any]),
            Self::MathAdd => exactly(&[Kind::Number, Kind::Number]),
            Self::StringSplit => exactly(&[Kind::Text, Kind::Text]),
            Self::Uuid => exactly(&[]),
        }
    }
}

impl Signature {
    /// What is wrong with the arguments, as far as it can be seen without running the call.
    pub(super) fn problem(&self, arguments: &[Argument]) -> Option<String> {
        let most = if self.repeats {
            usize::MAX
        } else {
            self.kinds.len()
        };
        if arguments.len() < self.least || arguments.len() > most {
            let wanted = match (self.least, self.repeats) {
                (least, true) => format!("at least {least}"),
                (least, false) if least < most => format!("{least} to {most}"),
                (least, false) => least.to_string(),
            };
            return Some(format!(
                "takes {wanted} arguments but has {}",
                arguments.len()
            ));
        }
        let kinds = self
            .kinds
            .iter()
            .chain(self.kinds.last().into_iter().cycle());
        arguments
            .iter()
            .zip(kinds)
            .zip(1..)
            .find(|((argument, kind), _)| !kind.admits(argument))
            .map(|((_, kind), position)| format!("takes {} as argument {position}", kind.name()))
    }
}

impl Kind {
    fn admits(self, argument: &Argument) -> bool {
        match argument {
            // What these give is known only when they run.
            Argument::Path(_) | Argument::Call(_) => true,
            Argument::Text(_) => matches!(self, Self::Any | Self::Text),
            Argument::Value(Json::Number(_)) => matches!(self, Self::Any | Self::Number),
            Argument::Value(Json::Bool(_)) => matches!(self, Self::Any | Self::Boolean),
            Argument::Value(_) => self == Self::Any,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Array => "a path to an array",
            Self::Object => "a path to an object",
        }
    }
}
