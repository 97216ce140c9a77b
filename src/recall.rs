//! Networks that remember: a plain recurrent one, one with a gated memory, and one layer of attention, on the same tasks.
//!
//! Each reads tokens and answers at the last one. Besides the answer each gives how much every token has to say about it:
//! the gradient of the answer's logit with respect to the token's vector, worked out backwards through the network, in f64
//! throughout: in a plain network it falls to nothing within a few dozen tokens, and that is the point.
//!
//! # Source
//! Elman 1990, "Finding structure in time"; Hochreiter and Schmidhuber 1997, "Long short-term memory", with the forget gate of
//! Gers, Schmidhuber and Cummins 2000; Bengio, Simard and Frasconi 1994, "Learning long-term dependencies with gradient descent
//! is difficult", section II.

mod attention;
mod config;
mod product;
mod recurrent;

pub(crate) use attention::RecallLayer;
pub use config::{RecallConfig, RecallKind, RecallTask};

use crate::error::{Error, Operation};
use product::Product;

const OPERATION: Operation = Operation("recall");

/// Rows of the two tables that a token is the sum of: a letter and a digit, 0 standing for none.
pub type RecallToken = [usize; 2];

/// Gives the numbers of a tensor by its name and shape.
pub type Tensors<'a> = dyn FnMut(&str, &[usize]) -> Result<Vec<f32>, Error> + 'a;

/// One network, with its tables and its answer.
pub struct Recall {
    width: usize,
    /// `[letter, width]`, `[digit, width]`
    tables: [Vec<f64>; 2],
    body: Body,
    answer: Product,
}

enum Body {
    Recurrent(recurrent::Recurrent),
    Attention(attention::Attention),
}

/// What a network makes of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Recalled {
    /// `[answer]`
    pub logits: Vec<f32>,
    /// `[answer]`, the softmax of the logits.
    pub probabilities: Vec<f32>,
    /// The likeliest answer.
    pub answer: usize,
    /// `[token]`: the length of the gradient of the answer's logit with respect to the token's vector.
    pub gradient: Vec<f32>,
    /// `[token]`: what the last token attends to, where there is attention.
    pub weights: Option<Vec<f32>>,
}

/// Forward: the vector that is answered from. Backward: from its gradient to that of each token.
trait Memory {
    type Trail;
    /// x `[token, width]` -> the last output `[unit]`, and what the way back needs.
    fn forward(&self, x: &[f64]) -> (Vec<f64>, Self::Trail);
    /// gradient of the output `[unit]` -> gradient of x `[token, width]`.
    fn backward(&self, x: &[f64], trail: &Self::Trail, gradient: &[f64]) -> Vec<f64>;
}

impl Recall {
    /// The network of this task and kind, out of tensors that `tensor` gives by name and shape.
    ///
    /// # Errors
    /// Those of `tensor`.
    pub fn new(
        config: &RecallConfig,
        task: RecallTask,
        kind: RecallKind,
        tensor: &mut Tensors,
    ) -> Result<Self, Error> {
        let prefix = format!("{}.{}", task.name(), kind.name());
        let mut tensor = |name: &str, shape: &[usize]| {
            let data = tensor(&format!("{prefix}.{name}"), shape)?;
            Ok::<_, Error>(data.into_iter().map(f64::from).collect::<Vec<f64>>())
        };
        let width = config.width(kind);
        let tables = [
            tensor("letters.weight", &[config.letters, width])?,
            tensor("digits.weight", &[config.digits, width])?,
        ];
        let (body, units) = match kind {
            RecallKind::Attention => {
                let body = attention::Attention::new(width, config.heads, &mut tensor)?;
                (Body::Attention(body), width)
            }
            RecallKind::Rnn | RecallKind::Lstm => {
                let units = config.units(kind);
                let body = recurrent::Recurrent::new(kind, width, units, &mut tensor)?;
                (Body::Recurrent(body), units)
            }
        };
        let answer = Product::new("answer", config.answers, units, &mut tensor)?;
        Ok(Recall {
            width,
            tables,
            body,
            answer,
        })
    }

    /// Reads the tokens and answers.
    ///
    /// # Errors
    /// `size` for no tokens or too many, `index` for a row that a table has not.
    pub fn run(&self, tokens: &[RecallToken]) -> Result<Recalled, Error> {
        let x = self.embed(tokens)?;
        match &self.body {
            Body::Recurrent(memory) => Ok(self.through(memory, &x, |_| None)),
            Body::Attention(memory) => {
                Ok(self.through(memory, &x, |trail| Some(narrow(&trail.weights))))
            }
        }
    }

    /// What the attention is given, and its weights.
    ///
    /// # Errors
    /// Those of [`Recall::run`], and `option` for a network without attention.
    pub(crate) fn layer(&self, tokens: &[RecallToken]) -> Result<RecallLayer, Error> {
        let Body::Attention(attention) = &self.body else {
            return Err(OPERATION.option("a network of attention", "a recurrent one"));
        };
        Ok(attention.layer(narrow(&self.embed(tokens)?)))
    }

    fn through<M: Memory>(
        &self,
        memory: &M,
        x: &[f64],
        weights: impl Fn(&M::Trail) -> Option<Vec<f32>>,
    ) -> Recalled {
        let (output, trail) = memory.forward(x);
        let logits = self.answer.forward(&output);
        let answer = (0..logits.len())
            .rev()
            .max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
            .unwrap_or(0);
        let mut chosen = vec![0.0; logits.len()];
        chosen[answer] = 1.0;
        let gradient = memory.backward(x, &trail, &self.answer.backward(&chosen));
        let length = |row: &[f64]| row.iter().map(|g| g * g).sum::<f64>().sqrt() as f32;
        Recalled {
            probabilities: narrow(&softmax(&logits)),
            answer,
            gradient: gradient.chunks_exact(self.width).map(length).collect(),
            weights: weights(&trail),
            logits: narrow(&logits),
        }
    }

