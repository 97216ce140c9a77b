//! The trace of linear attention: the recurrence, token by token.

use super::input::{LinearTraceInput, Tokens};
use super::plan::{Plan, Source};
use super::projection::{embeddings, joined, projections, weights};
use super::sizes::{Projection, Sizes};
use super::{Axis, Op, Trace, TraceKind};
use crate::config::{AttentionConfig, LinearConfig, LinearRule, Position};
use crate::error::{Error, Operation};
use crate::limits::TRACED_TOKENS;
use crate::linear::Gates;
use crate::tensor::{expect_limits, expect_shape, row_major};
use std::borrow::Cow;

const OPERATION: Operation = Operation("trace_linear_attention");

/// Linear attention of one sequence, with every number of every step kept.
///
/// Stages, in order; one that does not apply is absent: those of [`crate::trace_attention`] up to `query key value`;
/// `decay beta past_state`; `factor` (`e^decay`); then, token by token, `decayed` (the state before, times the
/// factor), `prediction`, `error`, `update` and `state`; `read`, `mixed` (times the scale), `concat`, `output`. The
/// numbers are those of [`crate::linear_attention`] run token by token, to the bit.
///
/// # Shapes
/// As in [`LinearTraceInput`]; the state is `[kv_head, token, key_dim, dim]`, after each token.
///
/// # Errors
/// Those of [`crate::linear_attention`] and [`crate::trace_attention`].
///
/// # Source
/// ONNX operator `LinearAttention`, opset 27; Yang et al. 2024, "Gated Delta Networks", table 1.
///
/// ```
/// use attention_playground::{trace_linear_attention, LinearConfig, LinearRule, LinearTraceInput, TraceInput};
/// use ndarray::array;
///
/// let k = array![[1.0, 0.0], [0.0, 1.0]].into_dyn();
/// let v = array![[3.0, 4.0], [5.0, 6.0]].into_dyn();
/// let (q, k, v) = (Some(k.view()), Some(k.view()), Some(v.view()));
/// let input = LinearTraceInput { tokens: TraceInput { q, k, v, ..Default::default() }, ..Default::default() };
/// let config = LinearConfig { heads: 1, rule: LinearRule::Linear, ..LinearConfig::default() };
/// let trace = trace_linear_attention(&input, &config)?;
/// let state = trace.cells("state").expect("a recurrence has a state");
/// assert_eq!(state, [3.0, 4.0, 0.0, 0.0, 3.0, 4.0, 5.0, 6.0]);
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn trace_linear_attention(
    input: &LinearTraceInput,
    config: &LinearConfig,
) -> Result<Trace, Error> {
    let sizes = sizes(input, config)?;
    let mut plan = Plan::new(OPERATION);
    embeddings(&mut plan, &input.tokens, &sizes)?;
    weights(&mut plan, &input.tokens, &sizes)?;
    projections(&mut plan, &input.tokens, &sizes)?;
    gates(&mut plan, input, &sizes, config.rule)?;
    recurrence(&mut plan, &sizes, config.rule)?;
    read(&mut plan, &sizes)?;
    joined(&mut plan, &input.tokens, &sizes)?;
    let tokens = Tokens {
        query: sizes.query_tokens,
        key: sizes.key_tokens,
    };
    plan.lay_out(sizes.config, tokens, &input.tokens.edits)?
        .run(None)
}

/// The sizes of an attention over the same tokens, with the axes of a recurrence.
fn sizes(input: &LinearTraceInput, config: &LinearConfig) -> Result<Sizes, Error> {
    let op = OPERATION;
    expect_limits(
        op,
        &[
            ("decay", input.decay.as_ref()),
            ("beta", input.beta.as_ref()),
            ("past_state", input.past_state.as_ref()),
        ],
    )?;
    let tokens = &input.tokens;
    let pairs = tokens.mask.is_some() || tokens.past_key.is_some() || tokens.past_value.is_some();
    if pairs
        || tokens.memory.is_some()
        || tokens
            .tokens
            .as_ref()
            .is_some_and(|tokens| !tokens.key.is_empty())
    {
        return Err(op.option(
            "one sequence without memory, mask, past keys or values",
            "one of these",
        ));
    }
    if matches!(
        tokens.position,
        Position::Rotary { .. } | Position::Alibi { .. }
    ) {
        return Err(op.option(
            "positions that are added to embeddings, or none",
            "rotary or ALiBi positions",
        ));
    }
    let attention = AttentionConfig {
        heads: Some(config.heads),
        kv_heads: config.kv_heads,
        scale: config.scale.filter(|&scale| scale != 0.0),
        causal: true,
        ..AttentionConfig::default()
    };
    let mut sizes = Sizes::of(op, TRACED_TOKENS, tokens, &attention)?;
    let (queries, keys) = (sizes.query.tokens, sizes.key.tokens);
    if queries != keys {
        return Err(op.shape("as many queries as keys", format!("{queries} and {keys}")));
    }
    for part in [&mut sizes.query, &mut sizes.key, &mut sizes.value] {
        part.token_axis = Axis::Token;
    }
    // the state has features of a key and features of a value: two names
    sizes.query.dim_axis = Axis::KeyDim;
    sizes.key.dim_axis = Axis::KeyDim;
    sizes.config.kind = TraceKind::LinearAttention;
    sizes.config.rule = Some(config.rule);
    Ok(sizes)
}

