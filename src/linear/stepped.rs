//! One token at a time: the recurrence as it is written down, and as it is traced.

use super::Lane;
use crate::plain;

/// Runs one lane, hands each read-out to `write`, and gives the last state, `[key_dim, dim]`.
///
/// Every step rounds to f32, as the stages of a trace do, so that both give the same bits.
pub(super) fn run(lane: &Lane, mut write: impl FnMut(usize, usize, &[f32])) -> Vec<f32> {
    let sizes = lane.sizes;
    let dim = sizes.dim;
    let mut state = match lane.past_state() {
        Some(state) => state.to_vec(),
        None => vec![0.0; sizes.key_dim * dim],
    };
    let mut sums = vec![0.0; dim];
    let mut taken = vec![0.0; dim];
    let mut row = vec![0.0; dim];
    let everything = vec![true; sizes.key_dim];
    for token in 0..sizes.q.tokens {
        let key = lane.key(token);
        if sizes.rule.decays() {
            for (a, state) in state.chunks_exact_mut(dim).enumerate() {
                let factor = f64::from(lane.factor(token, a));
                state
                    .iter_mut()
                    .for_each(|cell| *cell = (factor * f64::from(*cell)) as f32);
            }
        }
        taken.copy_from_slice(lane.value(token));
        if sizes.rule.corrects() {
            // prediction[b] = Σ_a state[a,b] · key[a], and the value becomes its error
            plain::mix_row(key, &everything, &state, &mut sums, &mut row);
            for (value, &prediction) in taken.iter_mut().zip(&row) {
                *value = (f64::from(*value) - f64::from(prediction)) as f32;
            }
        }
        let beta = f64::from(lane.beta(token));
        for (&key, state) in key.iter().zip(state.chunks_exact_mut(dim)) {
            for (cell, &taken) in state.iter_mut().zip(&taken) {
                let update = (beta * f64::from(key) * f64::from(taken)) as f32;
                *cell = (f64::from(*cell) + f64::from(update)) as f32;
            }
        }
        for (head, query) in lane.queries(token) {
            plain::mix_row(query, &everything, &state, &mut sums, &mut row);
            row.iter_mut()
                .for_each(|cell| *cell = plain::scale(*cell, sizes.scale));
            write(head, token, &row);
        }
    }
    state
}
