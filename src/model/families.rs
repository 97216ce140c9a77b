//! The four families: where their files have each tensor, and where norms stand. All else they share.

use super::config::{Config, Family, StackSize};
use super::header::OPERATION;
use super::layout::{Attention, Builder, Embeddings, Head, HeadStep, Layer, Linear, Stack};
use super::ops::Activation;
use crate::error::Error;
use crate::recall::{Recall, RecallKind, RecallTask};

/// The names in a layer.
struct Names {
    /// What comes before the number of a layer.
    layers: &'static str,
    /// Query, key and value; one name where they are fused.
    projections: &'static [&'static str],
    output: &'static str,
    norm: &'static str,
    /// Attention to the encoder: what stands in place of `self_attn` in the names above.
    cross: Option<&'static str>,
    up: &'static str,
    down: &'static str,
    mlp_norm: &'static str,
}

const BERT: Names = Names {
    layers: "encoder.layer.",
    projections: &[
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
    ],
    output: "attention.output.dense",
    norm: "attention.output.LayerNorm",
    cross: None,
    up: "intermediate.dense",
    down: "output.dense",
    mlp_norm: "output.LayerNorm",
};

const GPT2: Names = Names {
    layers: "h.",
    projections: &["attn.c_attn"],
    output: "attn.c_proj",
    norm: "ln_1",
    cross: None,
    up: "mlp.c_fc",
    down: "mlp.c_proj",
    mlp_norm: "ln_2",
};

