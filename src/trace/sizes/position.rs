//! Where tokens stand: the options, with defaults filled in.

use super::widths::Widths;
use crate::config::Position;
use crate::error::{Error, Operation};
use crate::positions::{BASE, alibi_slopes, checked_base};
use crate::rotary::checked_rotary_dim;
use crate::tensor::{expect_rank, expect_shape, row_major};
use crate::trace::{PositionConfig, TraceInput};

/// The positions, with defaults filled in. `places` is one more than the last place of a token.
pub(super) fn position(
    op: Operation,
    input: &TraceInput,
    heads: usize,
    widths: &Widths,
    projected: bool,
    places: usize,
) -> Result<PositionConfig, Error> {
    let added = |name: &str| {
        if projected {
            Ok(())
        } else {
            Err(op.option(
                format!("embeddings, which {name} positions are added to"),
                "q, k and v",
            ))
        }
    };
    Ok(match &input.position {
        Position::None => PositionConfig::None,
        Position::Sinusoidal => {
            added("sinusoidal")?;
            PositionConfig::Sinusoidal
        }
        Position::Learned(table) => {
            added("learned")?;
            expect_rank(op, "the table of positions", table, &["position", "width"])?;
            let rows = table.shape()[0];
            expect_shape(
                op,
                "the table of positions",
                table,
                &["position", "width"],
                &[rows, widths.width],
            )?;
            if rows < places {
                return Err(op.index(format!("a table of at least {places} positions"), rows));
            }
            PositionConfig::Learned
        }
        &Position::Rotary {
            base,
            dim,
            interleaved,
        } => PositionConfig::Rotary {
            base: checked_base(op, base.unwrap_or(BASE))?,
            dim: checked_rotary_dim(op, dim, widths.dim)?,
            interleaved,
        },
        Position::Alibi { slopes: None } => PositionConfig::Alibi {
            slopes: alibi_slopes(heads)?,
        },
        Position::Alibi {
            slopes: Some(slopes),
        } => {
            expect_shape(op, "slopes", slopes, &["head"], &[heads])?;
            let slopes = row_major(slopes).into_owned();
            if let Some(slope) = slopes.iter().find(|slope| !slope.is_finite()) {
                return Err(op.option("finite slopes", slope));
            }
            PositionConfig::Alibi { slopes }
        }
    })
}
