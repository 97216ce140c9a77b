//! `trace_attention` on the GPU: what is given is filled in by the CPU, and every other stage is a kernel over those before.

use super::device::{Device, Job, Pass};
use super::numbers::Numbers;
use super::part::{GROUPS, Results, Whole};
use super::shaders::{Entry, MATMUL, POINTWISE, ROWS};
use super::step::Step;
use super::{expect_bias, expect_finite};
use crate::config::ScoresKind;
use crate::error::{Error, GpuFault, Operation};
use crate::mask::{Broadcast, Mask};
use crate::trace::{Rows, Source, Table, laid_out};
use crate::{AttentionConfig, Op, PositionConfig, Trace, TraceInput};

const OPERATION: Operation = Operation("trace_attention");
/// Side of a tile of `matmul`.
const TILE: usize = 16;
/// Cells of a group of the other kernels.
const GROUP: usize = 64;

/// The stages that negative infinity may stand in: it says that a key is not seen.
const HIDING: [&str; 6] = ["mask", "bias", "biased", "masked", "row_max", "shifted"];

pub(super) async fn trace_attention(
    device: &Device,
    input: &TraceInput<'_>,
    config: &AttentionConfig,
    mut rows: Option<&mut dyn Rows>,
) -> Result<Trace, Error> {
    if !input.edits.is_empty() {
        return Err(OPERATION.gpu(GpuFault::Unsuited, "no edits", input.edits.len()));
    }
    let table = laid_out(input, config, false)?;
    let mut data = table.arena(rows.as_deref_mut())?;
    let mut made = Made::new(&table);
    for (n, stage) in table.stages.iter().enumerate() {
        match (&table.sources[n], stage.op) {
            (Source::Rows, _) => {
                made.fetch(device, &mut data).await?;
                softmax(device, &table, input, n, &mut data, &mut rows).await?;
            }
            (Source::Beside, _) => made.here.push(n),
            (_, Op::Given | Op::Seeded) => {
                table.give(n, &mut data);
                check(stage.id.as_ref(), &data[stage.offset..][..stage.len()])?;
                made.here.push(n);
            }
            // angles are taken in f64
            (_, Op::Sinusoid) => {
                table.compute(n, &mut data)?;
                made.here.push(n);
            }
            _ => {
                table.give(n, &mut data);
                made.planned.push(n);
            }
        }
    }
    made.fetch(device, &mut data).await?;
    for stage in &table.stages {
        if let Some(cells) = data.get(stage.offset..stage.offset + stage.len()) {
            check(stage.id.as_ref(), cells)?;
        }
    }
    Ok(table.finish(data, "webgpu"))
}

fn check(id: &str, cells: &[f32]) -> Result<(), Error> {
    let hiding = HIDING.contains(&id);
    let odd = |&&cell: &&f32| !(cell.is_finite() || hiding && cell == f32::NEG_INFINITY);
    match cells.iter().find(odd) {
        Some(odd) => Err(OPERATION.gpu(GpuFault::Unsuited, format!("finite numbers in {id}"), odd)),
        None => Ok(()),
    }
}

/// Which stages are in the arena, and which are still to be computed.
struct Made<'a> {
    table: &'a Table<'a>,
    here: Vec<usize>,
    planned: Vec<usize>,
}

impl<'a> Made<'a> {
    fn new(table: &'a Table<'a>) -> Self {
        Made {
            table,
            here: Vec::new(),
            planned: Vec::new(),
        }
    }