/// What steers the state, and what it begins with.
fn gates<'a>(
    plan: &mut Plan<'a>,
    input: &'a LinearTraceInput,
    sizes: &Sizes,
    rule: LinearRule,
) -> Result<(), Error> {
    let (kv_heads, tokens) = (sizes.key.heads, sizes.key.tokens);
    let gates = Gates {
        rule,
        lead: &[tokens],
        kv_heads,
        key_dim: sizes.key.dim,
        decay: input.decay.as_ref(),
        beta: input.beta.as_ref(),
    };
    let (decay_dim, beta_heads) = gates.check(OPERATION)?;
    if let Some(decay) = &input.decay {
        let part = Projection {
            dim: decay_dim,
            ..sizes.key
        };
        // one decay for all features of a key has no axis for them
        let axes = &part.axes()[..if decay_dim == 1 { 2 } else { 3 }];
        plan.given("decay", axes, Cow::Owned(part.joined(decay, &[])))?;
        let c = if decay_dim == 1 { "" } else { ",c" };
        let formula = format!("factor[g,t{c}] = e^decay[g,t{c}]");
        plan.computed("factor", axes, Op::Exp, &["decay"], formula)?;
    }
    if let Some(beta) = &input.beta {
        let part = Projection {
            dim: 1,
            heads: beta_heads,
            ..sizes.key
        };
        // one beta for all heads has no axis for them
        let axes = &part.axes()[usize::from(beta_heads != kv_heads)..2];
        plan.given("beta", axes, Cow::Owned(part.joined(beta, &[])))?;
    }
    if let Some(state) = &input.past_state {
        let shape = [kv_heads, sizes.key.dim, sizes.value.dim];
        expect_shape(
            OPERATION,
            "past_state",
            state,
            &["kv_head", "key_dim", "dim"],
            &shape,
        )?;
        let axes = [
            (Axis::KvHead, shape[0]),
            (Axis::KeyDim, shape[1]),
            (Axis::Dim, shape[2]),
        ];
        plan.given("past_state", &axes, row_major(state))?;
    }
    Ok(())
}

/// The state takes in one token after the other.
fn recurrence(plan: &mut Plan, sizes: &Sizes, rule: LinearRule) -> Result<(), Error> {
    let [head, token, key_dim] = sizes.key.axes();
    let [_, _, dim] = sizes.value.axes();
    let cells = [head, token, key_dim, dim];
    let mut step = |id, axes: &[_], op, from: &[&'static str], formula| {
        // `state` stands for the state after the token before; what it begins with is named beside it
        let mut from = from.to_vec();
        if from.contains(&"state") && plan.has("past_state") {
            from.push("past_state");
        }
        plan.add(id, axes, op, &from, formula, Source::Stepped)
    };
    let (before, at) = if rule.decays() {
        ("decayed", "t")
    } else {
        ("state", "t−1")
    };
    if rule.decays() {
        let formula = "decayed[g,t,c,d] = factor[g,t,c] · state[g,t−1,c,d]";
        step(
            "decayed",
            &cells,
            Op::Decay,
            &["factor", "state"],
            formula.to_owned(),
        )?;
    }
    if rule.corrects() {
        let formula = format!("prediction[g,t,d] = Σ_c key[g,t,c] · {before}[g,{at},c,d]");
        step(
            "prediction",
            &[head, token, dim],
            Op::Predict,
            &["key", before],
            formula,
        )?;
        let formula = "error[g,t,d] = value[g,t,d] − prediction[g,t,d]";
        step(
            "error",
            &[head, token, dim],
            Op::Error,
            &["value", "prediction"],
            formula.to_owned(),
        )?;
        let formula = "update[g,t,c,d] = beta[g,t] · key[g,t,c] · error[g,t,d]";
        step(
            "update",
            &cells,
            Op::Update,
            &["beta", "key", "error"],
            formula.to_owned(),
        )?;
    } else {
        let formula = "update[g,t,c,d] = key[g,t,c] · value[g,t,d]";
        step(
            "update",
            &cells,
            Op::Update,
            &["key", "value"],
            formula.to_owned(),
        )?;
    }
    let formula = format!("state[g,t,c,d] = {before}[g,{at},c,d] + update[g,t,c,d]");
    step(
        "state",
        &cells,
        Op::Accumulate,
        &[before, "update"],
        formula,
    )
}

/// Each query reads the state after its token.
fn read(plan: &mut Plan, sizes: &Sizes) -> Result<(), Error> {
    let [head, token, _] = sizes.query.axes();
    let [_, _, dim] = sizes.value.axes();
    let axes = [head, token, dim];
    let formula = "read[h,t,d] = Σ_c query[h,t,c] · state[g,t,c,d]";
    plan.computed("read", &axes, Op::Read, &["query", "state"], formula)?;
    plan.computed(
        "mixed",
        &axes,
        Op::Scale,
        &["read"],
        "mixed[h,t,d] = read[h,t,d] · scale",
    )
}