const BART_ENCODER: Names = Names {
    layers: "encoder.layers.",
    projections: &["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    output: "self_attn.out_proj",
    norm: "self_attn_layer_norm",
    cross: None,
    up: "fc1",
    down: "fc2",
    mlp_norm: "final_layer_norm",
};

const BART_DECODER: Names = Names {
    layers: "decoder.layers.",
    cross: Some("encoder_attn"),
    ..BART_ENCODER
};

const VIT: Names = Names {
    layers: "encoder.layer.",
    projections: &[
        "attention.attention.query",
        "attention.attention.key",
        "attention.attention.value",
    ],
    output: "attention.output.dense",
    norm: "layernorm_before",
    cross: None,
    up: "intermediate.dense",
    down: "output.dense",
    mlp_norm: "layernorm_after",
};

type Stacks = (Option<Stack>, Option<Stack>, Option<Head>);

pub(super) fn stacks(builder: &mut Builder) -> Result<Stacks, Error> {
    match builder.config.family {
        Family::Bert => bert(builder),
        Family::Gpt2 => gpt2(builder),
        Family::Bart => bart(builder),
        Family::Vit => vit(builder),
        Family::Recall => recall(builder),
    }
}

/// Not a stack: the networks are made when they are asked.
fn recall(builder: &mut Builder) -> Result<Stacks, Error> {
    let Some(config) = builder.config.recall else {
        return Err(OPERATION.internal("the sizes of networks", "none"));
    };
    for task in RecallTask::ALL {
        for kind in RecallKind::ALL {
            // what asks for the numbers names them, and the numbers come later
            Recall::new(&config, task, kind, &mut |name, shape| {
                builder.tensor(name.to_owned(), shape).map(|_| Vec::new())
            })?;
        }
    }
    Ok((None, None, None))
}

/// What a name of the base model begins with in this file: nothing where the file holds the base model alone.
fn prefix(builder: &Builder, prefix: &'static str, sign: &str) -> &'static str {
    if (builder.has)(sign) { "" } else { prefix }
}

/// A stack that the configuration of its family always has.
fn needed(stack: Option<StackSize>) -> Result<StackSize, Error> {
    stack.ok_or_else(|| OPERATION.internal("a stack of layers", "none"))
}

/// The layers of every family.
fn layers(
    builder: &mut Builder,
    prefix: &str,
    names: &Names,
    size: StackSize,
) -> Result<Vec<Layer>, Error> {
    let width = builder.config.width;
    let fused = names.projections.len() == 1;
    let outside = format!("{prefix}{}", names.layers);
    let surplus = format!("{outside}{}.{}.", size.layers, names.norm);
    if (builder.has)(&format!("{surplus}weight")) {
        return Err(OPERATION.shape(
            format!("{} layers, as the config says", size.layers),
            format!("tensor {surplus}weight"),
        ));
    }
    (0..size.layers)
        .map(|n| {
            let at = format!("{outside}{n}.");
            let mlp = |builder: &mut Builder, name: &str, inputs, outputs| {
                let name = format!("{at}{name}");
                if fused {
                    builder.across(&name, inputs, outputs, 1)
                } else {
                    builder.linear(&name, inputs, outputs, true)
                }
            };
            let cross = names
                .cross
                .map(|cross| attention(builder, &at, names, Some(cross), size.heads, n))
                .transpose()?;
            Ok(Layer {
                attention: attention(builder, &at, names, None, size.heads, n)?,
                cross,
                up: mlp(builder, names.up, width, size.inner)?,
                down: mlp(builder, names.down, size.inner, width)?,
                norm: builder.norm(&format!("{at}{}", names.mlp_norm))?,
            })
        })
        .collect()
}

fn attention(
    builder: &mut Builder,
    at: &str,
    names: &Names,
    cross: Option<&str>,
    heads: usize,
    n: usize,
) -> Result<Attention, Error> {
    let (width, biased) = (builder.config.width, builder.config.biased);
    let named = |name: &str| match cross {
        Some(cross) => format!("{at}{}", name.replace("self_attn", cross)),
        None => format!("{at}{name}"),
    };
    let [query, key, value] = match names.projections {
        [query, key, value] => {
            let mut each = |name| builder.linear(&named(name), width, width, biased);
            [each(query)?, each(key)?, each(value)?]
        }
        _ => {
            let fused = builder.across(&named(names.projections[0]), width, width, 3)?;
            [0, 1, 2].map(|part| Linear {
                first: part * width,
                ..fused
            })
        }
    };
    let output = if names.projections.len() == 1 {
        builder.across(&named(names.output), width, width, 1)?
    } else {
        builder.linear(&named(names.output), width, width, true)?
    };
    Ok(Attention {
        query,
        key,
        value,
        output,
        heads,
        scale: builder.scale(heads, n),
        norm: builder.norm(&named(names.norm))?,
    })
}

/// The output that reads the table of embeddings, or a table of its own where the two are not tied.
fn vocabulary(
    builder: &mut Builder,
    table: usize,
    own: &str,
    bias: Option<usize>,
) -> Result<HeadStep, Error> {
    let &Config {
        width, vocabulary, ..
    } = builder.config;
    let weight = if builder.config.tied {
        table
    } else {
        builder.tensor(own.to_owned(), &[vocabulary, width])?
    };
    Ok(HeadStep::Product(Linear {
        weight,
        bias,
        first: 0,
        inputs: width,
        outputs: vocabulary,
    }))
}

/// A classifier, whose number of classes the configuration says.
fn classifier(builder: &mut Builder) -> Result<Linear, Error> {
    // two where the configuration is silent, as the library that writes such files has it
    let classes = match builder.config.labels.len() {
        0 => 2,
        count => count,
    };
    builder.linear("classifier", builder.config.width, classes, true)
}

fn bert(builder: &mut Builder) -> Result<Stacks, Error> {
    let &Config {
        width,
        vocabulary: words,
        positions,
        segments,
        activation,
        ..
    } = builder.config;
    let at = prefix(builder, "bert.", "embeddings.word_embeddings.weight");
    let named = |name: &str| format!("{at}embeddings.{name}");
    let table = builder.tensor(named("word_embeddings.weight"), &[words, width])?;
    let positions = positions
        .map(|rows| builder.tensor(named("position_embeddings.weight"), &[rows, width]))
        .transpose()?;
    let segments = (segments > 0)
        .then(|| builder.tensor(named("token_type_embeddings.weight"), &[segments, width]))
        .transpose()?;
    let encoder = Stack {
        embeddings: Embeddings::Text {
            table,
            positions: positions.map(|table| (table, 0)),
            segments,
            norm: Some(builder.norm(&named("LayerNorm"))?),
            scale: 1.0,
        },
        layers: {
            let size = needed(builder.config.encoder)?;
            layers(builder, at, &BERT, size)?
        },
        pre_norm: false,
        causal: false,
        final_norm: None,
    };
    let head = if (builder.has)("cls.predictions.transform.dense.weight") {
        let bias = builder.first(&["cls.predictions.bias", "cls.predictions.decoder.bias"]);
        let bias = builder.tensor(bias, &[words])?;
        let transform = "cls.predictions.transform";
        Some(Head {
            steps: vec![
                HeadStep::Product(builder.linear(
                    &format!("{transform}.dense"),
                    width,
                    width,
                    true,
                )?),
                HeadStep::Activation(activation),
                HeadStep::Norm(builder.norm(&format!("{transform}.LayerNorm"))?),
                vocabulary(builder, table, "cls.predictions.decoder.weight", Some(bias))?,
            ],
            pooled: false,
        })
    } else if (builder.has)("classifier.weight")
        && (builder.has)(&format!("{at}pooler.dense.weight"))
    {
        Some(Head {
            steps: vec![
                HeadStep::Product(builder.linear(
                    &format!("{at}pooler.dense"),
                    width,
                    width,
                    true,
                )?),
                HeadStep::Activation(Activation::Tanh),
                HeadStep::Product(classifier(builder)?),
            ],
            pooled: true,
        })
    } else {
        None
    };
    Ok((Some(encoder), None, head))
}

fn gpt2(builder: &mut Builder) -> Result<Stacks, Error> {
    let &Config {
        width,
        vocabulary: words,
        positions,
        ..
    } = builder.config;
    let at = prefix(builder, "transformer.", "wte.weight");
    let table = builder.tensor(format!("{at}wte.weight"), &[words, width])?;
    let positions = positions
        .map(|rows| builder.tensor(format!("{at}wpe.weight"), &[rows, width]))
        .transpose()?;
    let size = needed(builder.config.decoder)?;
    let decoder = Stack {
        embeddings: Embeddings::Text {
            table,
            positions: positions.map(|table| (table, 0)),
            segments: None,
            norm: None,
            scale: 1.0,
        },
        layers: layers(builder, at, &GPT2, size)?,
        pre_norm: true,
        causal: true,
        final_norm: Some((builder.norm(&format!("{at}ln_f"))?, true)),
    };
    let head = Head {
        steps: vec![vocabulary(builder, table, "lm_head.weight", None)?],
        pooled: false,
    };
    Ok((None, Some(decoder), Some(head)))
}

/// Rows of BART's tables of positions that come before the first.
const BART_OFFSET: usize = 2;

fn bart(builder: &mut Builder) -> Result<Stacks, Error> {
    let &Config {
        width,
        vocabulary: words,
        positions,
        scaled_embeddings,
        encoder,
        decoder,
        ..
    } = builder.config;
    let at = prefix(builder, "model.", "encoder.embed_positions.weight");
    let named = |name: &str| format!("{at}{name}");
    let tables = [
        "shared.weight",
        "encoder.embed_tokens.weight",
        "decoder.embed_tokens.weight",
    ]
    .map(named);
    let table = builder.first(&tables.each_ref().map(String::as_str));
    let table = builder.tensor(table, &[words, width])?;
    let rows = positions.unwrap_or(0).saturating_add(BART_OFFSET);
    let mut stack = |side: &str, names: &Names, size: Option<StackSize>, causal| {
        let positions = builder.tensor(
            named(&format!("{side}.embed_positions.weight")),
            &[rows, width],
        )?;
        Ok(Stack {
            embeddings: Embeddings::Text {
                table,
                positions: Some((positions, BART_OFFSET)),
                segments: None,
                norm: Some(builder.norm(&named(&format!("{side}.layernorm_embedding")))?),
                scale: if scaled_embeddings {
                    (width as f32).sqrt()
                } else {
                    1.0
                },
            },
            layers: layers(builder, at, names, needed(size)?)?,
            pre_norm: false,
            causal,
            final_norm: None,
        })
    };
    let encoder = stack("encoder", &BART_ENCODER, encoder, false)?;
    let decoder = stack("decoder", &BART_DECODER, decoder, true)?;
    let bias = "final_logits_bias";
    let bias = (builder.has)(bias)
        .then(|| builder.tensor(bias.to_owned(), &[1, words]))
        .transpose()?;
    let head = Head {
        steps: vec![vocabulary(builder, table, "lm_head.weight", bias)?],
        pooled: false,
    };
    Ok((Some(encoder), Some(decoder), Some(head)))
}

fn vit(builder: &mut Builder) -> Result<Stacks, Error> {
    let &Config {
        width,
        image,
        positions,
        ..
    } = builder.config;
    let size = image.ok_or_else(|| OPERATION.internal("the size of an image", "none"))?;
    let at = prefix(builder, "vit.", "embeddings.cls_token");
    let named = |name: &str| format!("{at}embeddings.{name}");
    let [height, breadth] = size.patch;
    let patch = [width, size.channels, height, breadth];
    let numbers = patch[1..]
        .iter()
        .fold(1, |numbers: usize, &extent| numbers.saturating_mul(extent));
    let rows = positions.unwrap_or(0);
    let encoder = Stack {
        embeddings: Embeddings::Image {
            size,
            patches: Linear {
                weight: builder.tensor(named("patch_embeddings.projection.weight"), &patch)?,
                bias: Some(builder.tensor(named("patch_embeddings.projection.bias"), &[width])?),
                first: 0,
                inputs: numbers,
                outputs: width,
            },
            class: builder.tensor(named("cls_token"), &[1, 1, width])?,
            positions: builder.tensor(named("position_embeddings"), &[1, rows, width])?,
        },
        layers: {
            let size = needed(builder.config.encoder)?;
            layers(builder, at, &VIT, size)?
        },
        pre_norm: true,
        causal: false,
        final_norm: Some((builder.norm(&format!("{at}layernorm"))?, false)),
    };
    let head = (builder.has)("classifier.weight")
        .then(|| {
            let steps = vec![HeadStep::Product(classifier(builder)?)];
            Ok(Head {
                steps,
                pooled: true,
            })
        })
        .transpose()?;
    Ok((Some(encoder), None, head))
}