    /// Computes what is planned, and brings it into the arena.
    async fn fetch(&mut self, device: &Device, data: &mut [f32]) -> Result<(), Error> {
        let stages = &self.table.stages;
        let planned = std::mem::take(&mut self.planned);
        let mut job = device.job(OPERATION)?;
        let mut buffers: Vec<Option<wgpu::Buffer>> = Vec::new();
        buffers.resize_with(stages.len(), || None);
        let mut steps = Vec::new();
        for &n in &planned {
            let stage = &stages[n];
            let step = Step::of(self.table, n)?;
            // what a stage reads that is in the arena, and what of its own cells was given
            let reads = stage
                .from
                .iter()
                .filter_map(|id| stages.iter().position(|other| other.id == *id));
            for read in reads.filter(|read| self.here.contains(read)) {
                if buffers[read].is_none() {
                    let cells = &data[stages[read].offset..][..stages[read].len()];
                    buffers[read] = Some(job.filled(cells)?);
                }
            }
            buffers[n] = Some(if step.has_given() {
                job.filled(&data[stage.offset..][..stage.len()])?
            } else {
                job.room(stage.len())?
            });
            steps.push(step);
        }
        let extra: Vec<_> = planned
            .iter()
            .map(|&n| self.extra(&job, n))
            .collect::<Result<_, _>>()?;
        let mut passes = Vec::new();
        for ((&n, step), extra) in planned.iter().zip(&steps).zip(&extra) {
            let stage = &stages[n];
            let find = |id: &str| {
                let place = stages.iter().position(|other| other.id == id)?;
                buffers[place].as_ref()
            };
            let mut reads: Vec<_> = stage.from.iter().filter_map(|id| find(id)).collect();
            reads.extend(extra);
            let (entry, groups) = kernel(stage.op, step).ok_or_else(|| {
                OPERATION.internal("an operation of attention", format!("{:?}", stage.op))
            })?;
            let writes =
                find(&stage.id).ok_or_else(|| OPERATION.internal("a buffer", &stage.id))?;
            passes.push(Pass {
                entry,
                uniform: bytemuck::bytes_of(step),
                reads,
                writes,
                groups,
            });
        }
        let wanted: Vec<_> = (planned.iter())
            .filter_map(|&n| Some((buffers[n].as_ref()?, stages[n].len())))
            .collect();
        let mut take = |n: usize, cells: Numbers<'_>| {
            cells.copy_to(&mut data[stages[planned[n]].offset..][..cells.len()]);
        };
        job.run(&passes, &wanted, &|| Ok(()), &mut take).await?;
        drop((passes, wanted));
        job.end(
            buffers
                .into_iter()
                .flatten()
                .chain(extra.into_iter().flatten()),
        );
        self.here.extend(planned);
        Ok(())
    }

    /// What a kernel reads that is no stage: the slopes of ALiBi, a boolean mask.
    fn extra(&self, job: &Job<'_>, n: usize) -> Result<Option<wgpu::Buffer>, Error> {
        match (
            &self.table.sources[n],
            self.table.stages[n].op,
            &self.table.config.position,
        ) {
            (Source::Masked(Some(seen)) | Source::Biased(seen), ..) => {
                let seen: Vec<u32> = seen.iter().map(|&seen| seen.into()).collect();
                job.filled(&seen).map(Some)
            }
            (_, Op::Alibi, PositionConfig::Alibi { slopes }) => job.filled(slopes).map(Some),
            _ => Ok(None),
        }
    }
}

/// The kernel of an operation, and its groups.
fn kernel(op: Op, step: &Step) -> Option<(Entry, [u32; 3])> {
    let [a, b, rows, columns] = step.extents();
    let (file, name) = match op {
        Op::Matmul | Op::Affine => (MATMUL, "matmul"),
        Op::Add => (POINTWISE, "add"),
        Op::Scale => (POINTWISE, "scale"),
        Op::Softcap => (POINTWISE, "softcap"),
        Op::Alibi => (POINTWISE, "alibi"),
        Op::Mask => (POINTWISE, "mask"),
        Op::Subtract => (POINTWISE, "subtract"),
        Op::Exp => (POINTWISE, "exponential"),
        Op::Divide => (POINTWISE, "divide"),
        Op::Concat => (POINTWISE, "concat"),
        Op::Rotate => (POINTWISE, "rotate"),
        Op::Max => (ROWS, "maximum"),
        Op::Sum => (ROWS, "sum"),
        _ => return None,
    };
    let groups = if file == MATMUL {
        [columns.div_ceil(TILE), rows.div_ceil(TILE), a * b]
    } else {
        let groups = (a * b * rows * columns).div_ceil(GROUP);
        [groups.min(GROUPS), groups.div_ceil(GROUPS), 1]
    };
    let entry = Entry {
        file,
        name,
        dims: None,
    };
    Some((entry, groups.map(|count| count as u32)))
}

