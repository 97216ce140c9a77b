//! `decoder`: a language model of small stories.

mod stories;

use std::collections::BTreeMap;

use anyhow::Result;
use candle_core::{Device, Tensor};
use serde_json::{Map, Value, json};

use crate::card::{Card, Folder, round, test_file};
use crate::draw::Draw;
use crate::gpt2::{Config, Gpt2};
use crate::layers::cross_entropy;
use crate::optimiser::{Optimiser, Recipe};
use crate::options::Options;
use crate::rows::softmax;
use crate::seeds::{Trained, choose};
use crate::vocabulary::Vocabulary;
use crate::weights::{Weights, values};
use stories::{Cast, Known, Story, casts, story};

const RECIPE: Recipe = Recipe {
    steps: 4000,
    batch: 32,
    rate: 4e-3,
    decay: 0.01,
};
const VALIDATION: usize = 400;
const TEST: usize = 200;

const EXAMPLES: [&str; 5] = [
    "Anna and Tom are in the kitchen. Anna has a blue",
    "Mia meets Ben in the park. Mia sings: la zu ki mo. Ben sings too: la",
    "Leo is in the school with Nora. Leo has a red kite. Nora has a green drum. Leo sees the green",
    "Two old dogs run in the park. Lucy sees the old dogs.",
    "Sam and Rosa are in the yard. Sam loses his shiny key.",
];

const LIMITS: &[&str] = &[
    "It knows a hundred words and six plots; any other beginning is continued as if it were one of these.",
    "It does not keep track of the world: it was never asked who has a thing or where somebody is, and does not know.",
    "It was trained on beginnings of stories: a text that starts in the middle is continued badly.",
];

/// What a model does with stories.
struct Score {
    /// exp of the mean loss of a word.
    perplexity: f64,
    /// The share of known words that it gives the highest chance, by what they are known from.
    right: BTreeMap<Known, f64>,
    /// Of each layer and head: the mean weight, where a syllable is about to be sung again, on that syllable.
    copies: Vec<Vec<f64>>,
}

impl Score {
    fn json(&self) -> Value {
        let mut fields =
            Map::from_iter([("perplexity".to_string(), json!(round(self.perplexity)))]);
        fields.extend(
            self.right
                .iter()
                .map(|(known, share)| (known.name().to_string(), json!(round(*share)))),
        );
        Value::Object(fields)
    }

    /// The mean of the shares of known words.
    fn known(&self) -> f64 {
        self.right.values().sum::<f64>() / self.right.len() as f64
    }

    fn best_head(&self) -> (usize, usize) {
        let all = self
            .copies
            .iter()
            .enumerate()
            .flat_map(|(layer, heads)| (0..heads.len()).map(move |h| (layer, h)));
        all.max_by(|a, b| self.copies[a.0][a.1].total_cmp(&self.copies[b.0][b.1]))
            .unwrap_or((0, 0))
    }
}

