//! Sentences in which an encoder names one of the words at one place: how often it is right, and where it looks.

use anyhow::Result;
use candle_core::Tensor;
use serde_json::{Value, json};

use crate::bert::Bert;
use crate::card::round;
use crate::rows::softmax;
use crate::seeds::Trained;
use crate::vocabulary::Vocabulary;
use crate::weights::{Weights, values};

/// A sentence in ids.
pub struct Sample {
    pub ids: Vec<u32>,
    /// Where the model is asked.
    pub at: usize,
    /// Where the word stands that it should name.
    pub target: usize,
    /// That word.
    pub answer: u32,
}

/// How a model does on samples.
pub struct Score {
    /// The share of right answers.
    pub right: f64,
    /// Of each layer and head: the mean weight from where the model is asked to the right word.
    pub weights: Vec<Vec<f64>>,
}

impl Score {
    /// The layer and head with the largest weight, from 0.
    #[must_use]
    pub fn best(&self) -> (usize, usize) {
        let all = self
            .weights
            .iter()
            .enumerate()
            .flat_map(|(layer, heads)| (0..heads.len()).map(move |h| (layer, h)));
        all.max_by(|a, b| self.weights[a.0][a.1].total_cmp(&self.weights[b.0][b.1]))
            .unwrap_or((0, 0))
    }

    /// What the card says of a test, with the weight of this head.
    #[must_use]
    pub fn at(&self, (layer, head): (usize, usize)) -> Value {
        json!({ "right": round(self.right), "weight": round(self.weights[layer][head]) })
    }
}

/// A model whose training is over, measured on validation data.
///
/// # Errors
/// Those of the tensor library.
pub fn trained(weights: Weights, model: Bert, validation: &[Sample]) -> Result<Trained<Bert>> {
    weights.round_to_half()?;
    let score = measure(&model, validation)?;
    let (layer, head) = score.best();
    let weight = score.weights[layer][head];
    let validation = json!({ "right": round(score.right), "layer": layer, "head": head, "weight": round(weight) });
    Ok(Trained {
        weights,
        model,
        validation,
        merit: (score.right, weight),
    })
}

/// Measures a model.
///
/// # Errors
/// Those of the tensor library.
pub fn measure(model: &Bert, samples: &[Sample]) -> Result<Score> {
    let mut right = 0;
    let mut weights: Vec<Vec<f64>> = Vec::new();
    for part in samples.chunks(100) {
        let rows: Vec<&[u32]> = part.iter().map(|sample| sample.ids.as_slice()).collect();
        let (hidden, attentions) = model.encode(&rows)?;
        let places: Vec<_> = part
            .iter()
            .enumerate()
            .map(|(row, sample)| (row, sample.at))
            .collect();
        let answers = model
            .predict(&hidden, &places)?
            .argmax(1)?
            .to_vec1::<u32>()?;
        right += answers
            .iter()
            .zip(part)
            .filter(|(answer, sample)| **answer == sample.answer)
            .count();
        weights.resize(attentions.len(), Vec::new());
        for (sums, attention) in weights.iter_mut().zip(&attentions) {
            add_weights(sums, attention, part)?;
        }
    }
    let count = samples.len() as f64;
    weights.iter_mut().flatten().for_each(|sum| *sum /= count);
    Ok(Score {
        right: right as f64 / count,
        weights,
    })
}

/// Adds for each head the weights from the place to the right word, out of weights [batch, head, query, key].
fn add_weights(sums: &mut Vec<f64>, attention: &Tensor, samples: &[Sample]) -> Result<()> {
    let (_, heads, query, key) = attention.dims4()?;
    let cells = values(attention)?;
    sums.resize(heads, 0.0);
    for (row, sample) in samples.iter().enumerate() {
        for (head, sum) in sums.iter_mut().enumerate() {
            *sum +=
                f64::from(cells[((row * heads + head) * query + sample.at) * key + sample.target]);
        }
    }
    Ok(())
}

/// The three likeliest words at a place, and where a head looks from there.
///
/// # Errors
/// Those of the tensor library.
pub fn show(
    model: &Bert,
    words: &Vocabulary,
    ids: &[u32],
    at: usize,
    head: (usize, usize),
) -> Result<Value> {
    let (hidden, attentions) = model.encode(&[ids])?;
    let chances = values(&softmax(&model.predict(&hidden, &[(0, at)])?)?)?;
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&a, &b| chances[b].total_cmp(&chances[a]));
    let top = order[..3]
        .iter()
        .map(|&id| Ok(format!("{} {:.3}", words.token(id as u32)?, chances[id])));
    let row = values(&attentions[head.0].get(0)?.get(head.1)?.get(at)?)?;
    let row = row
        .iter()
        .zip(ids)
        .map(|(weight, &id)| Ok(format!("{} {weight:.2}", words.token(id)?)));
    Ok(
        json!({ "top": top.collect::<Result<Vec<_>>>()?.join(" "), "row": row.collect::<Result<Vec<_>>>()?.join(" ") }),
    )
}
