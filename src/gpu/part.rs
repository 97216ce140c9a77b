//! A call of attention, cut into parts that the adapter takes, and what is sent to it for each.

use super::Tiles;
use super::device::{Device, Job, Pass};
use super::numbers::Numbers;
use super::shaders::{ATTEND, ATTEND_LARGE, Entry, WEIGHTS};
use crate::config::ScoresKind;
use crate::error::{Error, GpuFault, Operation};
use crate::mask::{Broadcast, Rows};
use crate::visibility::Visibility;
use ndarray::ArrayView4;
use std::ops::Range;

/// Floating-point operations that are sent at once: a system may end a device that does not answer for seconds.
const MOST_FLOPS: f64 = 2e10;
/// Queries of a group of `attend`, the keys that it takes in together, and its fours of features of the values.
const QUERIES: usize = 32;
const KEYS: usize = 64;
const SLAB: usize = 16;
/// Turns of the loops of a kernel in one pass. Mesa's llvmpipe leaves a shader's loops after 65,535 turns in all.
const MOST_TURNS: usize = 48_000;
/// Fours of features of a query that `weights` has workgroup memory for, of the 16 KiB that every adapter has.
const MOST_SCORED: usize = 960;
/// Groups of a row of groups, as in the kernels.
pub(super) const GROUPS: usize = 32768;

/// All that a call reads. A unit is a key head of a sequence, the query heads that share it are its members.
pub(super) struct Whole<'a> {
    pub op: Operation,
    pub kv_heads: usize,
    pub members: usize,
    pub queries: usize,
    pub keys: usize,
    pub dim: usize,
    pub value_dim: usize,
    /// In any layout: where the row of (sequence, head, query) begins.
    pub q: (Numbers<'a>, &'a dyn Fn(usize, usize, usize) -> usize),
    /// `[unit, key, dim]`
    pub k: Numbers<'a>,
    /// `[unit, key, value_dim]`
    pub v: Numbers<'a>,
    pub mask: &'a Broadcast<'a>,
    /// What each sequence hides by place.
    pub visibility: &'a [Visibility],
    /// Of each query head.
    pub slopes: Option<&'a [f32]>,
    pub scale: f64,
    pub softcap: Option<f64>,
}

/// Some units, and some queries of each of their heads.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub units: Range<usize>,
    pub queries: Range<usize>,
}

/// The uniform of `call.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Call {
    units: u32,
    members: u32,
    queries: u32,
    keys: u32,
    first: i32,
    causal: u32,
    left: i32,
    right: i32,
    scale: f32,
    softcap: f32,
    mask_unit: u32,
    mask_member: u32,
    mask_query: u32,
    mask_keys: u32,
    kind: u32,
    sloped: u32,
    from_key: u32,
    to_key: u32,
    unused: [u32; 2],
}

/// Takes rows of a head, from that of (sequence, head, query) on.
pub(super) type Take<'a> = dyn FnMut([usize; 3], Numbers<'_>) + 'a;

/// What is wanted of a part: mixed values, some scores, or both.
pub(super) struct Results<'a> {
    /// The mixed values, without padding.
    pub mixed: Option<&'a mut Take<'a>>,
    /// Which scores, and their rows.
    pub scores: Option<(ScoresKind, &'a mut Take<'a>)>,
}