    /// `[token, width]`
    fn embed(&self, tokens: &[RecallToken]) -> Result<Vec<f64>, Error> {
        if tokens.is_empty() || tokens.len() > config::MOST_TOKENS {
            let expected = format!("1 to {} tokens", config::MOST_TOKENS);
            return Err(OPERATION.size(expected, tokens.len()));
        }
        let mut x = Vec::with_capacity(tokens.len() * self.width);
        for (t, token) in tokens.iter().enumerate() {
            let row = |n: usize| {
                let rows = self.tables[n].len() / self.width;
                let found = self.tables[n].chunks_exact(self.width).nth(token[n]);
                let table = ["letter", "digit"][n];
                found.ok_or_else(|| {
                    OPERATION.index(format!("token {t}: a {table} below {rows}"), token[n])
                })
            };
            x.extend(row(0)?.iter().zip(row(1)?).map(|(a, b)| a + b));
        }
        Ok(x)
    }
}

/// `e^(x − max) / Σ`
fn softmax(x: &[f64]) -> Vec<f64> {
    let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut weights: Vec<f64> = x.iter().map(|x| libm::exp(x - largest)).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

fn narrow(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&number| number as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: RecallConfig = RecallConfig {
        letters: 5,
        digits: 4,
        answers: 3,
        rnn: [6, 7],
        lstm: [6, 5],
        attention: 8,
        heads: 2,
    };

    /// Numbers in [-1, 1) that look random.
    fn tensors() -> impl FnMut(&str, &[usize]) -> Result<Vec<f32>, Error> {
        let mut state = 7_u32;
        move |_, shape| {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            };
            Ok((0..shape.iter().product()).map(|_| next()).collect())
        }
    }

    fn network(kind: RecallKind) -> Recall {
        Recall::new(&CONFIG, RecallTask::Pairs, kind, &mut tensors()).expect("tensors of any name")
    }

    const TOKENS: [RecallToken; 6] = [[1, 2], [3, 1], [0, 3], [4, 0], [2, 2], [3, 3]];

    fn logits(network: &Recall, x: &[f64]) -> Vec<f64> {
        network.answer.forward(&match &network.body {
            Body::Recurrent(memory) => memory.forward(x).0,
            Body::Attention(memory) => memory.forward(x).0,
        })
    }

    #[test]
    fn the_gradient_is_what_the_logit_changes_by() {
        for kind in RecallKind::ALL {
            let network = network(kind);
            let found = network.run(&TOKENS).expect("known tokens");
            let x = network.embed(&TOKENS).expect("known tokens");
            let change = |at: usize, by: f64| {
                let mut moved = x.clone();
                moved[at] += by;
                logits(&network, &moved)[found.answer]
            };
            let step = 1e-5;
            let slopes: Vec<f64> = (0..x.len())
                .map(|at| (change(at, step) - change(at, -step)) / (2.0 * step))
                .collect();
            for (t, row) in slopes.chunks_exact(network.width).enumerate() {
                let length = row.iter().map(|g| g * g).sum::<f64>().sqrt();
                let apart = (length - f64::from(found.gradient[t])).abs();
                assert!(
                    apart < 1e-6 * (1.0 + length),
                    "{kind:?}, token {t}: {length} {found:?}"
                );
            }
        }
    }

    /// One step of each network, by the formulas, with numbers that can be worked out by hand.
    #[test]
    fn one_token_by_hand() {
        let config = RecallConfig {
            letters: 1,
            digits: 1,
            answers: 1,
            rnn: [1, 1],
            lstm: [1, 1],
            attention: 1,
            heads: 1,
        };
        let run = |kind| {
            // every tensor is a half; x is then one, and the two biases are one together
            let mut halves = |_: &str, shape: &[usize]| Ok(vec![0.5; shape.iter().product()]);
            let network =
                Recall::new(&config, RecallTask::Flag, kind, &mut halves).expect("halves");
            network.run(&[[0, 0]]).expect("a token").logits[0]
        };
        let near = |found: f32, expected: f64| {
            assert!(
                (f64::from(found) - expected).abs() < 1e-6,
                "{found} {expected}"
            );
        };
        near(run(RecallKind::Rnn), 0.5 * 1.5_f64.tanh() + 0.5);
        let sigmoid = 1.0 / (1.0 + (-1.5_f64).exp());
        let state = sigmoid * (sigmoid * 1.5_f64.tanh()).tanh();
        near(run(RecallKind::Lstm), 0.5 * state + 0.5);
        // the only token has all the weight: 1 + (1/2 · 1 + 1/2), halved, and a half
        near(run(RecallKind::Attention), 0.5 * (1.0 + (0.5 + 0.5)) + 0.5);
    }

    #[test]
    fn attention_looks_and_the_others_do_not() {
        for kind in RecallKind::ALL {
            let Recalled {
                weights,
                probabilities,
                ..
            } = network(kind).run(&TOKENS).expect("known tokens");
            assert_eq!(weights.is_some(), kind == RecallKind::Attention);
            for shares in weights.into_iter().chain([probabilities]) {
                assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn what_it_does_not_know_is_refused() {
        let network = network(RecallKind::Rnn);
        for (tokens, code, found) in [
            (vec![], "size", "0"),
            (vec![[1, 1]; 1025], "size", "1025"),
            (vec![[1, 1], [5, 0]], "index", "5"),
            (vec![[1, 4]], "index", "4"),
        ] {
            let error = network.run(&tokens).expect_err("a refusal");
            assert_eq!((error.code(), &*error.report().found), (code, found));
        }
    }
}
