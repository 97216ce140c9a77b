//! Many tokens at once: inside a chunk the recurrence becomes products of matrices.
//!
//! With `D(t, s)` the decay from after token `s` to token `t` (per key feature, and `D(t)` from before the chunk),
//! the state after token `t` of a chunk that starts with `S` is
//!
//! ```text
//! S(t) = D(t) S + Σ_{s ≤ t} D(t, s) k(s) u(s)ᵀ
//! u(t) = β(t) (v(t) − k(t)ᵀ D(t) S − Σ_{s < t} (k(t)ᵀ D(t, s) k(s)) u(s)ᵀ)      delta, gated_delta
//! u(t) = v(t)                                                                  linear, gated
//! ```
//!
//! so that `u` follows by forward substitution, and every read-out from `u`. `D(t, s)` is a running product of
//! factors and no quotient, so that a decay to nothing stays exact.

use super::Lane;

/// Runs one lane in chunks of at most `size` tokens, hands each read-out to `write`, and gives the last state.
pub(super) fn run(
    lane: &Lane,
    size: usize,
    mut write: impl FnMut(usize, usize, &[f32]),
) -> Vec<f32> {
    let len = lane.sizes.key_dim * lane.sizes.dim;
    let mut state: Vec<f64> = match lane.past_state() {
        Some(state) => state.iter().map(|&cell| f64::from(cell)).collect(),
        None => vec![0.0; len],
    };
    let tokens = lane.sizes.q.tokens;
    for first in (0..tokens).step_by(size) {
        let chunk = Chunk::of(lane, first, size.min(tokens - first));
        let updates = chunk.updates(&state);
        chunk.read(&state, &updates, &mut write);
        chunk.advance(&mut state, &updates);
    }
    state.iter().map(|&cell| cell as f32).collect()
}

struct Chunk<'a> {
    lane: &'a Lane<'a>,
    first: usize,
    len: usize,
    /// `exp(g)`, `[token, key_dim]`; empty for a rule without decay.
    factors: Vec<f64>,
}

impl<'a> Chunk<'a> {
    fn of(lane: &'a Lane<'a>, first: usize, len: usize) -> Self {
        let mut factors = Vec::new();
        if lane.sizes.rule.decays() {
            for token in first..first + len {
                factors.extend((0..lane.sizes.key_dim).map(|a| f64::from(lane.factor(token, a))));
            }
        }
        Chunk {
            lane,
            first,
            len,
            factors,
        }
    }

    /// `row(t)ᵀ D(t, s) k(s)` for all `s ≤ t`, where `row` is a query or a key.
    fn products<'r>(&self, row: impl Fn(usize) -> &'r [f32]) -> Vec<f64> {
        let mut products = vec![0.0; self.len * self.len];
        let mut decayed = Vec::new();
        for s in 0..self.len {
            decayed.clear();
            decayed.extend(
                self.lane
                    .key(self.first + s)
                    .iter()
                    .map(|&key| f64::from(key)),
            );
            for t in s..self.len {
                if t > s {
                    self.decay(t, &mut decayed, 1);
                }
                products[t * self.len + s] = dot(row(self.first + t), &decayed);
            }
        }
        products
    }

    /// Multiplies each row of `rows` (one per key feature, of `width`) with the factor of token `t`.
    fn decay(&self, t: usize, rows: &mut [f64], width: usize) {
        let factors = self.factors.iter().skip(t * self.lane.sizes.key_dim);
        for (row, &factor) in rows.chunks_exact_mut(width).zip(factors) {
            row.iter_mut().for_each(|cell| *cell *= factor);
        }
    }

    /// `u`, `[token, dim]`.
    fn updates(&self, state: &[f64]) -> Vec<f64> {
        let dim = self.lane.sizes.dim;
        let mut updates: Vec<f64> = (0..self.len)
            .flat_map(|t| self.lane.value(self.first + t))
            .map(|&value| f64::from(value))
            .collect();
        if !self.lane.sizes.rule.corrects() {
            return updates;
        }
        let products = self.products(|token| self.lane.key(token));
        let mut decayed = state.to_vec();
        for t in 0..self.len {
            self.decay(t, &mut decayed, dim);
            let (known, rest) = updates.split_at_mut(t * dim);
            let own = &mut rest[..dim];
            for (&key, state) in self
                .lane
                .key(self.first + t)
                .iter()
                .zip(decayed.chunks_exact(dim))
            {
                add(own, -f64::from(key), state);
            }
            for (s, known) in known.chunks_exact(dim).enumerate() {
                add(own, -products[t * self.len + s], known);
            }
            let beta = f64::from(self.lane.beta(self.first + t));
            own.iter_mut().for_each(|cell| *cell *= beta);
        }
        updates
    }

    /// `scale · (q(t)ᵀ D(t) S + Σ_{s ≤ t} (q(t)ᵀ D(t, s) k(s)) u(s)ᵀ)` of each query head.
    fn read(&self, state: &[f64], updates: &[f64], write: &mut impl FnMut(usize, usize, &[f32])) {
        let sizes = self.lane.sizes;
        let mut decayed = state.to_vec();
        let mut outputs = vec![0.0; sizes.group * self.len * sizes.dim];
        for t in 0..self.len {
            self.decay(t, &mut decayed, sizes.dim);
            for (member, (_, query)) in self.lane.queries(self.first + t).enumerate() {
                let out = &mut outputs[(member * self.len + t) * sizes.dim..][..sizes.dim];
                for (&query, state) in query.iter().zip(decayed.chunks_exact(sizes.dim)) {
                    add(out, f64::from(query), state);
                }
            }
        }
        for member in 0..sizes.group {
            let head = self.lane.kv_head * sizes.group + member;
            let query = |token| {
                &self.lane.tensors.q[sizes.q.row(self.lane.batch, head, token)..][..sizes.key_dim]
            };
            let products = self.products(query);
            for t in 0..self.len {
                let out = &mut outputs[(member * self.len + t) * sizes.dim..][..sizes.dim];
                for (s, update) in updates.chunks_exact(sizes.dim).enumerate().take(t + 1) {
                    add(out, products[t * self.len + s], update);
                }
                let row: Vec<f32> = out
                    .iter()
                    .map(|&cell| (cell * sizes.scale) as f32)
                    .collect();
                write(head, self.first + t, &row);
            }
        }
    }

    /// The state after the chunk.
    fn advance(&self, state: &mut [f64], updates: &[f64]) {
        let dim = self.lane.sizes.dim;
        for (t, update) in updates.chunks_exact(dim).enumerate() {
            self.decay(t, state, dim);
            for (&key, state) in self
                .lane
                .key(self.first + t)
                .iter()
                .zip(state.chunks_exact_mut(dim))
            {
                add(state, f64::from(key), update);
            }
        }
    }
}

fn dot(a: &[f32], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * b).sum()
}

/// `to += factor · row`.
fn add(to: &mut [f64], factor: f64, row: &[f64]) {
    for (to, &cell) in to.iter_mut().zip(row) {
        *to += factor * cell;
    }
}
