//! The rotary embedding as an operator.

use crate::attention::array;
use crate::config::RotaryConfig;
use crate::error::{Error, Operation};
use crate::limits::checked_len;
use crate::positions::{BASE, angle, checked_base};
use crate::tensor::{Heads, describe, expect_limits, expect_shape, row_major};
use ndarray::{ArrayD, ArrayView, ArrayViewD, Dimension};
use std::borrow::Cow;

const OPERATION: Operation = Operation("rotary_embedding");

/// What the rotary embedding reads.
#[derive(Clone, Debug)]
pub struct RotaryInput<'a> {
    /// `[batch, heads, token, dim]` or `[batch, token, heads * dim]`.
    pub x: ArrayViewD<'a, f32>,
    /// Cosines and sines: both `[position, rotary_dim / 2]`, looked up by position, or both
    /// `[batch, token, rotary_dim / 2]`. None: worked out from [`RotaryConfig::base`].
    pub tables: Option<(ArrayViewD<'a, f32>, ArrayViewD<'a, f32>)>,
    /// The position of each token, `[batch, token]`. None: 0, 1, 2, … where a table is looked up.
    pub positions: Option<ArrayViewD<'a, i32>>,
}

impl<'a> RotaryInput<'a> {
    /// Tokens at positions 0, 1, 2, …, with angles from the base.
    pub fn new<D: Dimension>(x: ArrayView<'a, f32, D>) -> Self {
        RotaryInput {
            x: x.into_dyn(),
            tables: None,
            positions: None,
        }
    }
}

/// Which feature is turned with feature `c`, in which pair, and whether `c` is the first of the two.
/// The halves form pairs `c` with `c + dim / 2`; interleaved ones are neighbours.
pub(crate) fn pair(c: usize, rotary_dim: usize, interleaved: bool) -> (usize, usize, bool) {
    if interleaved {
        (c ^ 1, c / 2, c.is_multiple_of(2))
    } else {
        let half = rotary_dim / 2;
        ((c + half) % rotary_dim, c % half, c < half)
    }
}

/// `self · cos ∓ partner · sin`: minus for the first of a pair.
pub(crate) fn rotate(own: f32, cos: f32, partner: f32, sin: f32, first: bool) -> f64 {
    let turned = f64::from(partner) * f64::from(sin);
    f64::from(own) * f64::from(cos) + if first { -turned } else { turned }
}

/// Refuses a rotary dim that is odd, zero or above `dim`; the default is all of `dim`.
pub(crate) fn checked_rotary_dim(
    op: Operation,
    rotary_dim: Option<usize>,
    dim: usize,
) -> Result<usize, Error> {
    let rotary = rotary_dim.unwrap_or(dim);
    if rotary == 0 || !rotary.is_multiple_of(2) || rotary > dim {
        return Err(op.size(
            format!("an even number of 2 to {dim} features to rotate"),
            rotary,
        ));
    }
    Ok(rotary)
}

/// Turns pairs of features by an angle that grows with the position.
///
/// For a pair `(a, b)` at an angle: `a' = a · cos − b · sin`, `b' = b · cos + a · sin`. Features beyond
/// `rotary_dim` pass through. Dot products of rotated rows depend on the distance of their positions alone.
///
/// # Shapes
/// x and the result are `[batch, heads, token, dim]` or `[batch, token, heads * dim]`.
///
/// # Errors
/// `shape`, `size` and `option` where the input does not fit together, `index` for a position outside the
/// tables, `too_large`.
///
/// # Source
/// ONNX operator `RotaryEmbedding`, opset 23; Su et al. 2021, "RoFormer", section 3.2.
///
/// ```
/// use attention_playground::{rotary_embedding, RotaryConfig, RotaryInput};
///
/// let x = ndarray::Array4::<f32>::ones((1, 1, 2, 4));
/// let y = rotary_embedding(&RotaryInput::new(x.view()), &RotaryConfig::default())?;
/// assert_eq!(y[[0, 0, 0, 3]], 1.0); // position 0 is not turned
/// assert_eq!(y[[0, 0, 1, 0]], (1.0_f64.cos() - 1.0_f64.sin()) as f32);
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn rotary_embedding(input: &RotaryInput, config: &RotaryConfig) -> Result<ArrayD<f32>, Error> {
    let op = OPERATION;
    let tables = input.tables.as_ref();
    expect_limits(
        op,
        &[
            ("x", Some(&input.x)),
            ("cos", tables.map(|(cos, _)| cos)),
            ("sin", tables.map(|(_, sin)| sin)),
        ],
    )?;
    let heads = Heads::of(op, "x", &input.x, config.heads, "heads")?;
    if heads.tokens == 0 {
        return Err(op.size("at least 1 token", 0));
    }
    let rotary = checked_rotary_dim(op, config.rotary_dim, heads.dim)?;
    let tables = Tables::of(input, config, &heads, rotary / 2)?;
    let x = row_major(&input.x);
    let mut y = x.to_vec();
    for b in 0..heads.batch {
        for token in 0..heads.tokens {
            let (cos, sin) = tables.row(b, token)?;
            for h in 0..heads.heads {
                let start = heads.row(b, h, token);
                let (own, out) = (&x[start..][..rotary], &mut y[start..][..rotary]);
                for (c, out) in out.iter_mut().enumerate() {
                    let (partner, pair, first) = pair(c, rotary, config.interleaved);
                    *out = rotate(own[c], cos[pair], own[partner], sin[pair], first) as f32;
                }
            }
        }
    }
    array(heads.shape(), y)
}

