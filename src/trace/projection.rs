//! What every trace begins and ends with: tokens become queries, keys and values, and joined heads become an output.

use super::input::TraceInput;
use super::plan::{Plan, Source};
use super::sizes::Sizes;
use super::{Axis, Op};
use crate::config::Position;
use crate::error::Error;
use crate::tensor::row_major;
use ndarray::ArrayViewD;
use std::borrow::Cow;

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
    given: &'a Option<ArrayViewD<'_, f32>>,
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
