//! How well a network recalls over a distance, and how much its answer depends on what stands there.

use anyhow::{Context, Result};
use candle_core::Var;
use serde_json::{Value, json};

use super::nets::Net;
use super::tasks::{Sample, Task};
use crate::card::round;
use crate::draw::Draw;
use crate::weights::values;

/// From the asked digit to the question. Of flags some are further than any that was trained on.
fn distances(task: Task) -> Vec<usize> {
    match task {
        Task::Pairs => (1..=task.lengths().1).collect(),
        Task::Flag => vec![1, 2, 4, 8, 12, 16, 24, 32, 38, 64, 128],
    }
}

/// Samples at a distance.
const SAMPLES: usize = 200;

/// The share of right answers.
///
/// # Errors
/// Those of the tensor library.
pub fn accuracy(net: &Net, samples: &[Sample]) -> Result<f64> {
    let mut right = 0;
    // a batch has one length
    for part in samples.chunk_by(|a, b| a.tokens.len() == b.tokens.len()) {
        let answers = net
            .forward(&net.embed(part)?)?
            .argmax(1)?
            .to_vec1::<u32>()?;
        right += answers
            .iter()
            .zip(part)
            .filter(|(answer, sample)| **answer == sample.answer)
            .count();
    }
    Ok(right as f64 / samples.len() as f64)
}

/// By distance: the share of right answers, and the mean length of the gradient of the right answer's logit by the input
/// that holds the asked digit, and by any other input. All samples of a task are as long as the longest that was trained
/// on, or as the distance asks for.
///
/// # Errors
/// Those of the tensor library.
pub fn by_distance(net: &Net, task: Task) -> Result<Value> {
    let mut draw = Draw::new(0, 5);
    let (least, most) = task.lengths();
    let (mut shares, mut asked) = (Vec::new(), Vec::new());
    let mut others = Means::default();
    for distance in distances(task) {
        let length = most.max(distance + least - 1);
        let samples = (0..SAMPLES)
            .map(|_| task.sample(&mut draw, length, Some(distance)))
            .collect::<Result<Vec<_>>>()?;
        shares.push(json!([distance, round(accuracy(net, &samples)?)]));
        let lengths = gradients(net, &samples)?;
        let mut own = Means::default();
        for (sample, lengths) in samples.iter().zip(lengths) {
            own.add(distance, lengths[sample.at]);
            if length == most {
                for (at, &gradient) in lengths
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| *at != sample.at)
                {
                    others.add(length - at, gradient);
                }
            }
        }
        asked.extend(own.json());
    }
    Ok(json!({ "accuracy": shares, "gradient": { "asked": asked, "others": others.json() } }))
}

/// Means by distance.
#[derive(Default)]
struct Means(std::collections::BTreeMap<usize, (f64, f64)>);

impl Means {
    fn add(&mut self, distance: usize, value: f64) {
        let (sum, count) = self.0.entry(distance).or_default();
        (*sum, *count) = (*sum + value, *count + 1.0);
    }

    /// Pairs of distance and mean, of three digits.
    fn json(&self) -> Vec<Value> {
        let pair = |(distance, (sum, count)): (&usize, &(f64, f64))| {
            let mean = format!("{:.2e}", sum / count).parse::<f64>().unwrap_or(0.0);
            json!([distance, mean])
        };
        self.0.iter().map(pair).collect()
    }
}

/// Of each sample and token: how long the gradient of the right answer's logit by that input is.
fn gradients(net: &Net, samples: &[Sample]) -> Result<Vec<Vec<f64>>> {
    let x = Var::from_tensor(&net.embed(samples)?)?;
    let logits = net.forward(&x)?;
    let answers: Vec<u32> = samples.iter().map(|sample| sample.answer).collect();
    let answers = candle_core::Tensor::from_vec(answers, (samples.len(), 1), x.device())?;
    // the samples do not meet, so the gradient of the sum is that of each
    let gradients = logits.gather(&answers, 1)?.sum_all()?.backward()?;
    let gradient = gradients
        .get(&x)
        .context("the answer does not depend on the input")?;
    let (_, tokens, width) = gradient.dims3()?;
    let cells = values(gradient)?;
    let length = |row: &[f32]| {
        row.iter()
            .map(|&g| f64::from(g) * f64::from(g))
            .sum::<f64>()
            .sqrt()
    };
    Ok(cells
        .chunks(tokens * width)
        .map(|sample| sample.chunks(width).map(length).collect())
        .collect())
}
