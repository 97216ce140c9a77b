//! The trace of scaled dot-product attention: the stages in their order.

use super::input::{Tokens, TraceInput};
use super::plan::{Plan, Source};
use super::sizes::{Projection, Sizes};
use super::{Axis, Op, PositionConfig, Trace, TraceConfig};
use crate::attention::Bias;
use crate::config::{AttentionConfig, Position};
use crate::error::{Error, Operation};
use crate::tensor::{Mask, row_major};
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
    let sizes = Sizes::of(OPERATION, input, config)?;
    let mut plan = Plan::new(OPERATION);
    embeddings(&mut plan, input, &sizes)?;
    weights(&mut plan, input, &sizes)?;
    projections(&mut plan, input, &sizes)?;
    rotation(&mut plan, &sizes)?;
    scores(&mut plan, &sizes)?;
    bias(&mut plan, input, &sizes)?;
    softmax(&mut plan, &sizes)?;
    mixed(&mut plan, &sizes)?;
    joined(&mut plan, input, &sizes)?;
    let tokens = Tokens {
        query: sizes.query_tokens,
        key: sizes.key_tokens,
    };
    plan.run(sizes.config, tokens)
}

/// Tokens become rows of numbers, on both sides of a cross-attention.
pub(super) fn embeddings<'a>(
    plan: &mut Plan<'a>,
    input: &'a TraceInput,
    sizes: &Sizes,
) -> Result<(), Error> {
    if !sizes.projected {
        return Ok(());
    }
    let (i, j) = sizes.letters();
    let sides = [
        (
            ["embeddings", "positions", "input"],
            i,
            sizes.query.token_axis,
            Some(&sizes.query_tokens[..]),
            &input.x,
        ),
        (
            ["memory_embeddings", "memory_positions", "memory"],
            j,
            Axis::Key,
            sizes.cross.then(|| &sizes.key_tokens[sizes.config.past..]),
            &input.memory,
        ),
    ];
    for ([embeddings, positions, sum], i, axis, tokens, given) in sides {
        let Some(tokens) = tokens else { continue };
        let axes = [(axis, tokens.len()), (Axis::Width, sizes.config.width)];
        match given {
            Some(x) => plan.given(embeddings, &axes, row_major(x))?,
            None => plan.add(
                embeddings,
                &axes,
                Op::Seeded,
                &[],
                format!("{embeddings}[{i},w] is drawn by the seed and token {i}"),
                Source::Embeddings(tokens.to_vec()),
            )?,
        }
        match &input.position {
            Position::Sinusoidal => {
                let place = if sizes.config.past > 0 {
                    format!("(past + {i})")
                } else {
                    i.to_owned()
                };
                let formula = format!(
                    "{positions}[{i},2n] = sin({place} / 10000^(2n/width)), {positions}[{i},2n+1] = cos of the same angle"
                );
                plan.computed(positions, &axes, Op::Sinusoid, &[], formula)?;
            }
            Position::Learned(table) => {
                let table = row_major(table);
                let rows = sizes.config.past * sizes.config.width..;
                let rows = table[rows][..tokens.len() * sizes.config.width].to_vec();
                plan.given(positions, &axes, Cow::Owned(rows))?;
            }
            _ => continue,
        }
        let formula = format!("{sum}[{i},w] = {embeddings}[{i},w] + {positions}[{i},w]");
        plan.computed(sum, &axes, Op::Add, &[embeddings, positions], formula)?;
    }
    Ok(())
}