/// `weights` and `mixed` of a trace that holds the weights alone, from queries, keys and values.
async fn softmax(
    device: &Device,
    table: &Table<'_>,
    input: &TraceInput<'_>,
    weights: usize,
    data: &mut [f32],
    elsewhere: &mut Option<&mut dyn Rows>,
) -> Result<(), Error> {
    let config = &table.config;
    let find = |id: &str| {
        let stage = table.stages.iter().find(|stage| stage.id == id);
        stage.ok_or_else(|| OPERATION.internal("a stage", id))
    };
    let weights = &table.stages[weights];
    let (query, key) = (find(&weights.from[0])?, find(&weights.from[1])?);
    let (value, mixed) = (find("value")?, find("mixed")?);
    let (before, after) = data.split_at_mut(mixed.offset);
    let cells = |stage: &crate::Stage| &before[stage.offset..][..stage.len()];
    let [queries, keys] = [query.shape[1], key.shape[1]];
    let full = [1, config.heads, queries, keys];
    let mask = Broadcast::of(OPERATION, input.mask.as_ref(), full)?;
    for (id, stage) in [("query", query), ("key", key), ("value", value)] {
        expect_finite(OPERATION, id, cells(stage))?;
    }
    if let Some(Mask::Additive(view)) = &input.mask {
        expect_bias(OPERATION, view.iter())?;
    }
    let visibility = [config.visibility()];
    let whole = Whole {
        op: OPERATION,
        kv_heads: config.kv_heads,
        members: config.heads / config.kv_heads,
        queries,
        keys,
        dim: config.head_dim,
        value_dim: config.value_dim,
        q: (Numbers::Ours(cells(query)), &|_, h, i| {
            (h * queries + i) * config.head_dim
        }),
        k: Numbers::Ours(cells(key)),
        v: Numbers::Ours(cells(value)),
        mask: &mask,
        visibility: &visibility,
        slopes: match &config.position {
            PositionConfig::Alibi { slopes } => Some(slopes),
            _ => None,
        },
        scale: config.scale,
        softcap: (config.softcap > 0.0).then_some(config.softcap),
    };
    let (mixed_cells, end) = after.split_at_mut(mixed.len());
    let first = table.len - mixed.offset - mixed.len();
    let mut odd = None;
    for part in whole.parts(device.most_bytes, true) {
        let mut mix = |[_, h, i]: [usize; 3], rows: Numbers<'_>| {
            rows.copy_to(&mut mixed_cells[(h * queries + i) * config.value_dim..][..rows.len()]);
        };
        let mut put = |[_, h, i]: [usize; 3], rows: Numbers<'_>| {
            let rows = rows.here();
            odd = odd.or_else(|| rows.iter().copied().find(|weight| !weight.is_finite()));
            let at = (h * queries + i) * keys;
            match elsewhere {
                Some(elsewhere) => elsewhere.put(weights.offset + at, &rows),
                None => end[first + at..][..rows.len()].copy_from_slice(&rows),
            }
        };
        let results = Results {
            mixed: Some(&mut mix),
            scores: Some((ScoresKind::Weights, &mut put)),
        };
        whole.run(device, &part, &|| Ok(()), results).await?;
    }
    match odd {
        Some(odd) => Err(OPERATION.gpu(GpuFault::Unsuited, "finite weights", odd)),
        None => Ok(()),
    }
}
