//! The trace of scaled dot-product attention: the stages in their order.

use super::input::{Tokens, TraceInput};
use super::plan::{Plan, Source, Table};
use super::projection::{embeddings, joined, projections, weights};
use super::rows::Rows;
use super::sizes::Sizes;
use super::{Axis, Op, PositionConfig, Trace, TraceConfig};
use crate::config::AttentionConfig;
use crate::error::{Error, Operation};
use crate::limits::{TRACED_TOKENS, WEIGHTS_TOKENS};
use crate::mask::Broadcast;
use std::borrow::Cow;

const OPERATION: Operation = Operation("trace_attention");

/// Scaled dot-product attention of one sequence, with every number of every stage kept.
///
/// Stages, in order; one that does not apply is absent: `embeddings positions input`, `memory_embeddings
/// memory_positions memory`, `w_query w_key w_value w_output b_query b_key b_value b_output`, `query key value`,
/// `cos sin query_rotated key_rotated`, `scores scaled capped`, `alibi mask bias biased masked`, `row_max shifted exp
/// row_sum weights`, `mixed concat output`. (`alibi` and `mask` stand alone only where a trace has both; `bias` is
/// then their sum.)
///
/// Sums run in index order, in f64, and are rounded to f32 once, so that each cell is within half a unit in the last
/// place of what its operands say. Memory is worked out before it is taken.
///
/// Above 512 tokens, queries or keys, the trace is that of [`trace_weights`]: what stands for each pair of tokens takes
/// memory by the square of their number, and of all these stages the weights alone are kept. Above 4,096 there is none.
///
/// # Shapes
/// As in [`TraceInput`]; those of the stages are in the table of the trace.
///
/// # Errors
/// `shape`, `size` and `option` where the input does not fit together, `too_many_tokens` and `too_large` beyond
/// [`crate::Limits`], `index` for a token beyond a learned table of positions.
///
/// # Source
/// Vaswani et al. 2017, "Attention Is All You Need", sections 3.2 and 3.5; ONNX operator `Attention`, opset 25.
///
/// ```
/// use attention_playground::{trace_attention, AttentionConfig, Tokens, TraceInput};
///
/// let input = TraceInput { tokens: Some(Tokens::query(["a", "b", "a"])), ..TraceInput::default() };
/// let config = AttentionConfig { heads: Some(2), causal: true, ..AttentionConfig::default() };
/// let trace = trace_attention(&input, &config)?;
/// let weights = trace.cells("weights").expect("attention has weights");
/// assert_eq!(weights[..3], [1.0, 0.0, 0.0]); // the first token sees only itself
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn trace_attention(input: &TraceInput, config: &AttentionConfig) -> Result<Trace, Error> {
    traced(input, config, false, None)
}

/// The trace that [`trace_attention`] gives of many tokens, whatever their number: of all that is worked out for each pair
/// of tokens it holds the weights alone.
///
/// Every number in it is that of the full trace, to the bit. The operation of `weights` is the whole softmax of a row, of
/// `query`, `key` and, where there is one, `mask`: what is added to the scores, negative infinity where they may not be seen.
///
/// # Errors
/// As [`trace_attention`].
///
/// ```
/// use attention_playground::{explain, trace_attention, trace_weights, AttentionConfig, Tokens, TraceInput};
///
/// let input = TraceInput { tokens: Some(Tokens::query(["a", "b", "a"])), ..TraceInput::default() };
/// let config = AttentionConfig { heads: Some(2), ..AttentionConfig::default() };
/// let trace = trace_weights(&input, &config)?;
/// assert!(trace.stage("scores").is_none());
/// assert_eq!(trace.cells("weights"), trace_attention(&input, &config)?.cells("weights"));
/// let why = explain(&trace, "weights", &[0, 1, 2])?;
/// let names: Vec<_> = why.constants.iter().map(|constant| constant.name).collect();
/// assert_eq!(names, ["scale", "row_max", "row_sum"]);
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn trace_weights(input: &TraceInput, config: &AttentionConfig) -> Result<Trace, Error> {
    traced(input, config, true, None)
}

/// [`trace_attention`] for a caller that takes the rows of weights as they are made, if the trace holds the weights alone:
/// the arena then ends before them.
#[cfg(all(target_arch = "wasm32", feature = "engine"))]
pub(crate) fn trace_attention_into(
    input: &TraceInput,
    config: &AttentionConfig,
    rows: &mut dyn Rows,
) -> Result<Trace, Error> {
    traced(input, config, false, Some(rows))
}

fn traced(
    input: &TraceInput,
    config: &AttentionConfig,
    alone: bool,
    rows: Option<&mut dyn Rows>,
) -> Result<Trace, Error> {
    laid_out(input, config, alone)?.run(rows)
}