/// Trains by several seeds, ships the best on validation data and measures it once on test data.
///
/// # Errors
/// A file cannot be written, or training breaks down.
pub fn run(options: &Options) -> Result<()> {
    let words = [
        &stories::OTHERS[..],
        &stories::GIRLS,
        &stories::BOYS,
        &stories::THINGS,
        &stories::LOOKS,
        &stories::PLACES,
    ];
    let animals = stories::ANIMALS.iter().flat_map(|&(one, many)| [one, many]);
    let more = animals.chain(stories::MOODS).chain(stories::SYLLABLES);
    let vocabulary = Vocabulary::of_words(
        &["[PAD]", "[UNK]", "[END]"],
        words.into_iter().flatten().copied().chain(more),
    );
    let end = vocabulary.id("[END]");
    let config = Config {
        vocab_size: vocabulary.len(),
        n_embd: 48,
        n_layer: 2,
        n_head: 4,
        n_inner: Some(96),
        n_positions: 64,
        initializer_range: 0.1,
        eos_token_id: end,
    };
    let casts = casts();
    let (test, rest) = casts.split_at(casts.len() / 10);
    let (validation, train) = rest.split_at(casts.len() / 10);
    let ids = |story: &Story| -> Vec<u32> {
        story
            .words
            .iter()
            .map(|word| vocabulary.id(word))
            .chain([end])
            .collect()
    };
    let tell = |draw: &mut Draw, casts: &[Cast], count: usize| -> Vec<(Story, Vec<u32>)> {
        (0..count)
            .map(|_| {
                let story = story(draw, casts);
                let ids = ids(&story);
                (story, ids)
            })
            .collect()
    };
    let recipe = options.shorten(RECIPE);
    let mut draw = Draw::new(0, 3);
    let validation = tell(&mut draw, validation, VALIDATION);
    let chosen = choose(options, |seed| {
        let mut weights = Weights::drawn(seed);
        let model = Gpt2::new(&mut weights, &config)?;
        let mut optimiser = Optimiser::new(&weights, recipe);
        let mut draw = Draw::new(seed, 4);
        for _ in 0..recipe.steps {
            let batch = tell(&mut draw, train, recipe.batch);
            let rows: Vec<&[u32]> = batch.iter().map(|(_, ids)| ids.as_slice()).collect();
            let (logits, _) = model.forward(&rows)?;
            let (places, wanted) = next_words(&rows)?;
            let flat = logits.flatten(0, 1)?.index_select(&places, 0)?;
            optimiser.step(&cross_entropy(&flat, &wanted, 0.0)?)?;
        }
        weights.round_to_half()?;
        let score = measure(&model, &validation)?;
        let (layer, head) = score.best_head();
        let mut fields = score.json();
        fields["head"] = json!(format!("{layer}.{head}"));
        fields["weight"] = json!(round(score.copies[layer][head]));
        Ok(Trained {
            weights,
            model,
            validation: fields,
            merit: ((score.known() * 100.0).round(), score.copies[layer][head]),
        })
    })?;
    let head = measure(&chosen.model, &validation)?.best_head();

    let test = tell(&mut draw, test, TEST);
    let score = measure(&chosen.model, &test)?;
    let weight = score.copies[head.0][head.1];
    let score = score.json();
    println!("test: {score}, weight {weight:.3} of head {head:?}");
    for text in EXAMPLES {
        println!("{text} | {}", go_on(&chosen.model, &vocabulary, text, end)?);
    }
    if options.quick {
        return Ok(());
    }

    let folder = Folder::new("decoder")?;
    folder.json("config.json", &config.json())?;
    folder.json("tokenizer.json", &vocabulary.tokenizer())?;
    folder.json(
        "data.json",
        &json!({
            "task": "decoder",
            "answer": { "at": "last", "means": "next" },
            "head": { "layer": head.0, "head": head.1 },
            "end": "[END]",
            "examples": EXAMPLES,
            "menu": {
                "name": ([stories::GIRLS, stories::BOYS].concat()), "thing": stories::THINGS, "look": stories::LOOKS,
                "place": stories::PLACES, "mood": stories::MOODS, "syllable": stories::SYLLABLES,
                "animal": stories::ANIMALS.map(|(one, _)| one), "animals": stories::ANIMALS.map(|(_, many)| many),
            },
        }),
    )?;
    folder.card(&Card {
        name: "decoder",
        program: "decoder",
        summary: "A language model of small stories: it gives every word it knows a chance to be the next.",
        model: "GPT2LMHeadModel, width 48, 2 layers of 4 heads, feed-forward 96".into(),
        parameters: chosen.weights.count(),
        bytes: folder.weights(&[&chosen.weights])?,
        data: "Stories of two children, by six plots: one gives a thing to the other, both have things, one leaves, they see animals, a \
               thing is lost and found, one sings and the other sings the same. Of the 432 casts (a girl, a boy, a thing) a tenth is \
               kept for validation and a tenth for the test.",
        recipe,
        training: "The table of positions starts from sinusoids and is trained like the rest.",
        seeds: chosen.seeds,
        chosen: json!(chosen.seed),
        chosen_by: "the mean of the three shares of known words to a hundredth, then by the mean weight of its best head on the syllable that \
                    is about to be sung again, which is the head that is shown (layers and heads count from 0)",
        test: score.clone(),
        test_data: format!(
            "{TEST} stories with casts that are in no other split. Perplexity is by word; much of a story cannot be known, so 1 can not be \
             reached. The rest are shares of words that got the highest chance, among those that can be known: a thing after its look \
             (\"the blue ..\"), a syllable that is sung again, and she, he, it and they. The mean weight of the head shown is {weight:.2}. Seed 2, which an \
             earlier rule had chosen, reached 1 in all three, and 1.764."
        ),
        limits: LIMITS,
    })?;
    let cases: Vec<Value> = test
        .iter()
        .map(|(story, _)| {
            let known: Vec<Value> = story
                .known
                .iter()
                .map(|(kind, at, _)| json!([kind.name(), at]))
                .collect();
            json!([story.words.join(" "), known])
        })
        .collect();
    test_file(
        "decoder",
        json!({ "head": head, "end": end }),
        &score,
        &cases,
    )
}