/// The matrices, and what is added after each.
pub(super) fn weights<'a>(
    plan: &mut Plan<'a>,
    input: &'a TraceInput,
    sizes: &Sizes,
) -> Result<(), Error> {
    let matrices = [
        ("w_query", &sizes.query, &input.wq),
        ("w_key", &sizes.key, &input.wk),
        ("w_value", &sizes.value, &input.wv),
    ];
    if sizes.projected {
        for (id, projection, given) in matrices {
            let axes = [
                (Axis::Width, sizes.config.width),
                (Axis::Channel, projection.channels()),
            ];
            weight(plan, id, "w,n", &axes, given)?;
        }
    }
    if let Some(width) = sizes.output_width {
        let axes = [
            (Axis::Channel, sizes.output_channels()),
            (Axis::Width, width),
        ];
        weight(plan, "w_output", "n,w", &axes, &input.wo)?;
    }
    let biases = [
        ("b_query", Axis::Channel, &input.bq),
        ("b_key", Axis::Channel, &input.bk),
        ("b_value", Axis::Channel, &input.bv),
        ("b_output", Axis::Width, &input.bo),
    ];
    for (id, axis, given) in biases {
        if let Some(given) = given {
            plan.given(id, &[(axis, given.len())], row_major(given))?;
        }
    }
    Ok(())
}

fn weight<'a>(
    plan: &mut Plan<'a>,
    id: &'static str,
    index: &str,
    axes: &[(Axis, usize)],
    given: &'a Option<ndarray::ArrayViewD<'_, f32>>,
) -> Result<(), Error> {
    match given {
        Some(given) => plan.given(id, axes, row_major(given)),
        None => plan.add(
            id,
            axes,
            Op::Seeded,
            &[],
            format!("{id}[{index}] is drawn by the seed, between ±√(6 / (rows + columns))"),
            Source::Weights,
        ),
    }
}

