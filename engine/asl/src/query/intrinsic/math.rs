//! Functions over numbers.

use super::{Reason, unfit};
use crate::{json::Json, query::Random};

/// The integer that a number means here: fractions are rounded to the nearest.
/// Source: developer guide, "Intrinsics for Math operations".
pub(super) fn integer(value: &Json) -> Option<i64> {
    let number = value.as_number()?;
    number.as_whole().or_else(|| {
        let rounded = (number.as_f64() + 0.5).floor();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the range is checked before the cast"
        )]
        (rounded.abs() < 9.0e15).then_some(rounded as i64)
    })
}

/// `States.MathAdd`.
pub(super) fn add(left: &Json, right: &Json) -> Result<Json, Reason> {
    let first = integer(left).ok_or_else(|| unfit("first", "an integer", left))?;
    let second = integer(right).ok_or_else(|| unfit("second", "an integer", right))?;
    let sum = first.checked_add(second);
    sum.map(Json::from)
        .ok_or_else(|| "The sum is out of range.".to_owned())
}

/// `States.MathRandom`: an integer from `first` up to but not including `end`, the same one for
/// the same seed.
pub(super) fn random(
    first: &Json,
    end: &Json,
    seed: Option<&Json>,
    random: &mut dyn Random,
) -> Result<Json, Reason> {
    let from = integer(first).ok_or_else(|| unfit("first", "an integer", first))?;
    let to = integer(end).ok_or_else(|| unfit("second", "an integer", end))?;
    let span = i128::from(to) - i128::from(from);
    let Some(span) = u64::try_from(span).ok().filter(|span| *span > 0) else {
        return Err(format!(
            "The second argument must be greater than the first but was {to} after {from}."
        ));
    };
    let offset = match seed {
        None => random.below(span),
        Some(seed) => {
            let seed = integer(seed).ok_or_else(|| unfit("third", "an integer", seed))?;
            Seeded::new(seed).below(span)
        }
    };
    let value = i128::from(from) + i128::from(offset);
    Ok(Json::from(i64::try_from(value).unwrap_or(from)))
}

/// The generator of the JVM's standard library (a linear congruence of 48 bits, published with
/// `java.util.Random`), so that a seed goes on meaning the same number.
struct Seeded(u64);

impl Seeded {
    const FACTOR: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    fn new(seed: i64) -> Self {
        Self((seed.cast_unsigned() ^ Self::FACTOR) & Self::MASK)
    }

    fn next(&mut self, bits: u32) -> u64 {
        self.0 = self.0.wrapping_mul(Self::FACTOR).wrapping_add(0xB) & Self::MASK;
        self.0 >> (48 - bits)
    }

    fn below(&mut self, bound: u64) -> u64 {
        const SMALL: u64 = 1 << 31;
        if bound > SMALL {
            return ((self.next(32) << 32) | self.next(32)) % bound;
        }
        if bound.is_power_of_two() {
            return (bound * self.next(31)) >> 31;
        }
        // The last numbers before 2^31 would favour small remainders.
        loop {
            let bits = self.next(31);
            let value = bits % bound;
            if bits - value + (bound - 1) < SMALL {
                return value;
            }
        }
    }
}
