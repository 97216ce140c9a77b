//! A recurrent network, one with a gated memory, and a layer of attention, that answer at the last token.

use anyhow::Result;
use candle_core::{D, Device, Tensor};
use serde_json::{Value, json};

use super::cell;
use super::tasks::{ANSWERS, DIGITS, LETTERS, Sample};
use crate::layers::{Linear, attend, project};
use crate::weights::Weights;

/// Width of an embedded token of the recurrent networks, and of the attention throughout.
const WIDTH: usize = 32;
const ATTENTION_WIDTH: usize = 48;
/// Units, so that the three have about as many weights.
const RNN_UNITS: usize = 80;
const LSTM_UNITS: usize = 32;

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rnn,
    Lstm,
    Attention,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Rnn, Self::Lstm, Self::Attention];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rnn => "rnn",
            Self::Lstm => "lstm",
            Self::Attention => "attention",
        }
    }

    /// Its sizes, for `config.json`.
    #[must_use]
    pub fn json(self) -> Value {
        match self {
            Self::Rnn => json!({ "input_size": WIDTH, "hidden_size": RNN_UNITS }),
            Self::Lstm => json!({ "input_size": WIDTH, "hidden_size": LSTM_UNITS }),
            Self::Attention => json!({ "hidden_size": ATTENTION_WIDTH, "num_attention_heads": 1 }),
        }
    }
}

/// One of the three, with its tables and its answer.
pub struct Net {
    letters: Tensor,
    digits: Tensor,
    body: Body,
    answer: Linear,
}

enum Body {
    Recurrent {
        gated: bool,
        units: usize,
        input: Tensor,
        state: Tensor,
        input_bias: Tensor,
        state_bias: Tensor,
    },
    Attention {
        query: Linear,
        key: Linear,
        value: Linear,
        output: Linear,
    },
}

impl Net {
    /// Tensors `PREFIX.letters.weight`, `.digits.weight`, the body by the names of torch, `.answer.weight` and `.answer.bias`.
    ///
    /// # Errors
    /// As [`Weights::normal`].
    pub fn new(weights: &mut Weights, prefix: &str, kind: Kind) -> Result<Self> {
        let width = if kind == Kind::Attention {
            ATTENTION_WIDTH
        } else {
            WIDTH
        };
        let letters =
            weights.normal(&format!("{prefix}.letters.weight"), &[LETTERS, width], 1.0)?;
        let digits = weights.normal(&format!("{prefix}.digits.weight"), &[DIGITS, width], 1.0)?;
        let deviation = (width as f64).powf(-0.5);
        let body = match kind {
            Kind::Rnn => recurrent(weights, &format!("{prefix}.rnn"), RNN_UNITS, false)?,
            Kind::Lstm => recurrent(weights, &format!("{prefix}.lstm"), LSTM_UNITS, true)?,
            Kind::Attention => {
                let mut linear = |part: &str| {
                    Linear::new(
                        weights,
                        &format!("{prefix}.{part}"),
                        width,
                        width,
                        deviation,
                    )
                };
                Body::Attention {
                    query: linear("query")?,
                    key: linear("key")?,
                    value: linear("value")?,
                    output: linear("output")?,
                }
            }
        };
        let outputs = match &body {
            Body::Recurrent { units, .. } => *units,
            Body::Attention { .. } => width,
        };
        let answer = Linear::new(
            weights,
            &format!("{prefix}.answer"),
            outputs,
            ANSWERS,
            (outputs as f64).powf(-0.5),
        )?;
        Ok(Self {
            letters,
            digits,
            body,
            answer,
        })
    }

    /// Samples of one length as sums of a letter and a digit. [sample, token, width]
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn embed(&self, samples: &[Sample]) -> Result<Tensor> {
        let tokens = || samples.iter().flat_map(|sample| &sample.tokens);
        let count = tokens().count();
        let letters = Tensor::from_vec(
            tokens().map(|token| token.0).collect(),
            (count,),
            &Device::Cpu,
        )?;
        let digits = Tensor::from_vec(
            tokens().map(|token| token.1).collect(),
            (count,),
            &Device::Cpu,
        )?;
        let x =
            (self.letters.index_select(&letters, 0)? + self.digits.index_select(&digits, 0)?)?;
        Ok(x.reshape((samples.len(), count / samples.len(), ()))?)
    }

    /// Logits of the answers. [sample, token, width] -> [sample, answer]
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, tokens, _) = x.dims3()?;
        let last = match &self.body {
            Body::Recurrent {
                gated,
                units,
                input,
                state,
                input_bias,
                state_bias,
            } => {
                let bias = (input_bias + state_bias)?;
                // [token, sample, ..], so that the part of a token lies in one piece
                let parts = project(&x.transpose(0, 1)?.contiguous()?, &input.t()?, Some(&bias))?;
                let turned = state.t()?;
                let mut h = Tensor::zeros((batch, *units), x.dtype(), x.device())?;
                let mut c = h.clone();
                for token in 0..tokens {
                    let sum = (parts.get(token)? + h.matmul(&turned)?)?;
                    if *gated {
                        let both = cell::step(&sum, &c)?;
                        h = both.narrow(1, 0, *units)?.contiguous()?;
                        c = both.narrow(1, *units, *units)?.contiguous()?;
                    } else {
                        h = sum.tanh()?;
                    }
                }
                h
            }
            Body::Attention {
                query,
                key,
                value,
                output,
            } => {
                let last = x.narrow(1, tokens - 1, 1)?.contiguous()?;
                let (mixed, _) = attend(
                    &query.forward(&last)?,
                    &key.forward(x)?,
                    &value.forward(x)?,
                    1,
                    None,
                )?;
                (last + output.forward(&mixed)?)?.squeeze(1)?
            }
        };
        self.answer
            .forward(&last.reshape((batch, last.dim(D::Minus1)?))?)
    }
}

/// As torch starts them: uniform between plus and minus 1 / sqrt(units); a memory starts by keeping what it has.
fn recurrent(weights: &mut Weights, name: &str, units: usize, gated: bool) -> Result<Body> {
    let gates = if gated { 4 } else { 1 };
    let limit = (units as f64).powf(-0.5);
    let input = weights.uniform(
        &format!("{name}.weight_ih_l0"),
        &[gates * units, WIDTH],
        limit,
    )?;
    let state = weights.uniform(
        &format!("{name}.weight_hh_l0"),
        &[gates * units, units],
        limit,
    )?;
    let biases = if gated {
        let forget: Vec<f32> = (0..4 * units)
            .map(|at| f32::from(at / units == 1))
            .collect();
        weights.given(&format!("{name}.bias_ih_l0"), &[4 * units], &forget)?
    } else {
        weights.uniform(&format!("{name}.bias_ih_l0"), &[units], limit)?
    };
    Ok(Body::Recurrent {
        gated,
        units,
        input,
        state,
        input_bias: biases,
        state_bias: weights.filled(&format!("{name}.bias_hh_l0"), &[gates * units], 0.0)?,
    })
}