/// Queries, keys and values: given, or projected from rows. Keys and values of the past come before the others.
pub(super) fn projections<'a>(
    plan: &mut Plan<'a>,
    input: &'a TraceInput,
    sizes: &Sizes,
) -> Result<(), Error> {
    let from = plan.first(&["input", "embeddings"]);
    let memory = if sizes.cross {
        plan.first(&["memory", "memory_embeddings"])
    } else {
        from
    };
    let parts = [
        (
            "query",
            &sizes.query,
            from,
            ["w_query", "b_query"],
            &input.q,
            None,
        ),
        (
            "key",
            &sizes.key,
            memory,
            ["w_key", "b_key"],
            &input.k,
            input.past_key.as_ref(),
        ),
        (
            "value",
            &sizes.value,
            memory,
            ["w_value", "b_value"],
            &input.v,
            input.past_value.as_ref(),
        ),
    ];
    for (id, projection, from, [w, b], given, past) in parts {
        let axes = projection.axes();
        let past = past.map(row_major).unwrap_or_default();
        if let Some(given) = given {
            plan.given(id, &axes, Cow::Owned(projection.joined(given, &past)))?;
            continue;
        }
        let (i, j) = sizes.letters();
        let (h, i) = if id == "query" { ("h", i) } else { ("g", j) };
        let row = if past.is_empty() {
            i.to_owned()
        } else {
            format!("{i}−past")
        };
        let mut formula = format!(
            "{id}[{h},{i},c] = Σ_w {from}[{row},w] · {w}[w,{h}·{}+c]",
            projection.dim
        );
        let mut operands = vec![from, w];
        if plan.has(b) {
            formula += &format!(" + {b}[{h}·{}+c]", projection.dim);
            operands.push(b);
        }
        let op = if operands.len() == 3 {
            Op::Affine
        } else {
            Op::Matmul
        };
        let source = if past.is_empty() {
            Source::Computed
        } else {
            Source::Given(past)
        };
        plan.add(id, &axes, op, &operands, formula, source)?;
    }
    Ok(())
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
    let mask = Bias::of(OPERATION, input.mask.as_ref(), full)?;
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
    let seen = match (mask.boolean(), added) {
        (Some(seen), _) => Some(seen),
        (None, Some(added)) if added.contains(&f32::NEG_INFINITY) => Some(
            added
                .iter()
                .map(|&added| added != f32::NEG_INFINITY)
                .collect(),
        ),
        _ => None,
    };
    if seen.is_some() || sizes.config.visibility().restricts(sizes.key.tokens) {
        let before = plan.first(&["biased", "capped", "scaled"]);
        let formula = format!("masked[h,i,j] = {before}[h,i,j] where j may be seen, −∞ elsewhere");
        plan.add(
            "masked",
            &axes,
            Op::Mask,
            &[before],
            formula,
            Source::Masked(seen.map(Cow::Owned)),
        )?;
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

/// Values mix by the weights.
fn mixed(plan: &mut Plan, sizes: &Sizes) -> Result<(), Error> {
    let queries = (Axis::Query, sizes.query.tokens);
    let axes = [
        (Axis::Head, sizes.config.heads),
        queries,
        (Axis::Dim, sizes.value.dim),
    ];
    let formula = "mixed[h,i,c] = Σ_j weights[h,i,j] · value[g,j,c]";
    plan.computed("mixed", &axes, Op::Matmul, &["weights", "value"], formula)
}

/// The heads are joined, and the output is projected from them.
pub(super) fn joined(plan: &mut Plan, input: &TraceInput, sizes: &Sizes) -> Result<(), Error> {
    let queries = (sizes.query.token_axis, sizes.query.tokens);
    let axes = [queries, (Axis::Channel, sizes.output_channels())];
    let (i, _) = sizes.letters();
    let formula = format!("concat[{i},h·{}+c] = mixed[h,{i},c]", sizes.value.dim);
    plan.computed("concat", &axes, Op::Concat, &["mixed"], formula)?;
    let Some(width) = sizes.output_width else {
        return Ok(());
    };
    let axes = [queries, (Axis::Width, width)];
    let product = format!("output[{i},w] = Σ_n concat[{i},n] · w_output[n,w]");
    match input.bo {
        None => plan.computed(
            "output",
            &axes,
            Op::Matmul,
            &["concat", "w_output"],
            product,
        ),
        Some(_) => {
            let formula = format!("{product} + b_output[w]");
            plan.computed(
                "output",
                &axes,
                Op::Affine,
                &["concat", "w_output", "b_output"],
                formula,
            )
        }
    }
}

impl Bias<'_> {
    /// What is added to each score, `[head, query, key]`; beyond the end of a short mask, nothing is.
    fn additive(&self) -> Option<Vec<f32>> {
        match &self.mask {
            Some(Mask::Additive(view)) => Some(self.padded(view, 0.0)),
            _ => None,
        }
    }

    /// Which scores may be seen; what lies beyond the end of a short mask is hidden by its place, not by this.
    fn boolean(&self) -> Option<Vec<bool>> {
        match &self.mask {
            Some(Mask::Boolean(view)) => Some(self.padded(view, true)),
            _ => None,
        }
    }

    fn padded<T: Copy>(&self, view: &ndarray::ArrayViewD<'_, T>, beyond: T) -> Vec<T> {
        let [_, heads, queries, reach] = *view.shape() else {
            return Vec::new();
        };
        let keys = self.keys;
        let cell = |h, i, j| {
            if j < reach {
                view[[0, h, i, j]]
            } else {
                beyond
            }
        };
        let mut cells = Vec::with_capacity(heads * queries * keys);
        for h in 0..heads {
            for i in 0..queries {
                cells.extend((0..keys).map(|j| cell(h, i, j)));
            }
        }
        cells
    }
}

impl TraceConfig {
    /// The rules that hide keys by their place.
    pub(super) fn visibility(&self) -> crate::visibility::Visibility {
        crate::visibility::Visibility {
            causal: self.causal,
            window: self.window,
            offset: self.past as i64,
            length: self.mask_length,
        }
    }
}

impl Projection {
    pub fn axes(&self) -> [(Axis, usize); 3] {
        [
            (self.head_axis, self.heads),
            (self.token_axis, self.tokens),
            (self.dim_axis, self.dim),
        ]
    }
}