/// The table of the trace, and where all its numbers come from.
pub(crate) fn laid_out<'a>(
    input: &'a TraceInput<'_>,
    config: &AttentionConfig,
    alone: bool,
) -> Result<Table<'a>, Error> {
    let sizes = Sizes::of(OPERATION, WEIGHTS_TOKENS, input, config)?;
    let mut plan = Plan::new(OPERATION);
    embeddings(&mut plan, input, &sizes)?;
    weights(&mut plan, input, &sizes)?;
    projections(&mut plan, input, &sizes)?;
    rotation(&mut plan, &sizes)?;
    if alone || sizes.query.tokens.max(sizes.key.tokens) > TRACED_TOKENS {
        weights_alone(&mut plan, input, &sizes)?;
    } else {
        scores(&mut plan, &sizes)?;
        bias(&mut plan, input, &sizes)?;
        softmax(&mut plan, &sizes)?;
        mixed(&mut plan, &sizes, Source::Computed)?;
    }
    joined(&mut plan, input, &sizes)?;
    let tokens = Tokens {
        query: sizes.query_tokens,
        key: sizes.key_tokens,
    };
    plan.lay_out(sizes.config, tokens, &input.edits)
}

/// Rotary positions turn queries and keys, pair by pair of their features.
fn rotation(plan: &mut Plan, sizes: &Sizes) -> Result<(), Error> {
    let PositionConfig::Rotary {
        base,
        dim,
        interleaved,
    } = sizes.config.position
    else {
        return Ok(());
    };
    let positions = sizes
        .query
        .tokens
        .saturating_add(sizes.config.past)
        .max(sizes.key.tokens);
    let axes = [(Axis::Position, positions), (Axis::Pair, dim / 2)];
    for turn in ["cos", "sin"] {
        let formula = format!("{turn}[p,n] = {turn}(p / {base}^(2n/{dim}))");
        plan.computed(turn, &axes, Op::Sinusoid, &[], formula)?;
    }
    let pair = if interleaved {
        "2n and 2n+1".to_owned()
    } else {
        format!("n and n+{}", dim / 2)
    };
    for (id, from, projection, h, i) in [
        ("query_rotated", "query", &sizes.query, "h", "i"),
        ("key_rotated", "key", &sizes.key, "g", "j"),
    ] {
        let p = if i == "i" && sizes.config.past > 0 {
            "past+i"
        } else {
            i
        };
        let formula = format!(
            "{id}[{h},{i},c] = {from}[{h},{i},c] · cos[{p},n] ∓ {from}[{h},{i},c′] · sin[{p},n], c and c′ being {pair}"
        );
        plan.computed(
            id,
            &projection.axes(),
            Op::Rotate,
            &[from, "cos", "sin"],
            formula,
        )?;
    }
    Ok(())
}

/// Each query against each key; scaled; capped.
fn scores(plan: &mut Plan, sizes: &Sizes) -> Result<(), Error> {
    let axes = sizes.score_axes();
    let (query, key) = (
        plan.first(&["query_rotated", "query"]),
        plan.first(&["key_rotated", "key"]),
    );
    let formula = format!("scores[h,i,j] = Σ_c {query}[h,i,c] · {key}[g,j,c]");
    plan.computed("scores", &axes, Op::Matmul, &[query, key], formula)?;
    plan.computed(
        "scaled",
        &axes,
        Op::Scale,
        &["scores"],
        "scaled[h,i,j] = scores[h,i,j] · scale",
    )?;
    if sizes.config.softcap > 0.0 {
        let formula = "capped[h,i,j] = softcap · tanh(scaled[h,i,j] / softcap)";
        plan.computed("capped", &axes, Op::Softcap, &["scaled"], formula)?;
    }
    Ok(())
}

/// What is added to the scores, and which of them may not be seen.
fn bias<'a>(plan: &mut Plan<'a>, input: &'a TraceInput, sizes: &Sizes) -> Result<(), Error> {
    let axes = sizes.score_axes();
    let full = [1, sizes.config.heads, sizes.query.tokens, sizes.key.tokens];
    let mask = Broadcast::of(OPERATION, input.mask.as_ref(), full)?;
    let alibi = matches!(sizes.config.position, PositionConfig::Alibi { .. });
    let added = mask.additive();
    let both = alibi && added.is_some();
    if alibi {
        let id = if both { "alibi" } else { "bias" };
        let p = if sizes.config.past > 0 {
            "past + i"
        } else {
            "i"
        };
        plan.computed(
            id,
            &axes,
            Op::Alibi,
            &[],
            format!("{id}[h,i,j] = −slope[h] · |{p} − j|"),
        )?;
    }
    if let Some(added) = &added {
        plan.given(
            if both { "mask" } else { "bias" },
            &axes,
            Cow::Owned(added.clone()),
        )?;
    }
    if both {
        plan.computed(
            "bias",
            &axes,
            Op::Add,
            &["alibi", "mask"],
            "bias[h,i,j] = alibi[h,i,j] + mask[h,i,j]",
        )?;
    }
    if plan.has("bias") {
        let before = plan.first(&["capped", "scaled"]);
        let formula = format!("biased[h,i,j] = {before}[h,i,j] + bias[h,i,j]");
        plan.computed("biased", &axes, Op::Add, &[before, "bias"], formula)?;
    }
    let source = match (mask.boolean(), added) {
        (None, Some(added)) if added.contains(&f32::NEG_INFINITY) => Source::Biased(
            added
                .iter()
                .map(|&added| added != f32::NEG_INFINITY)
                .collect(),
        ),
        (seen, _) => Source::Masked(seen.map(Cow::Owned)),
    };
    let hides = !matches!(source, Source::Masked(None));
    if hides || sizes.config.visibility().restricts(sizes.key.tokens) {
        let before = plan.first(&["biased", "capped", "scaled"]);
        let formula = format!("masked[h,i,j] = {before}[h,i,j] where j may be seen, −∞ elsewhere");
        plan.add("masked", &axes, Op::Mask, &[before], formula, source)?;
    }
    Ok(())
}