impl Whole<'_> {
    fn units(&self) -> usize {
        self.visibility.len() * self.kv_heads
    }

    /// Cuts the call so that no buffer is larger than the adapter takes and no part is too much work.
    pub fn parts(&self, most_bytes: usize, with_scores: bool) -> Vec<Part> {
        let most = most_bytes / size_of::<f32>();
        let fits = |units: usize, queries: usize| {
            let rows = units * self.members * queries;
            let [dim, value_dim] = [self.dim, self.value_dim].map(|dim| dim.next_multiple_of(4));
            let masked = rows * self.mask_keys();
            let scores = if with_scores { rows * self.keys } else { 0 };
            let flops = 2.0 * rows as f64 * self.keys as f64 * (dim + value_dim) as f64;
            let largest = [
                rows * dim,
                rows * 2 * value_dim,
                units * self.keys * dim,
                units * self.keys * value_dim,
                masked,
                scores,
            ];
            largest.iter().all(|&floats| floats <= most)
                && flops <= MOST_FLOPS
                && queries.div_ceil(QUERIES) <= GROUPS
                && units.max(self.members * value_dim.div_ceil(4 * SLAB)) <= GROUPS
        };
        let mut size = (self.units(), self.queries);
        while !fits(size.0, size.1) && size != (1, 1) {
            size = match size {
                (1, queries) => (1, queries.div_ceil(2)),
                (units, queries) => (units.div_ceil(2), queries),
            };
        }
        cut(self.units(), size.0)
            .flat_map(|units| {
                cut(self.queries, size.1).map(move |queries| Part {
                    units: units.clone(),
                    queries,
                })
            })
            .collect()
    }

    fn mask_keys(&self) -> usize {
        match &self.mask.mask {
            None => 0,
            Some(Rows::Boolean(view)) => view.dim().3,
            Some(Rows::Additive(view)) => view.dim().3,
        }
    }

    /// Computes a part, and hands the rows of its results over, unless what is done `meanwhile` fails.
    pub async fn run(
        &self,
        device: &Device,
        part: &Part,
        meanwhile: &dyn Fn() -> Result<(), Error>,
        results: Results<'_>,
    ) -> Result<(), Error> {
        let mut job = device.job(self.op)?;
        let (members, queries) = (self.members, part.queries.len());
        if results.scores.is_some() {
            self.expect_room_for_scores()?;
        }
        let rows = part.units.len() * members * queries;
        let dims = [self.dim, self.value_dim].map(|dim| dim.div_ceil(4));
        let (strides, mask) = self.mask_cells(part);
        let q = self.send_queries(&job, part)?;
        let k = send(&job, &self.k.part(self.span(part, self.dim)), self.dim)?;
        let v = self.v.part(self.span(part, self.value_dim));
        let v = send(&job, &v, self.value_dim)?;
        let mask = job.filled(&mask)?;
        let sequences = job.filled(&self.sequences(part))?;
        let call = self.call(part, strides);
        // the values, and after them the state between passes
        let slabs = dims[1].div_ceil(SLAB);
        let width = dims[1] * 4;
        let values = rows * width;
        let with_state = values + rows * slabs * 4;
        let mixed_out = job.room(with_state)?;
        let scores_out = job.room(results.scores.as_ref().map_or(0, |_| rows * self.keys))?;
        let attend = match device.tiles {
            Tiles::Small => ATTEND,
            Tiles::Large => ATTEND_LARGE,
        };
        let mut calls = Vec::new();
        let mut wanted = Vec::new();
        if results.mixed.is_some() {
            let groups = [queries.div_ceil(QUERIES), members * slabs, part.units.len()];
            for Range { start, end } in self.passes(dims[0]) {
                let call = Call {
                    from_key: start as u32,
                    to_key: end as u32,
                    ..call
                };
                calls.push((attend, "attend", call, &mixed_out, groups));
            }
            wanted.push((&mixed_out, with_state));
        }
        if let Some((kind, _)) = &results.scores {
            let groups = [rows.min(GROUPS), rows.div_ceil(GROUPS), 1];
            let call = Call {
                kind: *kind as u32,
                ..call
            };
            calls.push((WEIGHTS, "weights", call, &scores_out, groups));
            wanted.push((&scores_out, rows * self.keys));
        }
        let passes: Vec<_> = (calls.iter())
            .map(|(file, name, call, writes, groups)| Pass {
                entry: Entry {
                    file,
                    name,
                    dims: Some(dims),
                },
                uniform: bytemuck::bytes_of(call),
                reads: vec![&q, &k, &v, &mask, &sequences],
                writes,
                groups: groups.map(|count| count as u32),
            })
            .collect();
        let place = |row: usize| {
            let unit = part.units.start + row / queries / members;
            let head = unit % self.kv_heads * members + row / queries % members;
            [
                unit / self.kv_heads,
                head,
                part.queries.start + row % queries,
            ]
        };
        let Results {
            mut mixed,
            mut scores,
        } = results;
        // scores so low that the kernels take them for those of keys that are not seen, where that would show
        let mut lost = false;
        job.run(
            &passes,
            &wanted,
            meanwhile,
            &mut |n, numbers| match (n, &mut mixed, &mut scores) {
                (0, Some(mixed), _) => {
                    let states = numbers.part(values..with_state).here();
                    for (n, state) in states.chunks_exact(slabs * 4).enumerate() {
                        lost |= state[1] == 0.0 && self.seen(place(n)).contains(&true);
                    }
                    for first in (0..rows).step_by(queries) {
                        let rows = numbers.part(first * width..(first + queries) * width);
                        if width == self.value_dim {
                            mixed(place(first), rows);
                            continue;
                        }
                        let rows = cut_short(&rows.here(), width, self.value_dim);
                        mixed(place(first), Numbers::Ours(&rows));
                    }
                }
                (_, _, Some((kind, scores))) => {
                    for first in (0..rows).step_by(queries) {
                        let rows = numbers.part(first * self.keys..(first + queries) * self.keys);
                        if *kind == ScoresKind::Masked {
                            for (n, row) in rows.here().chunks_exact(self.keys).enumerate() {
                                let mut cells = row.iter().zip(self.seen(place(first + n)));
                                lost |=
                                    cells.any(|(&score, seen)| seen && score == f32::NEG_INFINITY);
                            }
                        }
                        scores(place(first), rows);
                    }
                }
                _ => {}
            },
        )
        .await?;
        job.end([q, k, v, mask, sequences, mixed_out, scores_out]);
        if lost {
            let found = "lower ones";
            return Err(self
                .op
                .gpu(GpuFault::Unsuited, "scores above -2.9e38", found));
        }
        Ok(())
    }

    /// Which keys a query sees, by its place and by the mask.
    fn seen(&self, at: [usize; 3]) -> Vec<bool> {
        let [b, _, i] = at;
        let mut bias = vec![0.0; self.keys];
        self.mask.apply(at, 0, &mut bias);
        let visible = self.visibility[b].range(i);
        (bias.iter().enumerate())
            .map(|(j, &bias)| visible.contains(&j) && bias != f32::NEG_INFINITY)
            .collect()
    }

    /// Refuses rows of scores that `weights` has no room or no turns for.
    fn expect_room_for_scores(&self) -> Result<(), Error> {
        let dim = self.dim.div_ceil(4);
        let turns = self.keys.div_ceil(64).saturating_mul(dim + 3);
        if dim <= MOST_SCORED && turns <= MOST_TURNS {
            return Ok(());
        }
        let found = format!("{} keys of {} features", self.keys, self.dim);
        Err(self
            .op
            .gpu(GpuFault::Unsuited, "shorter rows of scores", found))
    }

    /// The keys of each pass. For [`KEYS`] of them neither kernel takes more than `2 * dim + 3 * KEYS` turns.
    fn passes(&self, dim: usize) -> impl Iterator<Item = Range<usize>> {
        let blocks = (MOST_TURNS / (2 * dim + 3 * KEYS)).max(1);
        cut(self.keys, blocks * KEYS)
    }

    /// Where the rows of the part's units lie among keys or values.
    fn span(&self, part: &Part, dim: usize) -> Range<usize> {
        part.units.start * self.keys * dim..part.units.end * self.keys * dim
    }

    /// `[unit, member, query, dim]`, padded.
    fn send_queries(&self, job: &Job<'_>, part: &Part) -> Result<wgpu::Buffer, Error> {
        let (numbers, start) = &self.q;
        let rows = part.units.len() * self.members * part.queries.len();
        let starts = part.units.clone().flat_map(|unit| {
            let first = unit % self.kv_heads * self.members;
            (first..first + self.members).flat_map(move |head| {
                let place = move |i| start(unit / self.kv_heads, head, i);
                part.queries.clone().map(place)
            })
        });
        let padded = self.dim.next_multiple_of(4);
        let first = starts.clone().next().unwrap_or(0);
        if padded == self.dim
            && (starts.clone().enumerate()).all(|(n, at)| at == first + n * self.dim)
        {
            return job.sent(&numbers.part(first..first + rows * self.dim));
        }
        // no more of them than the part has, give or take what lies between
        let from = starts.clone().min().unwrap_or(0);
        let end = starts.clone().max().unwrap_or(0) + self.dim;
        let numbers = numbers.part(from..end).here();
        let mut copied = Vec::with_capacity(rows * padded);
        for at in starts {
            copied.extend_from_slice(&numbers[at - from..][..self.dim]);
            copied.resize(copied.len().next_multiple_of(padded), 0.0);
        }
        job.filled(&copied)
    }

    /// Of each unit the place of query 0 and the number of keys; then, as bits, the slopes.
    fn sequences(&self, part: &Part) -> Vec<i32> {
        let mut numbers = Vec::new();
        for unit in part.units.clone() {
            let Visibility { offset, length, .. } = self.visibility[unit / self.kv_heads];
            numbers.extend([small(offset), length as i32]);
        }
        if let Some(slopes) = self.slopes {
            let heads = part.units.clone().flat_map(|unit| {
                let first = unit % self.kv_heads * self.members;
                &slopes[first..first + self.members]
            });
            numbers.extend(heads.map(|slope| slope.to_bits() as i32));
        }
        numbers
    }

    fn call(&self, part: &Part, [mask_unit, mask_member, mask_query]: [usize; 3]) -> Call {
        let Visibility {
            causal,
            window: [left, right],
            ..
        } = self.visibility[0];
        Call {
            units: part.units.len() as u32,
            members: self.members as u32,
            queries: part.queries.len() as u32,
            keys: self.keys as u32,
            first: part.queries.start as i32,
            causal: causal.into(),
            left: small(left),
            right: small(right),
            scale: self.scale as f32,
            softcap: self.softcap.unwrap_or(0.0) as f32,
            mask_unit: mask_unit as u32,
            mask_member: mask_member as u32,
            mask_query: mask_query as u32,
            mask_keys: self.mask_keys() as u32,
            kind: 0,
            sloped: self.slopes.is_some().into(),
            from_key: 0,
            to_key: self.keys as u32,
            unused: [0; 2],
        }
    }

    /// How far apart the rows of the mask are by unit, member and query, and its cells as bits of what is added.
    fn mask_cells(&self, part: &Part) -> ([usize; 3], Vec<u32>) {
        match &self.mask.mask {
            None => ([0; 3], Vec::new()),
            Some(Rows::Boolean(view)) => self.told_apart(view, part, |&seen| {
                if seen { 0 } else { f32::NEG_INFINITY.to_bits() }
            }),
            Some(Rows::Additive(view)) => self.told_apart(view, part, |added| added.to_bits()),
        }
    }

    fn told_apart<T>(
        &self,
        view: &ArrayView4<'_, T>,
        part: &Part,
        bits: impl Fn(&T) -> u32,
    ) -> ([usize; 3], Vec<u32>) {
        // what was broadcast along an axis does not move along it
        let [batch, heads, queries, _] =
            [0, 1, 2, 3].map(|axis| view.strides()[axis] != 0 && view.shape()[axis] > 1);
        let some = |apart: bool, range: Range<usize>| {
            if apart {
                range
            } else {
                range.start..range.start + 1
            }
        };
        let units = some(batch || heads, part.units.clone());
        let members = some(heads, 0..self.members);
        let rows = some(queries, part.queries.clone());
        let mut cells = Vec::with_capacity(units.len() * members.len() * rows.len() * view.dim().3);
        for unit in units {
            for member in members.clone() {
                let head = unit % self.kv_heads * self.members + member;
                for i in rows.clone() {
                    let row = view.slice(ndarray::s![unit / self.kv_heads, head, i, ..]);
                    cells.extend(row.iter().map(&bits));
                }
            }
        }
        let row = view.dim().3;
        let stride = |apart: bool, stride: usize| if apart { stride } else { 0 };
        let strides = [
            stride(batch || heads, members.len() * rows.len() * row),
            stride(heads, rows.len() * row),
            stride(queries, row),
        ];
        (strides, cells)
    }
}

fn cut(count: usize, step: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count)
        .step_by(step)
        .map(move |first| first..(first + step).min(count))
}

/// Places are 32 bits wide in the kernels; no tensor has as many tokens.
pub(super) fn small(place: i64) -> i32 {
    const FAR: i64 = 1 << 29;
    place.clamp(-FAR, FAR) as i32
}

/// Sends rows of `dim` numbers, with zeros up to a multiple of four.
fn send(job: &Job<'_>, rows: &Numbers<'_>, dim: usize) -> Result<wgpu::Buffer, Error> {
    let padded = dim.next_multiple_of(4);
    if padded == dim {
        return job.sent(rows);
    }
    let rows = rows.here();
    let mut data = Vec::with_capacity(rows.len() / dim * padded);
    for row in rows.chunks_exact(dim) {
        data.extend_from_slice(row);
        data.resize(data.len().next_multiple_of(padded), 0.0);
    }
    job.filled(&data)
}

/// Of rows of `width` numbers the first `dim`.
fn cut_short(rows: &[f32], width: usize, dim: usize) -> Vec<f32> {
    let mut data = Vec::with_capacity(rows.len() / width * dim);
    for row in rows.chunks_exact(width) {
        data.extend_from_slice(&row[..dim]);
    }
    data
}