/// Which rows of flattened logits [batch x token] have a next word, and those words.
fn next_words(rows: &[&[u32]]) -> Result<(Tensor, Vec<u32>)> {
    let tokens = rows.iter().map(|ids| ids.len()).max().unwrap_or(0);
    let (mut places, mut words) = (Vec::new(), Vec::new());
    for (row, ids) in rows.iter().enumerate() {
        places.extend((1..ids.len()).map(|at| (row * tokens + at - 1) as u32));
        words.extend(&ids[1..]);
    }
    let count = places.len();
    Ok((Tensor::from_vec(places, (count,), &Device::Cpu)?, words))
}

/// Measures a model on stories.
fn measure(model: &Gpt2, stories: &[(Story, Vec<u32>)]) -> Result<Score> {
    let (mut loss, mut count) = (0.0, 0);
    let mut hits: BTreeMap<Known, (f64, f64)> = BTreeMap::new();
    let mut copies: Vec<Vec<(f64, f64)>> = Vec::new();
    for (story, ids) in stories {
        let (logits, attentions) = model.forward(&[ids])?;
        let chances = softmax(&logits.get(0)?)?;
        let best = chances.argmax(1)?.to_vec1::<u32>()?;
        let chances = chances.to_vec2::<f32>()?;
        for (at, &next) in ids.iter().enumerate().skip(1) {
            loss -= f64::from(chances[at - 1][next as usize]).ln();
            count += 1;
        }
        for &(known, at, _) in &story.known {
            let hit = hits.entry(known).or_default();
            hit.0 += f64::from(best[at - 1] == ids[at]);
            hit.1 += 1.0;
        }
        for (layer, attention) in attentions.iter().enumerate() {
            let (_, heads, tokens, _) = attention.dims4()?;
            let cells = values(attention)?;
            copies.resize(attentions.len(), Vec::new());
            copies[layer].resize(heads, (0.0, 0.0));
            for &(_, at, before) in story
                .known
                .iter()
                .filter(|(known, ..)| *known == Known::Syllable)
            {
                for (head, copy) in copies[layer].iter_mut().enumerate() {
                    let cell = (head * tokens + at - 1) * tokens + before.unwrap_or(0);
                    *copy = (copy.0 + f64::from(cells[cell]), copy.1 + 1.0);
                }
            }
        }
    }
    let share = |(sum, count): (f64, f64)| sum / count;
    Ok(Score {
        perplexity: (loss / f64::from(count)).exp(),
        right: hits
            .into_iter()
            .map(|(known, hit)| (known, share(hit)))
            .collect(),
        copies: copies
            .into_iter()
            .map(|heads| heads.into_iter().map(share).collect())
            .collect(),
    })
}

/// The text up to the end, always by the likeliest word, with the chance of each.
fn go_on(model: &Gpt2, vocabulary: &Vocabulary, text: &str, end: u32) -> Result<String> {
    let mut ids = vocabulary.encode(text);
    let mut story = String::new();
    while ids.len() < 60 {
        let (logits, _) = model.forward(&[&ids])?;
        let row = softmax(&logits.get(0)?.narrow(0, ids.len() - 1, 1)?)?;
        let next = row.argmax(1)?.to_vec1::<u32>()?[0];
        story += &format!(
            "{} {:.2} ",
            vocabulary.token(next)?,
            values(&row)?[next as usize]
        );
        if next == end {
            break;
        }
        ids.push(next);
    }
    Ok(story)
}
