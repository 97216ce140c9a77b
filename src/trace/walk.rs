//! How an operand is walked through, worked out from the names of the axes.
//!
//! An axis that a stage shares with its operand runs along with it; an axis that only the operand has is summed over.
//! Two names stand for several axes: a `head` is a `kv_head` and a member of its group, a `channel` is a head and a
//! feature of it. With these split, every operand is a strided walk through the arena.

use super::{Axis, Stage, TraceConfig};

/// Axes of a stage after heads and channels are split.
pub(super) const SPLIT_AXES: usize = 4;

/// A cell by its place along the split axes.
pub(crate) type Cell = [usize; SPLIT_AXES];

/// An axis after splitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// A query head within the group that shares a key head.
    Member,
    Axis(Axis),
}

/// A split axis: its name, its extent, and how far apart its cells lie in the arena.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    pub name: Name,
    pub extent: usize,
    stride: isize,
}

/// The axes of `stage`, split. Channels are split as `heads` says, and stay whole without it. None where the parts do
/// not make up the stage.
fn split(stage: &Stage, config: &TraceConfig, heads: Option<ChannelHeads>) -> Option<Vec<Split>> {
    let group = (config.heads / config.kv_heads.max(1)).max(1);
    let mut axes = Vec::with_capacity(SPLIT_AXES);
    let mut stride = 1;
    // from the last axis to the first, since strides grow that way
    for (&axis, &extent) in stage.axes.iter().zip(&stage.shape).rev() {
        let mut push = |name, extent: usize| {
            axes.push(Split {
                name,
                extent,
                stride,
            });
            stride = stride.wrapping_mul(extent as isize);
        };
        match (axis, heads) {
            (Axis::Head, _) => {
                push(Name::Member, group);
                push(Name::Axis(Axis::KvHead), extent / group);
            }
            (Axis::Channel, Some(ChannelHeads::Query)) => {
                push(Name::Axis(Axis::Dim), extent / config.heads.max(1));
                push(Name::Member, group);
                push(Name::Axis(Axis::KvHead), config.kv_heads);
            }
            (Axis::Channel, Some(ChannelHeads::Key)) => {
                push(Name::Axis(Axis::Dim), extent / config.kv_heads.max(1));
                push(Name::Axis(Axis::KvHead), config.kv_heads);
            }
            _ => push(Name::Axis(axis), extent),
        }
    }
    axes.reverse();
    let len = axes
        .iter()
        .fold(1, |len: usize, axis| len.saturating_mul(axis.extent));
    (len == stage.len()).then_some(axes)
}

/// Whose heads a channel is made of.
#[derive(Clone, Copy)]
enum ChannelHeads {
    Query,
    Key,
}

/// The split axes of a stage that is computed; none where there are too many.
pub(super) fn axes_of(stage: &Stage, config: &TraceConfig) -> Option<Vec<Split>> {
    // what is given is not computed from heads, so its channels stay whole
    let heads = (!stage.from.is_empty()).then_some(ChannelHeads::Query);
    split(stage, config, heads).filter(|axes| axes.len() <= SPLIT_AXES)
}

/// The place of an axis among split axes.
pub(super) fn place(axes: &[Split], axis: Axis) -> Option<usize> {
    axes.iter().position(|own| own.name == Name::Axis(axis))
}

/// The walk of an operand.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    start: isize,
    strides: [isize; SPLIT_AXES],
    /// Along the summed axis.
    step: isize,
    /// Length of the summed axis; 1 where there is none.
    pub count: usize,
    /// Tokens that the stage has before the first one of the operand.
    pub missing: usize,
}

impl Walk {
    /// The walk of a stage through itself.
    pub fn own(stage: &Stage, axes: &[Split]) -> Self {
        let mut walk = Walk {
            start: stage.offset as isize,
            count: 1,
            ..Walk::default()
        };
        for (stride, axis) in walk.strides.iter_mut().zip(axes) {
            *stride = axis.stride;
        }
        walk
    }

    /// The walk through `operand` that the cells of a stage with `axes` take; none where they do not fit.
    pub fn of(operand: &Stage, axes: &[Split], config: &TraceConfig) -> Option<Self> {
        let heads = match (
            axes.iter().any(|axis| axis.name == Name::Member),
            place(axes, Axis::KvHead),
        ) {
            (true, _) => Some(ChannelHeads::Query),
            (false, Some(_)) => Some(ChannelHeads::Key),
            // the output sums over channels as a whole
            (false, None) => None,
        };
        let mut walk = Walk {
            start: operand.offset as isize,
            count: 1,
            ..Walk::default()
        };
        let mut summed = false;
        for axis in split(operand, config, heads)? {
            match (walk.along(&axis, axes, config.past), axis.name) {
                (Some(place), _) => walk.strides[place] += axis.stride,
                // which pair is for the rotation to say
                (None, Name::Axis(Axis::Pair)) => {}
                (None, _) if !summed => {
                    summed = true;
                    (walk.step, walk.count) = (axis.stride, axis.extent);
                }
                (None, _) => return None,
            }
        }
        Some(walk)
    }

    /// The own axis that an axis of the operand runs along.
    fn along(&mut self, axis: &Split, axes: &[Split], past: usize) -> Option<usize> {
        let same = axes.iter().position(|own| own.name == axis.name);
        let (query, key) = (place(axes, Axis::Query), place(axes, Axis::Key));
        let found = match axis.name {
            // places in the text: a query comes after the past, keys begin with it
            Name::Axis(Axis::Position) => {
                if query.is_some() {
                    self.start = self
                        .start
                        .wrapping_add((past as isize).wrapping_mul(axis.stride));
                }
                return query.or(key);
            }
            // in self-attention, keys come from the tokens that ask
            Name::Axis(Axis::Query) => same.or(key)?,
            // of a channel, the feature is one of a key where the stage tells those from features of a value
            Name::Axis(Axis::Dim) => same.or(place(axes, Axis::KeyDim))?,
            _ => same?,
        };
        // keys of the past have no row in what the others are projected from
        if Some(found) == key {
            self.missing = axes[found].extent.saturating_sub(axis.extent);
            self.start = self
                .start
                .wrapping_sub((self.missing as isize).wrapping_mul(axis.stride));
        }
        Some(found)
    }

    /// The walk of the token before, along split axis `tokens`.
    pub fn before(mut self, tokens: usize) -> Self {
        self.start -= self.strides[tokens];
        self
    }

    /// The first offset for a cell.
    pub fn first(&self, cell: &Cell) -> usize {
        let at = self
            .strides
            .iter()
            .zip(cell)
            .fold(self.start, |at, (&stride, &place)| {
                at.wrapping_add(stride.wrapping_mul(place as isize))
            });
        at as usize
    }

    /// The offset of the one at place `n` along the summed axis.
    pub fn nth(&self, cell: &Cell, n: usize) -> usize {
        super::rule::nth(self.first(cell), self.step(), n)
    }

    /// How far an offset is from where it starts.
    pub fn beyond_start(&self, at: usize) -> isize {
        (at as isize).wrapping_sub(self.start)
    }

    /// How far a step along one of the axes leads.
    pub fn stride(&self, axis: usize) -> isize {
        self.strides[axis]
    }

    /// Where it starts within an operand that begins at `offset`, and its strides along the axes.
    #[cfg(feature = "gpu")]
    pub fn within(&self, offset: usize) -> (isize, [isize; SPLIT_AXES]) {
        (self.start.wrapping_sub(offset as isize), self.strides)
    }

    /// How far the next one along the summed axis is from one.
    pub fn step(&self) -> usize {
        self.step as usize
    }
}
