//! The table of a trace while it grows, and where the numbers of each stage will come from.

use super::edit::{self, Edit};
use super::fill;
use super::rows::{self, Rows};
use super::rule::Rule;
use super::seeded;
use super::{Axis, Name, NonFinite, Op, Stage, Tokens, Trace, TraceConfig, VERSION};
use crate::error::{Error, Operation};
use crate::limits::{TENSOR_BYTES, checked_len};
use std::borrow::Cow;

/// Where the numbers of a stage come from.
pub(crate) enum Source<'a> {
    /// The caller: all of them, or the rows of the past in each of the blocks of the first axis.
    Given(Cow<'a, [f32]>),
    /// Weights drawn by the seed.
    Weights,
    /// Embeddings drawn by the seed and these tokens.
    Embeddings(Vec<String>),
    /// Its operation alone.
    Computed,
    /// Its operation, one token at a time, together with the stages beside it.
    Stepped,
    /// Scores, and which of them a boolean mask hides.
    Masked(Option<Cow<'a, [bool]>>),
    /// Scores, and which of them the bias hides: for a GPU, that does not ask the bias itself.
    #[cfg_attr(
        not(feature = "gpu"),
        allow(dead_code, reason = "the rule asks the bias")
    )]
    Biased(Cow<'a, [bool]>),
    /// A softmax, row by row: last in the arena, whatever its place in the table, so that its rows can go elsewhere.
    Rows,
    /// Made together with such rows.
    Beside,
}

/// A table under construction: stages are added in the order in which they are computed.
pub(super) struct Plan<'a> {
    op: Operation,
    stages: Vec<Stage>,
    sources: Vec<Source<'a>>,
    len: usize,
}

impl<'a> Plan<'a> {
    pub fn new(op: Operation) -> Self {
        Plan {
            op,
            stages: Vec::new(),
            sources: Vec::new(),
            len: 0,
        }
    }

    /// Whether there is such a stage.
    pub fn has(&self, id: &str) -> bool {
        self.stages.iter().any(|stage| stage.id == id)
    }