/// Rows of cosines and sines, by position or by token.
struct Tables<'a> {
    cos: Cow<'a, [f32]>,
    sin: Cow<'a, [f32]>,
    pairs: usize,
    rows: usize,
    tokens: usize,
    /// The row of each token of the batch.
    positions: Option<Cow<'a, [i32]>>,
    per_token: bool,
}

impl<'a> Tables<'a> {
    fn of(
        input: &'a RotaryInput,
        config: &RotaryConfig,
        heads: &Heads,
        pairs: usize,
    ) -> Result<Self, Error> {
        let op = OPERATION;
        let tokens = heads.tokens;
        if let Some(positions) = &input.positions {
            expect_shape(
                op,
                "positions",
                positions,
                &["batch", "token"],
                &[heads.batch, tokens],
            )?;
        }
        let mut positions = input.positions.as_ref().map(row_major);
        let (cos, sin, rows, per_token) = match &input.tables {
            Some((cos, sin)) => {
                if config.base.is_some() {
                    return Err(op.option("either tables or a base", "both"));
                }
                let rows = match *cos.shape() {
                    [rows, found] if found == pairs => rows,
                    [batch, found_tokens, found]
                        if (batch, found_tokens, found) == (heads.batch, tokens, pairs) =>
                    {
                        if positions.is_some() {
                            return Err(
                                op.option("no positions, with tables per token", "positions")
                            );
                        }
                        batch * tokens
                    }
                    _ => {
                        let by_token =
                            describe(&["batch", "token", "pair"], &[heads.batch, tokens, pairs]);
                        return Err(op.shape(
                            format!("cos [position, pair {pairs}] or {by_token}"),
                            format!("{:?}", cos.shape()),
                        ));
                    }
                };
                if sin.shape() != cos.shape() {
                    return Err(op.shape(
                        format!("sin of shape {:?}", cos.shape()),
                        format!("{:?}", sin.shape()),
                    ));
                }
                (row_major(cos), row_major(sin), rows, cos.ndim() == 3)
            }
            None => {
                // one row per token, worked out at its position: a far position costs no table up to there
                let base = checked_base(op, config.base.unwrap_or(BASE))?;
                let shape = [heads.batch, tokens, pairs];
                let len = checked_len(op, "the tables", &shape)?;
                let (mut cos, mut sin) = (Vec::with_capacity(len), Vec::with_capacity(len));
                for row in 0..heads.batch * tokens {
                    let position = match &positions {
                        Some(positions) => checked_position(positions[row], usize::MAX)?,
                        None => row % tokens,
                    };
                    for c in 0..pairs {
                        let angle = angle(position, c, 2 * pairs, base);
                        cos.push(libm::cos(angle) as f32);
                        sin.push(libm::sin(angle) as f32);
                    }
                }
                positions = None;
                (Cow::Owned(cos), Cow::Owned(sin), heads.batch * tokens, true)
            }
        };
        Ok(Tables {
            cos,
            sin,
            pairs,
            rows,
            tokens,
            positions,
            per_token,
        })
    }

    fn row(&self, batch: usize, token: usize) -> Result<(&[f32], &[f32]), Error> {
        let own = batch * self.tokens + token;
        let row = match &self.positions {
            Some(positions) => checked_position(positions[own], self.rows)?,
            None if self.per_token => own,
            None if token < self.rows => token,
            None => return Err(OPERATION.index(format!("positions below {}", self.rows), token)),
        };
        let at = row * self.pairs;
        Ok((
            &self.cos[at..at + self.pairs],
            &self.sin[at..at + self.pairs],
        ))
    }
}

fn checked_position(position: i32, rows: usize) -> Result<usize, Error> {
    match usize::try_from(position) {
        Ok(position) if position < rows => Ok(position),
        _ if rows == usize::MAX => Err(OPERATION.index("positions of at least 0", position)),
        _ => Err(OPERATION.index(
            format!("positions from 0 to {}", rows.saturating_sub(1)),
            position,
        )),
    }
}
