//! The functions that Step Functions adds to JSONata.
//! Source: developer guide, "Transforming data with JSONata", "JSONata functions"; recorded executions.

use std::{cell::Cell, sync::OnceLock};

use jlens_core::{Bindings, Error, HostFunction, Result};
use serde_json::Value;

use crate::query::{Random, intrinsic::digest, limits};

/// Whether `name` is that of a function, the language's own or Step Functions'.
pub(super) fn is_function(name: &str) -> bool {
    static NAMES: OnceLock<std::collections::HashSet<&'static str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let own = table().into_iter().map(|(name, ..)| name);
        let built_in = jlens_core::function_catalog().into_iter();
        built_in.map(|function| function.name).chain(own).collect()
    });
    names.contains(name)
}

/// The functions, to be bound by an evaluation.
pub(super) fn bindings() -> &'static Bindings {
    static BINDINGS: OnceLock<Bindings> = OnceLock::new();
    BINDINGS.get_or_init(|| {
        table()
            .into_iter()
            .fold(Bindings::new(), |bindings, (name, signature, function)| {
                match HostFunction::with_signature(signature, move |arguments, _| {
                    function(arguments)
                }) {
                    Ok(function) => bindings.function(name, function.without_input()),
                    Err(_) => bindings,
                }
            })
    })
}

type Function = fn(&[Option<Value>]) -> Result<Option<Value>>;

fn table() -> [(&'static str, &'static str, Function); 6] {
    [
        ("partition", "<an:a>", partition),
        ("range", "<nnn:x>", range),
        ("hash", "<ss:s>", hash),
        ("random", "<n?:n>", random),
        ("uuid", "<:s>", uuid),
        ("parse", "<s:x>", parse),
    ]
}

thread_local! {
    /// The chance of the evaluation that runs on this thread: functions are bound once for all.
    static CHANCE: Cell<u64> = const { Cell::new(0) };
}

/// Gives the next evaluation on this thread its chance.
pub(super) fn set_chance(seed: u64) {
    CHANCE.set(seed);
}

struct Chance;

impl Random for Chance {
    /// splitmix64
    fn next_u64(&mut self) -> u64 {
        let state = CHANCE.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        CHANCE.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// An error with a text of its own.
fn refused(message: String) -> Error {
    Error::new("D3137").with("message", message)
}

fn number(arguments: &[Option<Value>], at: usize) -> Option<f64> {
    arguments.get(at)?.as_ref()?.as_f64()
}

fn text(arguments: &[Option<Value>], at: usize) -> Option<&str> {
    arguments.get(at)?.as_ref()?.as_str()
}

/// `$partition(array, size)`: arrays of at most that many items.
fn partition(arguments: &[Option<Value>]) -> Result<Option<Value>> {
    let (Some(Some(Value::Array(items))), Some(size)) = (arguments.first(), number(arguments, 1))
    else {
        return Ok(None);
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size beyond any array's is as good as the array's"
    )]
    let whole = size as usize;
    if size < 1.0 || size.fract() != 0.0 {
        return Err(refused(format!(
            "The second argument of function \"partition\" must be a positive integer, but was {size}"
        )));
    }
    let parts = items.chunks(whole).map(|part| Value::from(part.to_vec()));
    Ok(Some(parts.collect()))
}

/// `$range(start, end, step)`: the end is part of it where a step leads there. As the language does
/// with sequences (recorded): of one number it is that number, of none it is nothing.
fn range(arguments: &[Option<Value>]) -> Result<Option<Value>> {
    let (Some(start), Some(end), Some(step)) = (
        number(arguments, 0),
        number(arguments, 1),
        number(arguments, 2),
    ) else {
        return Ok(None);
    };
    if step == 0.0 {
        let message = "The third argument of function \"range\" must not be zero";
        return Err(refused(message.to_owned()));
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "the limit is far below what a double counts exactly"
    )]
    let most = limits::JSONATA_ARRAY_MAX as f64;
    let count = ((end - start) / step).floor() + 1.0;
    if count > most {
        return Err(Error::new("U1001").with("message", "the range is too long"));
    }
    let mut numbers = Vec::new();
    let mut index = 0.0;
    while index < count {
        numbers.push(Value::from(start + index * step));
        index += 1.0;
    }
    Ok(match numbers.len() {
        0 | 1 => numbers.pop(),
        _ => Some(Value::from(numbers)),
    })
}

/// `$hash(text, algorithm)`, as hexadecimal text.
fn hash(arguments: &[Option<Value>]) -> Result<Option<Value>> {
    let (Some(data), Some(algorithm)) = (text(arguments, 0), text(arguments, 1)) else {
        return Ok(None);
    };
    if let Some(digest) = digest(data, algorithm) {
        return Ok(Some(Value::from(digest)));
    }
    let shown: String = algorithm.chars().take(80).collect();
    Err(refused(format!(
        "The second argument of function \"hash\" must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512, but was {shown}"
    )))
}

/// `$random([seed])`: at least 0 and under 1. A seed gives what Java's generator gives for it.
#[expect(clippy::unnecessary_wraps, reason = "all functions have one shape")]
fn random(arguments: &[Option<Value>]) -> Result<Option<Value>> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the service makes an integer of the seed in the same way"
    )]
    let drawn = match number(arguments, 0) {
        Some(seed) => seeded(seed as i64),
        None => fraction(Chance.next_u64() >> 11),
    };
    Ok(Some(Value::from(drawn)))
}

/// Of 53 random bits.
#[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
fn fraction(bits: u64) -> f64 {
    bits as f64 / (1u64 << 53) as f64
}

/// The first `nextDouble()` of `java.util.Random` with that seed, which is how AWS was seen to seed.
/// Source: the class's documentation, which specifies the algorithm.
fn seeded(seed: i64) -> f64 {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;
    let mut state = (seed.cast_unsigned() ^ MULTIPLIER) & MASK;
    let mut next = |bits: u32| {
        state = state.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        state >> (48 - bits)
    };
    let high = next(26) << 27;
    fraction(high + next(27))
}

/// `$uuid()`, version 4.
#[expect(clippy::unnecessary_wraps, reason = "all functions have one shape")]
fn uuid(_: &[Option<Value>]) -> Result<Option<Value>> {
    let bits = (u128::from(Chance.next_u64()) << 64) | u128::from(Chance.next_u64());
    let id = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
    Ok(Some(Value::from(id.to_string())))
}

/// `$parse(text)`: the JSON value that the text spells, in the place of `$eval`.
fn parse(arguments: &[Option<Value>]) -> Result<Option<Value>> {
    let Some(text) = text(arguments, 0) else {
        return Ok(None);
    };
    serde_json::from_str(text).map(Some).map_err(|_| {
        let message = "The first argument of function \"parse\" must be valid JSON";
        refused(message.to_owned())
    })
}
