//! Arrays at the edge of the engine: views in, plain slices inside.

use crate::error::{Error, Operation};
use crate::limits::checked_len;
use ndarray::ArrayViewD;
use std::borrow::Cow;

/// The elements in row-major order, copied only where the view is laid out otherwise.
pub(crate) fn row_major<'a, T: Copy>(view: &'a ArrayViewD<'_, T>) -> Cow<'a, [T]> {
    match view.as_slice() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(walked(view)),
    }
}

// in one place, since walking a view of any layout is a lot of code
#[inline(never)]
fn walked<T: Copy>(view: &ArrayViewD<'_, T>) -> Vec<T> {
    view.iter().copied().collect()
}

/// Refuses tensors beyond the limit, before anything is copied out of them: a view may repeat its cells, and be larger
/// than the memory that holds it.
pub(crate) fn expect_limits(
    operation: Operation,
    views: &[(&str, Option<&ArrayViewD<'_, f32>>)],
) -> Result<(), Error> {
    for (name, view) in views {
        if let Some(view) = view {
            checked_len(operation, name, view.shape())?;
        }
    }
    Ok(())
}

/// `shape` written for a reader, with a name per axis: `[head 2, dim 8]`.
pub(crate) fn describe(axes: &[&str], shape: &[usize]) -> String {
    let named: Vec<String> = axes
        .iter()
        .zip(shape)
        .map(|(axis, extent)| format!("{axis} {extent}"))
        .collect();
    format!("[{}]", named.join(", "))
}

/// Refuses `view` unless it has exactly this shape.
pub(crate) fn expect_shape<T>(
    operation: Operation,
    name: &str,
    view: &ArrayViewD<'_, T>,
    axes: &[&str],
    shape: &[usize],
) -> Result<(), Error> {
    if view.shape() == shape {
        return Ok(());
    }
    Err(misshapen(
        operation,
        name,
        describe(axes, shape),
        view.shape(),
    ))
}

/// Refuses `view` unless it has this many axes.
pub(crate) fn expect_rank<T>(
    operation: Operation,
    name: &str,
    view: &ArrayViewD<'_, T>,
    axes: &[&str],
) -> Result<(), Error> {
    if view.ndim() == axes.len() {
        return Ok(());
    }
    Err(misshapen(
        operation,
        name,
        format!("[{}]", axes.join(", ")),
        view.shape(),
    ))
}

#[cold]
#[inline(never)]
fn misshapen(operation: Operation, name: &str, expected: String, found: &[usize]) -> Error {
    operation.shape(format!("{name} {expected}"), format!("{found:?}"))
}

/// Heads taken out of a tensor: `[batch, heads, tokens, dim]`, row-major, from that shape or from the packed one.
pub(crate) struct Heads {
    pub batch: usize,
    pub heads: usize,
    pub tokens: usize,
    pub dim: usize,
    pub packed: bool,
}

impl Heads {
    /// Reads the sizes of `view`, which is `[batch, heads, tokens, dim]` or `[batch, tokens, heads * dim]`.
    ///
    /// # Errors
    ///
    /// `shape` for another number of axes or other heads than `heads` says, `size` for channels that do not
    /// divide, `option` where a packed tensor comes without the number of its heads.
    pub fn of(
        operation: Operation,
        name: &str,
        view: &ArrayViewD<'_, f32>,
        heads: Option<usize>,
        option: &str,
    ) -> Result<Self, Error> {
        if heads == Some(0) {
            return Err(operation.option(format!("{option} of at least 1"), 0));
        }
        let found = match *view.shape() {
            [batch, own, tokens, dim] => {
                if let Some(heads) = heads.filter(|&heads| heads != own) {
                    return Err(operation.shape(
                        format!("{name} with {heads} heads"),
                        format!("{:?}", view.shape()),
                    ));
                }
                Heads {
                    batch,
                    heads: own,
                    tokens,
                    dim,
                    packed: false,
                }
            }
            [batch, tokens, channels] => {
                let Some(heads) = heads else {
                    return Err(operation.option(
                        format!("{option}, for {name} [batch, tokens, heads * dim]"),
                        "none",
                    ));
                };
                if channels % heads != 0 {
                    return Err(operation.size(
                        format!("channels of {name} that {heads} heads divide"),
                        format!("{channels}"),
                    ));
                }
                Heads {
                    batch,
                    heads,
                    tokens,
                    dim: channels / heads,
                    packed: true,
                }
            }
            _ => {
                return Err(operation.shape(
                    format!("{name} [batch, heads, tokens, dim] or [batch, tokens, heads * dim]"),
                    format!("{:?}", view.shape()),
                ));
            }
        };
        if found.batch == 0 || found.heads == 0 || found.dim == 0 {
            return Err(operation.size(
                format!("{name} without an empty axis"),
                format!("{:?}", view.shape()),
            ));
        }
        Ok(found)
    }

    /// Where the row of (batch, head, token) starts, in the layout that the tensor has.
    pub fn row(&self, batch: usize, head: usize, token: usize) -> usize {
        let row = if self.packed {
            (batch * self.tokens + token) * self.heads + head
        } else {
            (batch * self.heads + head) * self.tokens + token
        };
        row * self.dim
    }

    /// The shape, in the layout that the tensor has.
    pub fn shape(&self) -> Vec<usize> {
        if self.packed {
            vec![self.batch, self.tokens, self.heads * self.dim]
        } else {
            vec![self.batch, self.heads, self.tokens, self.dim]
        }
    }
}
