//! The table of a call: numbers that nobody has checked yet.

use super::block::Block;
use super::{OPERATION, bytes};
use crate::attention::{AttentionInput, Checked, attention_into};
use crate::config::AttentionConfig;
use crate::error::Error;
use crate::kernel::Kernel;
use crate::limits::checked_len;
use crate::mask::Mask;
use ndarray::{ArrayViewD, Dimension, IxDyn};
use std::ops::Range;

/// Axes that a tensor may have.
const AXES: usize = 4;
/// Words of a tensor: where it starts in the block (in floats), the number of its axes, their extents.
const TENSOR: usize = 2 + AXES;
/// Where in a tensor its number of axes stands.
pub(super) const AXES_AT: usize = 1;

// Where each entry stands; `www/engine/table.ts` says the same.
const BLOCK: usize = 0;
pub(super) const Q: usize = 1;
const K: usize = Q + TENSOR;
const V: usize = K + TENSOR;
pub(super) const MASK: usize = V + TENSOR;
/// 0: no mask.
pub(super) const MASK_KIND: usize = MASK + TENSOR;
/// Where the key lengths start, as 32-bit numbers, and how many there are.
const LENGTHS: usize = MASK_KIND + 1;
/// Where the output starts, behind all that is read, and how many floats it has.
pub(super) const OUTPUT: usize = LENGTHS + 2;
// Options: not a number where they are absent.
const HEADS: usize = OUTPUT + 2;
const KV_HEADS: usize = HEADS + 1;
const CAUSAL: usize = KV_HEADS + 1;
const WINDOW: usize = CAUSAL + 1;
const SCALE: usize = WINDOW + 2;
const SOFTCAP: usize = SCALE + 1;
const ROWS: usize = SOFTCAP + 1;
/// Numbers of the table.
pub(super) const WORDS: usize = ROWS + 2;

/// Bytes, of which those that are not zero may be seen; any other kind is added.
const BOOLEAN: usize = 1;

pub(super) struct Table(pub [f64; WORDS]);

/// A call that was done, for those that say the same: what is not looked at again saves a small one a good part of its time.
pub(super) struct Last {
    words: [u64; WORDS],
    checked: Checked,
    /// Where queries, keys and values lie, and the output behind them.
    places: [Range<usize>; 3],
    output: Range<usize>,
}

impl Last {
    /// What is read and what is written; none where the block is shorter than it was.
    fn lend<'a>(&self, block: &'a mut [f32]) -> Option<([&'a [f32]; 3], &'a mut [f32])> {
        let (read, rest) = block.split_at_mut_checked(self.output.start)?;
        let read: &[f32] = read;
        let [q, k, v] = self.places.clone().map(|place| read.get(place));
        Some(([q?, k?, v?], rest.get_mut(..self.output.len())?))
    }
}

