//! `recall`: a recurrent network, a gated one and a layer of attention on the same two tasks, whatever comes out.

mod cell;
mod distances;
mod nets;
mod tasks;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::card::{Card, Folder, round, test_file};
use crate::draw::Draw;
use crate::layers::cross_entropy;
use crate::optimiser::{Optimiser, Recipe};
use crate::options::Options;
use crate::seeds::{Chosen, Trained, choose};
use crate::weights::Weights;
use distances::{accuracy, by_distance};
use nets::{Kind, Net};
use tasks::{Sample, Task};

const RECIPE: Recipe = Recipe {
    steps: 3000,
    batch: 64,
    rate: 3e-3,
    decay: 0.01,
};
/// Samples for the choice and for the test, of each task.
const VALIDATION: usize = 1000;
const TEST: usize = 300;

const LIMITS: &[&str] = &[
    "The picture depends on the budget: another number of steps, units or tokens gives other curves. It shows these three networks after \
     this training, not what recurrent networks or attention can do.",
    "The attention has no positions: it sees a bag of tokens. On pairs it needs none. After a flag it can not know which digit came next: \
     that takes a second layer.",
    "They know letters, digits, \"!\" and \"?\" alone.",
    "A small gradient is not a lost answer. The gradients of the untrained recurrent networks vanish with distance; those of trained ones \
     may vanish, too, where every answer is right: a saturated unit keeps a digit and does not yield to a nudge. Both are in \
     `results.json`, to be read beside the accuracy.",
];

const FORMULAS: &str = "A token is the sum of a row of `letters.weight` (0 none, 1 to 26 the letters, 27 \"!\") and a row of `digits.weight` (0 \
     none, 1 to 10 the digits 0 to 9, 11 \"?\"): x_t. The last token asks, and the answer is the largest of `answer.weight` h + \
     `answer.bias`. \"rnn\" (torch's nn.RNN): h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), h_0 = 0. \"lstm\" (torch's nn.LSTM): the \
     rows of W_ih, W_hh, b_ih and b_hh are those of i, f, g, o, one after the other (the bias of f starts from 1); c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g), h_t = \
     sigmoid(o) tanh(c_t). \"attention\": q = `query` x_T, k_t = `key` x_t, v_t = `value` x_t, weights = softmax(q k_t / sqrt(48)) over \
     all tokens, h = x_T + `output` (sum of weights times v_t); each of the four a product with `weight` transposed plus `bias`.";