/// Scores become weights that sum to 1, in five steps.
fn softmax(plan: &mut Plan, sizes: &Sizes) -> Result<(), Error> {
    let axes = sizes.score_axes();
    let rows = &axes[..2];
    let scores = plan.first(&["masked", "biased", "capped", "scaled"]);
    plan.computed(
        "row_max",
        rows,
        Op::Max,
        &[scores],
        format!("row_max[h,i] = max_j {scores}[h,i,j]"),
    )?;
    let formula = format!("shifted[h,i,j] = {scores}[h,i,j] − row_max[h,i]");
    plan.computed(
        "shifted",
        &axes,
        Op::Subtract,
        &[scores, "row_max"],
        formula,
    )?;
    plan.computed(
        "exp",
        &axes,
        Op::Exp,
        &["shifted"],
        "exp[h,i,j] = e^shifted[h,i,j]",
    )?;
    plan.computed(
        "row_sum",
        rows,
        Op::Sum,
        &["exp"],
        "row_sum[h,i] = Σ_j exp[h,i,j]",
    )?;
    plan.computed(
        "weights",
        &axes,
        Op::Divide,
        &["exp", "row_sum"],
        "weights[h,i,j] = exp[h,i,j] / row_sum[h,i]",
    )
}

/// All that makes weights of queries and keys, as one operation.
fn weights_alone<'a>(
    plan: &mut Plan<'a>,
    input: &'a TraceInput,
    sizes: &Sizes,
) -> Result<(), Error> {
    let axes = sizes.score_axes();
    let full = [1, sizes.config.heads, sizes.query.tokens, sizes.key.tokens];
    let mut from = vec![
        plan.first(&["query_rotated", "query"]),
        plan.first(&["key_rotated", "key"]),
    ];
    let mut score = format!("Σ_c {}[h,i,c] · {}[g,j,c] · scale", from[0], from[1]);
    if sizes.config.softcap > 0.0 {
        score = format!("softcap · tanh({score} / softcap)");
    }
    if matches!(sizes.config.position, PositionConfig::Alibi { .. }) {
        score += " + alibi";
    }
    if let Some((extents, cells)) = Broadcast::of(OPERATION, input.mask.as_ref(), full)?.compact() {
        let [heads, queries, keys] = axes;
        let told = [heads, queries].into_iter().zip(extents);
        let mut apart: Vec<_> = told.filter(|(_, n)| *n > 1).map(|(axis, _)| axis).collect();
        apart.push(keys);
        plan.given("mask", &apart, Cow::Owned(cells))?;
        from.push("mask");
        score += " + mask";
    }
    let formula =
        format!("weights[h,i,j] = e^({score} − row_max) / row_sum, over all keys of row i");
    plan.add("weights", &axes, Op::Softmax, &from, formula, Source::Rows)?;
    mixed(plan, sizes, Source::Beside)
}

/// Values mix by the weights.
fn mixed(plan: &mut Plan, sizes: &Sizes, source: Source<'static>) -> Result<(), Error> {
    let queries = (Axis::Query, sizes.query.tokens);
    let axes = [
        (Axis::Head, sizes.config.heads),
        queries,
        (Axis::Dim, sizes.value.dim),
    ];
    let formula = "mixed[h,i,c] = Σ_j weights[h,i,j] · value[g,j,c]";
    let from = ["weights", "value"];
    plan.add("mixed", &axes, Op::Matmul, &from, formula, source)
}

impl TraceConfig {
    /// The rules that hide keys by their place.
    pub(crate) fn visibility(&self) -> crate::visibility::Visibility {
        crate::visibility::Visibility {
            causal: self.causal,
            window: self.window,
            offset: self.past as i64,
            length: self.mask_length,
        }
    }
}
