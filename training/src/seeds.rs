//! One model of several: trained from each seed, chosen on validation data.

use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::options::Options;
use crate::weights::Weights;

/// A model after training, with its weights already rounded to what is written.
pub struct Trained<M> {
    pub weights: Weights,
    pub model: M,
    /// Its scores on validation data, for the card.
    pub validation: Value,
    /// By what it is chosen: the larger the better, the first number first.
    pub merit: (f64, f64),
}

/// The chosen one.
pub struct Chosen<M> {
    pub seed: u64,
    pub weights: Weights,
    pub model: M,
    /// The scores of all seeds.
    pub seeds: Vec<Value>,
}

/// Trains from each seed and keeps the best; the first of equals.
///
/// # Errors
/// Those of training, or no seeds were asked for.
pub fn choose<M>(
    options: &Options,
    mut train: impl FnMut(u64) -> Result<Trained<M>>,
) -> Result<Chosen<M>> {
    let mut best: Option<(u64, Trained<M>)> = None;
    let mut seeds = Vec::new();
    for seed in 0..options.seeds {
        let start = Instant::now();
        let mut trained = train(seed)?;
        println!(
            "seed {seed}: {} ({} s)",
            trained.validation,
            start.elapsed().as_secs()
        );
        let mut row = serde_json::Map::from_iter([("seed".to_string(), seed.into())]);
        if let Some(fields) = trained.validation.as_object_mut() {
            row.append(fields);
        }
        seeds.push(Value::Object(row));
        if best
            .as_ref()
            .is_none_or(|(_, other)| trained.merit > other.merit)
        {
            best = Some((seed, trained));
        }
    }
    let (seed, Trained { weights, model, .. }) =
        best.context("expected at least one seed, found none")?;
    println!("chosen: seed {seed}");
    Ok(Chosen {
        seed,
        weights,
        model,
        seeds,
    })
}