impl Table {
    /// The block that the tensors lie in.
    pub fn block<'a>(&self, blocks: &'a mut [Option<Block>]) -> Result<&'a mut [f32], Error> {
        let handle = self.size(BLOCK)?;
        match blocks.get_mut(handle.wrapping_sub(1)) {
            Some(Some(block)) => Ok(block),
            _ => Err(fault("the handle of a block", handle)),
        }
    }

    /// Does what the table says with what lies in `block`. `last` is a call that said the same, or none.
    pub fn attend(
        &self,
        block: &mut [f32],
        space: &mut Option<Kernel>,
        last: &mut Option<Last>,
    ) -> Result<(), Error> {
        let words = self.0.map(f64::to_bits);
        if let Some(last) = last.as_ref().filter(|last| last.words == words)
            && let Some((tensors, output)) = last.lend(block)
        {
            last.checked.run(tensors, output, space);
            return Ok(());
        }
        *last = None;
        let (start, count) = (self.size(OUTPUT)?, self.size(OUTPUT + 1)?);
        // what is read comes before what is written, so that the two can be lent apart
        let split = block.split_at_mut_checked(start);
        let Some((read, Some(output))) = split.map(|(read, rest)| (read, rest.get_mut(..count)))
        else {
            return Err(fault("an output in the block", start));
        };
        let kind = self.size(MASK_KIND)?;
        if kind == BOOLEAN {
            self.normalise_mask(read)?;
        }
        let read = &*read;
        let mask = (kind != 0).then(|| self.mask(kind, read)).transpose()?;
        let lengths = self.lengths(read)?;
        let input = AttentionInput {
            q: self.floats(Q, read)?,
            k: self.floats(K, read)?,
            v: self.floats(V, read)?,
            mask,
            past_key: None,
            past_value: None,
            kv_lengths: lengths.as_deref(),
        };
        let places = || -> Result<_, Error> {
            let place = |at| {
                self.tensor(at)
                    .map(|(start, shape)| start..start + shape.size())
            };
            Ok([place(Q)?, place(K)?, place(V)?])
        };
        if let Some(checked) = attention_into(&input, &self.config()?, output, space)?
            && lengths.is_none()
        {
            *last = Some(Last {
                words,
                checked,
                places: places()?,
                output: start..start + count,
            });
        }
        Ok(())
    }

    // Masks apart: a browser compiles a function when it is first called, and most calls have none.
    #[inline(never)]
    fn normalise_mask(&self, read: &mut [f32]) -> Result<(), Error> {
        let (start, shape) = self.tensor(MASK)?;
        let count = shape.size();
        let done = read
            .get_mut(start..)
            .and_then(|rest| bytes::normalise(rest, count));
        done.ok_or_else(|| fault("a mask in the block", count))
    }

    #[inline(never)]
    fn mask<'a>(&self, kind: usize, read: &'a [f32]) -> Result<Mask<'a>, Error> {
        if kind != BOOLEAN {
            return Ok(Mask::Additive(self.floats(MASK, read)?));
        }
        let (start, shape) = self.tensor(MASK)?;
        let seen = bytes::booleans(&read[start..], shape.size());
        Ok(Mask::Boolean(view(seen.unwrap_or_default(), shape)?))
    }

    fn config(&self) -> Result<AttentionConfig, Error> {
        Ok(AttentionConfig {
            heads: self.optional_size(HEADS)?,
            kv_heads: self.optional_size(KV_HEADS)?,
            causal: self.0[CAUSAL] == 1.0,
            window: self
                .option(WINDOW)
                .map(|left| [left as i64, self.0[WINDOW + 1] as i64]),
            scale: self.option(SCALE),
            softcap: self.option(SOFTCAP),
            rows: self.pair(ROWS)?,
            scores: None,
        })
    }

    fn option(&self, at: usize) -> Option<f64> {
        Some(self.0[at]).filter(|word| !word.is_nan())
    }

    fn size(&self, at: usize) -> Result<usize, Error> {
        let word = self.0[at];
        if word >= 0.0 && word <= f64::from(u32::MAX) && word.trunc() == word {
            return Ok(word as usize);
        }
        Err(fault("a whole number", word))
    }

    fn optional_size(&self, at: usize) -> Result<Option<usize>, Error> {
        self.option(at).map(|_| self.size(at)).transpose()
    }

    fn pair(&self, at: usize) -> Result<Option<[usize; 2]>, Error> {
        match self.option(at) {
            None => Ok(None),
            Some(_) => Ok(Some([self.size(at)?, self.size(at + 1)?])),
        }
    }

    /// Start and shape of the tensor that stands at `at`, no larger than a tensor may be.
    fn tensor(&self, at: usize) -> Result<(usize, IxDyn), Error> {
        let axes = self.size(at + AXES_AT)?;
        if axes > AXES {
            return Err(fault("at most 4 axes", axes));
        }
        let mut shape = IxDyn::zeros(axes);
        for axis in 0..axes {
            shape[axis] = self.size(at + 2 + axis)?;
        }
        checked_len(OPERATION, "a tensor", shape.slice())?;
        Ok((self.size(at)?, shape))
    }

    fn floats<'a>(&self, at: usize, read: &'a [f32]) -> Result<ArrayViewD<'a, f32>, Error> {
        let (start, shape) = self.tensor(at)?;
        let data = part(read, start, shape.size())?;
        view(data, shape)
    }

    fn lengths(&self, read: &[f32]) -> Result<Option<Vec<usize>>, Error> {
        let Some([start, count]) = self.pair(LENGTHS)? else {
            return Ok(None);
        };
        let words = part(read, start, count)?.iter();
        Ok(Some(words.map(|word| word.to_bits() as usize).collect()))
    }
}

fn part(read: &[f32], start: usize, count: usize) -> Result<&[f32], Error> {
    let end = start.checked_add(count);
    end.and_then(|end| read.get(start..end))
        .ok_or_else(|| fault("a tensor in the block", start))
}

fn view<T>(data: &[T], shape: IxDyn) -> Result<ArrayViewD<'_, T>, Error> {
    ArrayViewD::from_shape(shape, data).map_err(|error| fault("data for a tensor", error))
}

/// A table that engine.js does not make.
#[cold]
fn fault(expected: &str, found: impl std::fmt::Display) -> Error {
    OPERATION.internal(expected, found)
}