/// Trains all by several seeds, ships the best of each on validation data and measures it once on test data.
///
/// # Errors
/// A file cannot be written, or training breaks down.
pub fn run(options: &Options) -> Result<()> {
    let recipe = options.shorten(RECIPE);
    let (mut seeds, mut weights) = (Vec::new(), Vec::new());
    let (mut score, mut results, mut chosen_seeds) = (Map::new(), Map::new(), Map::new());
    let mut cases = Vec::new();
    for task in Task::ALL {
        let mut draw = Draw::new(0, 3);
        // sorted by length, so that those of a length are measured at once
        let mut validation = drawn(&mut draw, task, VALIDATION, false)?;
        validation.sort_by_key(|sample| sample.tokens.len());
        let test = drawn(&mut draw, task, TEST, true)?;
        cases.extend(
            test.iter()
                .map(|sample| json!([task.name(), sample.text(), sample.answer])),
        );
        for kind in Kind::ALL {
            let prefix = format!("{}.{}", task.name(), kind.name());
            println!("{prefix}");
            let chosen = one(options, recipe, task, kind, &validation)?;
            for mut row in chosen.seeds {
                row["network"] = json!(prefix);
                seeds.push(row);
            }
            let right = round(accuracy(&chosen.model, &test)?);
            println!("{prefix} test: {right}");
            let trained = by_distance(&chosen.model, task)?;
            let untrained = by_distance(
                &Net::new(&mut Weights::drawn(chosen.seed), &prefix, kind)?,
                task,
            )?;
            println!("{} {}", trained["accuracy"], trained["gradient"]["asked"]);
            score.insert(prefix.clone(), json!(right));
            chosen_seeds.insert(prefix.clone(), json!(chosen.seed));
            results.insert(
                prefix,
                json!({
                    "parameters": chosen.weights.count(),
                    "accuracy": trained["accuracy"],
                    "gradient": { "trained": trained["gradient"], "untrained": untrained["gradient"] },
                }),
            );
            weights.push(chosen.weights);
        }
    }
    if options.quick {
        return Ok(());
    }
    let score = Value::Object(score);
    let all: Vec<&Weights> = weights.iter().collect();
    let folder = Folder::new("recall")?;
    let kinds: Map<String, Value> = Kind::ALL
        .iter()
        .map(|kind| (kind.name().into(), kind.json()))
        .collect();
    folder.json(
        "config.json",
        &json!({ "model_type": "recall", "dtype": "float32", "tasks": Task::ALL.map(Task::name), "kinds": kinds,
            "answers": tasks::ANSWERS, "letters": tasks::LETTERS, "digits": tasks::DIGITS }),
    )?;
    folder.json(
        "results.json",
        &json!({ "budget": recipe, "chance": 0.1, "lengths": lengths(), "networks": results }),
    )?;
    folder.json(
        "data.json",
        &json!({
            "task": "recall",
            "answer": { "at": "last", "means": "digit" },
            "examples": { "pairs": ["q7 b2 k0 q?", "a1 b2 c3 d4 e5 f6 g7 h8 c?"], "flag": ["k 3 x ! 7 m 5 ?", "! 4 a 9 b 8 c 1 d ?"] },
        }),
    )?;
    folder.card(&Card {
        name: "recall",
        program: "recall",
        summary: "Three networks on the same two tasks: what stands early in a sequence is asked for at its end.",
        model: "a recurrent network (80 units), a long short-term memory (32 units) and one head of attention (width 48), each trained for \
                each task; tensors are named TASK.NETWORK.TENSOR"
            .into(),
        parameters: all.iter().map(|weights| weights.count()).sum(),
        bytes: folder.weights(&all)?,
        data: "Drawn anew for every step, so that nothing is seen twice. Pairs: 1 to 24 letters, each once, with a digit each, then one of \
               the letters with \"?\". Flag: 2 to 40 tokens of noise (letters and digits), in it a flag \"!\" and the digit that is asked \
               for right after it, then \"?\". Guessing gives 0.1.",
        recipe,
        training: FORMULAS,
        seeds,
        chosen: Value::Object(chosen_seeds),
        chosen_by: "the share of right answers, for each network by itself",
        test: score.clone(),
        test_data: format!(
            "{TEST} sequences of each task as long as the longest in training: 24 pairs, 40 tokens with a flag. By distance, with gradients: `results.json`."
        ),
        limits: LIMITS,
    })?;
    test_file("recall", json!({}), &score, &cases)
}

fn lengths() -> Value {
    Task::ALL
        .iter()
        .map(|task| (task.name().to_string(), json!(task.lengths())))
        .collect::<Map<_, _>>()
        .into()
}

/// Samples of a task, of all lengths or of the longest.
fn drawn(draw: &mut Draw, task: Task, count: usize, longest: bool) -> Result<Vec<Sample>> {
    let (least, most) = task.lengths();
    (0..count)
        .map(|_| {
            let length = if longest {
                most
            } else {
                least + draw.below(most + 1 - least)
            };
            task.sample(draw, length, None)
        })
        .collect()
}

fn one(
    options: &Options,
    recipe: Recipe,
    task: Task,
    kind: Kind,
    validation: &[Sample],
) -> Result<Chosen<Net>> {
    choose(options, |seed| {
        let mut weights = Weights::drawn(seed);
        let net = Net::new(
            &mut weights,
            &format!("{}.{}", task.name(), kind.name()),
            kind,
        )?;
        let mut optimiser = Optimiser::new(&weights, recipe);
        let mut draw = Draw::new(seed, 4);
        let (least, most) = task.lengths();
        for _ in 0..recipe.steps {
            let length = least + draw.below(most + 1 - least);
            let batch = (0..recipe.batch)
                .map(|_| task.sample(&mut draw, length, None))
                .collect::<Result<Vec<_>>>()?;
            let answers: Vec<u32> = batch.iter().map(|sample| sample.answer).collect();
            optimiser.step(&cross_entropy(
                &net.forward(&net.embed(&batch)?)?,
                &answers,
                0.0,
            )?)?;
        }
        weights.round_to_half()?;
        let right = accuracy(&net, validation)?;
        Ok(Trained {
            weights,
            model: net,
            validation: json!({ "right": round(right) }),
            merit: (right, 0.0),
        })
    })
}
