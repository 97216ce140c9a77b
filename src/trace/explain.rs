//! Where a number comes from.

use super::edit;
use super::plan::unravel;
use super::rule::{Cells, Rule};
use super::walk::Cell;
use super::{Name, Op, Reason, Stage, Trace, TraceConfig};
use crate::error::{Error, Operation};
use serde::Serialize;

const OPERATION: Operation = Operation("explain");

/// A cell of the trace that another cell is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Factor {
    /// Its stage.
    pub stage: Name,
    /// Its place there.
    pub index: Vec<usize>,
    /// Its value.
    pub value: f32,
}

/// A part of a sum, or the one thing that an operation reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Term {
    /// What is multiplied.
    pub factors: Vec<Factor>,
    /// The product of the factors, in f64; of the sine of a rotated feature, with its sign.
    pub product: f64,
    /// The sum, or the largest, of the products up to this one, in the order in which the engine takes them: the last is
    /// `exact`. Absent where the operation is neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<f64>,
}

/// A number in a formula that is no cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Constant {
    /// What it is: `scale`, `softcap`, `sign`, `slope` or `angle`; of a softmax also `alibi`, `row_max` and `row_sum`; of an
    /// edited cell `computed`: what the operation gives on the operands on show, or what was given.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
}

/// Where a cell comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Its stage.
    pub stage: Name,
    /// Its place there.
    pub index: Vec<usize>,
    /// Its value, as computed in f32.
    pub value: f32,
    /// The operation on the same operands in f64: `value - exact` is the rounding error of this one cell.
    pub exact: f64,
    /// The operation. `given` also for a key of the past among projected ones, `edited` for whatever was set.
    pub op: Op,
    /// The operands, in the order in which they are read.
    pub terms: Vec<Term>,
    /// The operation, written out.
    pub formula: Name,
    /// The number in it that is no cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant: Option<Constant>,
    /// The numbers in a softmax that are no cells, in the order in which they come in: `scale`, `softcap` and `alibi` where
    /// there are such, `row_max` and `row_sum`. With the terms they give `exact`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub constants: Vec<Constant>,
    /// Why a score may not be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// Tells of one number of a trace which operation made it, of which other numbers.
///
/// Every operand is itself a cell of the trace, so that asking on leads back to what was given or drawn by the seed.
///
/// # Errors
/// `not_found` for a stage that the trace does not have, `index` for a place outside it, `internal` for a trace
/// that was altered.
///
/// ```
/// use attention_playground::{explain, trace_attention, AttentionConfig, Tokens, TraceInput};
///
/// let input = TraceInput { tokens: Some(Tokens::query(["a", "b"])), ..TraceInput::default() };
/// let trace = trace_attention(&input, &AttentionConfig { heads: Some(1), ..AttentionConfig::default() })?;
/// let weight = explain(&trace, "weights", &[0, 1, 0])?;
/// let [numerator, denominator] = &weight.terms[..] else { panic!("a division has two operands") };
/// assert_eq!(numerator.factors[0].stage, "exp");
/// assert_eq!(denominator.factors[0].stage, "row_sum");
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn explain(trace: &Trace, stage: &str, index: &[usize]) -> Result<Explanation, Error> {
    explain_cells(
        &trace.config,
        &trace.stages,
        &trace.data.as_slice(),
        trace.data.len(),
        stage,
        index,
    )
}

/// [`explain`] for an arena that lies elsewhere: only the cells that are needed are read.
pub(crate) fn explain_cells(
    config: &TraceConfig,
    stages: &[Stage],
    cells: &dyn Cells,
    len: usize,
    id: &str,
    index: &[usize],
) -> Result<Explanation, Error> {
    let stage = cell_of(OPERATION, stages, len, id, index)?;
    if let Some(before) = edit::before(&config.edits, stage, index) {
        return Ok(edited(cells, stage, index, before));
    }
    let rule = Rule::of(OPERATION, config, stages, stage)?;
    let cell = rule_cell(&rule, stage, index);
    let factor = |at: usize| {
        let stage = stages
            .iter()
            .find(|stage| (stage.offset..stage.offset + stage.len()).contains(&at));
        let index = stage
            .map(|stage| unravel(at - stage.offset, &stage.shape))
            .unwrap_or_default();
        Factor {
            stage: stage.map(|stage| stage.id.clone()).unwrap_or_default(),
            index,
            value: cells.at(at),
        }
    };
    let mut terms: Vec<Term> = Vec::new();
    rule.terms(&cell, cells, &mut |factors| {
        let product = rule.product(&cell, terms.len(), factors, cells);
        let before = terms.last().and_then(|term| term.running);
        terms.push(Term {
            factors: factors.iter().map(|&at| factor(at)).collect(),
            product,
            running: rule.running(before, product),
        })
    });
    let given = rule.is_given(&cell) && stage.op != Op::Seeded;
    let softmax = rule.softmax(&cell, cells);
    let exact = softmax.as_ref().map(|softmax| softmax.exact);
    Ok(Explanation {
        stage: stage.id.clone(),
        index: index.to_vec(),
        value: cells.at(rule.offset(&cell)),
        exact: exact.unwrap_or_else(|| rule.evaluate(&cell, cells)),
        op: if given { Op::Given } else { stage.op },
        terms,
        formula: if given {
            format!("{id} is given").into()
        } else {
            stage.formula.clone()
        },
        constant: rule
            .constant(&cell)
            .map(|(name, value)| Constant { name, value }),
        constants: softmax.map(|softmax| softmax.constants).unwrap_or_default(),
        reason: rule.reason(&cell, cells),
    })
}

/// The stage of a cell, if the trace has such a cell.
///
/// # Errors
/// Those of [`explain`].
pub(super) fn cell_of<'a>(
    op: Operation,
    stages: &'a [Stage],
    len: usize,
    id: &str,
    index: &[usize],
) -> Result<&'a Stage, Error> {
    let (_, stage) = Stage::find(op, stages, id)?;
    if stages
        .iter()
        .any(|stage| stage.is_empty() || stage.len() > len || stage.offset > len - stage.len())
    {
        return Err(op.internal(format!("stages within {len} cells"), "one beyond them"));
    }
    if index.len() != stage.shape.len()
        || index
            .iter()
            .zip(&stage.shape)
            .any(|(place, extent)| place >= extent)
    {
        return Err(op.index(
            format!("an index within {:?}", stage.shape),
            format!("{index:?}"),
        ));
    }
    Ok(stage)
}

/// A cell that was set: it is what it is, and `before` is where it would have been computed to.
fn edited(cells: &dyn Cells, stage: &Stage, index: &[usize], before: usize) -> Explanation {
    let value = cells.at(stage.offset + stage.number(index));
    Explanation {
        stage: stage.id.clone(),
        index: index.to_vec(),
        value,
        exact: value.into(),
        op: Op::Edited,
        terms: Vec::new(),
        formula: format!("{} is set here", stage.id).into(),
        constant: Some(Constant {
            name: "computed",
            value: cells.at(before).into(),
        }),
        constants: Vec::new(),
        reason: None,
    }
}

/// The place along the split axes of a cell with this index.
fn rule_cell(rule: &Rule, stage: &Stage, index: &[usize]) -> Cell {
    let mut cell = [0; 4];
    cell.iter_mut()
        .zip(unravel(stage.number(index), &rule.extents()))
        .for_each(|(cell, place)| *cell = place);
    cell
}