    /// The first of these stages that there is.
    pub fn first(&self, ids: &[&'static str]) -> &'static str {
        ids.iter()
            .copied()
            .find(|id| self.has(id))
            .unwrap_or_default()
    }

    /// Adds a stage at the end of the arena.
    ///
    /// # Errors
    /// `too_large` where the arena would exceed its limit.
    pub fn add(
        &mut self,
        id: &'static str,
        axes: &[(Axis, usize)],
        op: Op,
        from: &[&'static str],
        formula: impl Into<Name>,
        source: Source<'a>,
    ) -> Result<(), Error> {
        let shape: Vec<usize> = axes.iter().map(|&(_, extent)| extent).collect();
        let len = checked_len(self.op, id, &shape)?;
        let rows = matches!(source, Source::Rows);
        let total = if rows {
            self.len
        } else {
            self.len.saturating_add(len)
        };
        if total > TENSOR_BYTES / size_of::<f32>() {
            return Err(self.op.too_large(
                format!("a trace of at most {TENSOR_BYTES} bytes"),
                format!(
                    "{} bytes up to {id}",
                    total as f64 * size_of::<f32>() as f64
                ),
            ));
        }
        self.stages.push(Stage {
            id: id.into(),
            axes: axes.iter().map(|&(axis, _)| axis).collect(),
            shape,
            offset: self.len,
            from: from.iter().map(|&id| id.into()).collect(),
            op,
            formula: formula.into(),
        });
        self.sources.push(source);
        self.len = total;
        Ok(())
    }

    /// A stage that comes from the caller.
    pub fn given(
        &mut self,
        id: &'static str,
        axes: &[(Axis, usize)],
        data: Cow<'a, [f32]>,
    ) -> Result<(), Error> {
        self.add(
            id,
            axes,
            Op::Given,
            &[],
            format!("{id} is given"),
            Source::Given(data),
        )
    }

    /// A stage that its operation alone makes.
    pub fn computed(
        &mut self,
        id: &'static str,
        axes: &[(Axis, usize)],
        op: Op,
        from: &[&'static str],
        formula: impl Into<Name>,
    ) -> Result<(), Error> {
        self.add(id, axes, op, from, formula, Source::Computed)
    }

    /// Ends the table: every stage has its place, and so has what edits replace.
    ///
    /// # Errors
    /// Those of an edit that the table has no place for.
    pub fn lay_out(
        self,
        mut config: TraceConfig,
        tokens: Tokens,
        edits: &[Edit],
    ) -> Result<Table<'a>, Error> {
        let Plan {
            op,
            mut stages,
            sources,
            len,
        } = self;
        let rows = |n: usize| matches!(sources[n], Source::Rows);
        let (edits, len) = edit::resolve(op, edits, &stages, rows, len)?;
        config.edits = edits;
        let mut total = len;
        for (stage, source) in stages.iter_mut().zip(&sources) {
            if matches!(source, Source::Rows) {
                stage.offset = total;
                total += stage.len();
            }
        }
        config.seeded = stages
            .iter()
            .filter(|stage| stage.op == Op::Seeded)
            .map(|stage| stage.id.clone())
            .collect();
        Ok(Table {
            op,
            config,
            tokens,
            stages,
            sources,
            len,
            total,
        })
    }
}

/// A table with all its stages, and where their numbers come from.
pub(crate) struct Table<'a> {
    pub op: Operation,
    pub config: TraceConfig,
    tokens: Tokens,
    pub stages: Vec<Stage>,
    pub sources: Vec<Source<'a>>,
    /// Cells before the rows of a softmax, and in all.
    pub len: usize,
    total: usize,
}

impl Table<'_> {
    /// Room for the cells: without the rows of a softmax if those go to `elsewhere`, which is then told of them.
    ///
    /// # Errors
    /// `too_large` where there is none.
    pub fn arena(&self, elsewhere: Option<&mut (dyn Rows + '_)>) -> Result<Vec<f32>, Error> {
        let held = match elsewhere {
            Some(elsewhere) if self.total > self.len => {
                elsewhere.begin(self.op, self.total)?;
                self.len
            }
            _ => self.total,
        };
        let mut data = Vec::new();
        if data.try_reserve_exact(held).is_err() {
            let bytes = held as f64 * size_of::<f32>() as f64;
            let found = format!("none for {bytes} bytes");
            return Err(self.op.too_large("memory for the trace", found));
        }
        data.resize(held, 0.0);
        Ok(data)
    }

    /// Fills what comes from outside into stage `n`: all of it, the rows of the past, or nothing.
    pub fn give(&self, n: usize, data: &mut [f32]) {
        let stage = &self.stages[n];
        match &self.sources[n] {
            Source::Given(given) => fill::given(stage, given, data),
            Source::Weights => {
                if let &[fan_in, fan_out] = stage.shape.as_slice() {
                    let cells = &mut data[stage.offset..][..stage.len()];
                    seeded::weights(cells, self.config.seed, &stage.id, fan_in, fan_out);
                }
            }
            Source::Embeddings(tokens) => {
                let cells = &mut data[stage.offset..][..stage.len()];
                let rows = cells.chunks_exact_mut(self.config.width);
                for (token, row) in tokens.iter().zip(rows) {
                    seeded::embedding(row, self.config.seed, token);
                }
            }
            _ => {}
        }
    }

    /// Computes stage `n` from those before it.
    ///
    /// # Errors
    /// `internal` for a table that no engine made.
    #[cfg(feature = "gpu")]
    pub fn compute(&self, n: usize, data: &mut [f32]) -> Result<(), Error> {
        let rule = Rule::of(self.op, &self.config, &self.stages, &self.stages[n])?;
        fill::computed(&rule, data);
        Ok(())
    }

    /// Computes every stage in turn. Rows of a softmax go to `elsewhere`, if that is given, and not into the arena.
    ///
    /// # Errors
    /// `too_large` where there is no room for the arena.
    pub fn run(self, mut elsewhere: Option<&mut dyn Rows>) -> Result<Trace, Error> {
        let mut data = self.arena(elsewhere.as_deref_mut())?;
        let Table {
            op,
            config,
            stages,
            len,
            ..
        } = &self;
        let mut stepped = Vec::new();
        for (n, (stage, source)) in stages.iter().zip(&self.sources).enumerate() {
            let rule = Rule::of(*op, config, stages, stage)?;
            if !matches!(source, Source::Stepped) {
                fill::recurrence(&stepped, &config.edits, &mut data);
                stepped.clear();
            }
            self.give(n, &mut data);
            match source {
                Source::Masked(mask) => {
                    fill::mask(stage, mask.as_deref(), &mut data);
                    fill::computed(&rule, &mut data);
                }
                Source::Stepped => {
                    stepped.push(rule);
                    continue;
                }
                Source::Rows => {
                    let (held, end) = data.split_at_mut(*len);
                    let mut put = |at: usize, row: &[f32]| match &mut elsewhere {
                        Some(elsewhere) => elsewhere.put(at, row),
                        None => end[at - len..][..row.len()].copy_from_slice(row),
                    };
                    rows::fill(*op, config, stages, stage, held, &mut put)?;
                }
                Source::Weights | Source::Embeddings(_) | Source::Beside => {}
                Source::Given(_) | Source::Computed | Source::Biased(_) => {
                    fill::computed(&rule, &mut data)
                }
            }
            edit::apply(&config.edits, stage, None, &mut data);
        }
        fill::recurrence(&stepped, &config.edits, &mut data);
        drop(stepped);
        Ok(self.finish(data, "cpu"))
    }

    /// The trace, with all its cells.
    pub fn finish(self, data: Vec<f32>, backend: &'static str) -> Trace {
        let (non_finite, non_finite_count) = non_finite(&self.stages, &self.sources, &data);
        Trace {
            version: VERSION,
            config: self.config,
            backend,
            tokens: self.tokens,
            stages: self.stages,
            data,
            non_finite,
            non_finite_count,
        }
    }
}

/// Locations that a trace lists; the rest is counted.
const LOCATED: usize = 16;

/// Finds NaN and infinite numbers among what was given. An additive mask hides by negative infinity: that is no fault.
fn non_finite(stages: &[Stage], sources: &[Source], data: &[f32]) -> (Vec<NonFinite>, usize) {
    let mut located = Vec::new();
    let mut count = 0;
    for (stage, source) in stages.iter().zip(sources) {
        let Source::Given(given) = source else {
            continue;
        };
        // of a projection with a past, only the past rows at the head of each block were given
        let blocks = stage.shape.first().copied().unwrap_or(1).max(1);
        let (block, part) = ((stage.len() / blocks).max(1), given.len() / blocks);
        let mask = matches!(&*stage.id, "bias" | "mask");
        for (n, &value) in data[stage.offset..][..stage.len()].iter().enumerate() {
            let name = if n % block >= part {
                continue;
            } else if value.is_nan() {
                "NaN"
            } else if value == f32::INFINITY {
                "Infinity"
            } else if value == f32::NEG_INFINITY && !mask {
                "-Infinity"
            } else {
                continue;
            };
            count += 1;
            if located.len() < LOCATED {
                located.push(NonFinite {
                    stage: stage.id.clone(),
                    index: unravel(n, &stage.shape),
                    value: name,
                });
            }
        }
    }
    (located, count)
}

/// The index of cell number `n` of a row-major array.
pub(super) fn unravel(mut n: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (place, &extent) in index.iter_mut().zip(shape).rev() {
        let extent = extent.max(1);
        *place = n % extent;
        n /= extent;
    }
    index
}
