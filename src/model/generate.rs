//! Token after token: a decoder that keeps the keys and values of what it has read.

use super::Model;
use super::forward::{Attentions, ModelInput, OPERATION, Way};
use crate::error::Error;
use crate::plain;
use ndarray::{ArrayD, IxDyn};

/// Keys and values of one layer.
pub(super) struct LayerCache {
    /// Of the tokens so far, `[batch, head, key, dim]`.
    pub own: [ArrayD<f32>; 2],
    /// Of what the encoder made, `[key, width]`, once they are known.
    pub cross: Option<[Vec<f32>; 2]>,
}

/// A text that is being written.
pub struct Generation {
    caches: Vec<LayerCache>,
    /// What the encoder made, if there is one.
    memory: Option<Vec<f32>>,
    tokens: usize,
}

impl Generation {
    /// How many tokens it has read.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }
}

/// What a model says after some more tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Of the last of them, `[vocabulary]`.
    pub logits: Vec<f32>,
    /// Of the new tokens to all, `[layer, head, query, key]`, if they were asked for.
    pub attentions: Attentions,
}

impl Model {
    /// Begins a text: reads with the encoder, if there is one, and nothing yet with the decoder.
    ///
    /// # Errors
    /// `option` for a model without a decoder, and those of [`Model::run`].
    pub fn start(&self, input: &ModelInput) -> Result<Generation, Error> {
        let (Some(stack), Some(size)) = (&self.layout.decoder, self.config.decoder) else {
            return Err(OPERATION.option("a model with a decoder", self.config.family.name()));
        };
        let empty = IxDyn(&[1, size.heads, 0, self.config.width / size.heads]);
        let encoded = self.encode(input, Way::default())?;
        Ok(Generation {
            caches: stack
                .layers
                .iter()
                .map(|_| LayerCache {
                    own: [ArrayD::zeros(empty.clone()), ArrayD::zeros(empty.clone())],
                    cross: None,
                })
                .collect(),
            memory: encoded.map(|encoded| encoded.last),
            tokens: 0,
        })
    }

    /// What the decoder is to read first: the tokens of the input, or what it begins with.
    ///
    /// # Errors
    /// `option` for what the model does not take.
    pub fn first_ids(&self, input: &ModelInput) -> Result<Vec<u32>, Error> {
        self.decoder_ids(input)
    }

    /// Reads some more tokens; one at a time, or a whole beginning.
    ///
    /// # Errors
    /// Those of [`Model::run`]; the generation can then go on with other tokens.
    pub fn step(
        &self,
        generation: &mut Generation,
        ids: &[u32],
        keep: bool,
    ) -> Result<Step, Error> {
        let Some(stack) = &self.layout.decoder else {
            return Err(OPERATION.option("a model with a decoder", self.config.family.name()));
        };
        let x = self.embed_text(stack, ids, generation.tokens)?;
        let way = Way {
            memory: generation.memory.as_deref(),
            keep,
            watch: None,
            caches: Some(&mut generation.caches),
        };
        let passed = self.pass(stack, x, way)?;
        generation.tokens += ids.len();
        let last = &passed.last[passed.last.len() - self.config.width..];
        let logits = self
            .logits(last)?
            .ok_or_else(|| OPERATION.not_found("a head that gives logits", "none"))?;
        Ok(Step {
            logits: logits.into_iter().collect(),
            attentions: Attentions {
                encoder: None,
                decoder: passed.weights,
                cross: passed.cross,
            },
        })
    }
}

/// A token that was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Its id.
    pub id: usize,
    /// How likely it was, at this temperature; where that is 0, at 1.
    pub probability: f64,
}

/// `softmax(logits / temperature)`: how likely each token is.
///
/// # Errors
/// `option` for a temperature that is not above 0, `size` for logits of which the largest is not finite.
///
/// ```
/// let likely = attention_playground::probabilities(&[0.0, 0.0], 1.0)?;
/// assert_eq!(likely, [0.5, 0.5]);
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn probabilities(logits: &[f32], temperature: f64) -> Result<Vec<f32>, Error> {
    if !(temperature > 0.0 && temperature.is_finite()) {
        return Err(OPERATION.option("temperature above 0", temperature));
    }
    let (_, largest) = likeliest(logits)?;
    let exponentials: Vec<f64> = logits
        .iter()
        .map(|&logit| libm::exp((f64::from(logit) - largest) / temperature))
        .collect();
    let sum: f64 = exponentials.iter().sum();
    Ok(exponentials
        .into_iter()
        .map(|exponential| (exponential / sum) as f32)
        .collect())
}

/// The first of the largest logits, and that logit.
fn likeliest(logits: &[f32]) -> Result<(usize, f64), Error> {
    let mut largest = f64::NEG_INFINITY;
    let mut id = 0;
    for (n, &logit) in logits.iter().enumerate() {
        let before = largest;
        largest = plain::larger(largest, f64::from(logit));
        if largest > before {
            id = n;
        }
    }
    if largest.is_finite() {
        Ok((id, largest))
    } else {
        Err(OPERATION.size("a finite largest logit", largest))
    }
}

/// Chooses by `softmax(logits / temperature)`, at temperature 0 the largest. Number `step` of the numbers that `seed`
/// draws decides, so that the same seed repeats a text on every machine.
///
/// # Errors
/// `option` for a temperature that is no number from 0 on, `size` for logits of which the largest is not finite.
///
/// # Source
/// Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", figure 16 (SplitMix64).
///
/// ```
/// let chosen = attention_playground::sample(&[0.0, 2.0, 1.0], 0.0, 1, 0)?;
/// assert_eq!(chosen.id, 1);
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn sample(logits: &[f32], temperature: f64, seed: u32, step: u32) -> Result<Sample, Error> {
    if !(temperature >= 0.0 && temperature.is_finite()) {
        return Err(OPERATION.option("temperature of at least 0", temperature));
    }
    let (mut id, largest) = likeliest(logits)?;
    let divisor = if temperature == 0.0 { 1.0 } else { temperature };
    let exponential = |logit: f32| libm::exp((f64::from(logit) - largest) / divisor);
    let sum: f64 = logits.iter().map(|&logit| exponential(logit)).sum();
    if temperature > 0.0 {
        let mut left = unit(seed, step) * sum;
        // rounding may leave a rest: then it is the last that can be
        for (n, &logit) in logits.iter().enumerate() {
            let exponential = exponential(logit);
            if exponential > 0.0 {
                id = n;
                left -= exponential;
                if left < 0.0 {
                    break;
                }
            }
        }
    }
    Ok(Sample {
        id,
        probability: exponential(logits[id]) / sum,
    })
}

/// Number `step` of seed `seed`, from 0 up to but not including 1.
fn unit(seed: u32, step: u32) -> f64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |state: u64| {
        let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ (state >> 31)
    };
    let start = mix(u64::from(seed).wrapping_add(GOLDEN));
    let state = start.wrapping_add(GOLDEN.wrapping_mul(u64::from(step) + 1));
    // 53 bits, as many as f64 holds
    (mix(state) >> 11) as f64 / (1_u64 << 53) as f64
}
