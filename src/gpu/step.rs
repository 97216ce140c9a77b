//! The uniform of `step.wgsl`: the numbers of a stage's rule, as the shaders read them.

use super::part::small;
use crate::error::Error;
use crate::trace::{Rule, Source, Table};
use crate::{Op, PositionConfig};

/// `Walk` of the shaders.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Walk {
    strides: [i32; 4],
    start: i32,
    stride: i32,
    unused: [i32; 2],
}

/// `Step` of the shaders.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct Step {
    extents: [u32; 4],
    walks: [Walk; 3],
    count: u32,
    tokens: u32,
    given: u32,
    members: u32,
    constant: f32,
    third: u32,
    causal: u32,
    left: i32,
    right: i32,
    offset: i32,
    length: i32,
    rotary: u32,
    interleaved: u32,
    unused: [u32; 3],
}

impl Step {
    /// That of stage `n`.
    pub fn of(table: &Table<'_>, n: usize) -> Result<Self, Error> {
        let stage = &table.stages[n];
        let config = &table.config;
        let rule = Rule::of(table.op, config, &table.stages, stage)?;
        let steps = rule.steps(table.op, &table.stages)?;
        let steps = match stage.op {
            // rows and columns
            Op::Matmul | Op::Affine => steps.axes_last(),
            _ => steps,
        };
        let [left, right] = steps.visibility.window;
        let (rotary, interleaved) = match config.position {
            PositionConfig::Rotary {
                dim, interleaved, ..
            } => (dim, interleaved),
            _ => (0, false),
        };
        Ok(Step {
            extents: steps.extents.map(|extent| extent as u32),
            walks: steps.operands.map(|operand| Walk {
                strides: operand.axes.map(|stride| stride as i32),
                start: operand.start as i32,
                stride: operand.summed as i32,
                unused: [0; 2],
            }),
            count: steps.count as u32,
            tokens: steps.tokens as u32,
            given: steps.given as u32,
            members: (config.heads / config.kv_heads.max(1)) as u32,
            constant: match stage.op {
                Op::Scale => config.scale as f32,
                Op::Softcap => config.softcap as f32,
                _ => 0.0,
            },
            third: u32::from(
                stage.op == Op::Affine
                    || matches!(
                        &table.sources[n],
                        Source::Masked(Some(_)) | Source::Biased(_)
                    ),
            ),
            causal: steps.visibility.causal.into(),
            left: small(left),
            right: small(right),
            offset: small(steps.visibility.offset),
            length: steps.visibility.length as i32,
            rotary: rotary as u32,
            interleaved: interleaved.into(),
            unused: [0; 3],
        })
    }

    pub fn extents(&self) -> [usize; 4] {
        self.extents.map(|extent| extent as usize)
    }

    /// Whether some of the cells are not computed.
    pub fn has_given(&self) -> bool {
        self.given > 0
    }
}
