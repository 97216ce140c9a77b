//! `pronoun`: an encoder that says what "it" stands for.

mod sentences;
mod words;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::bert::{Bert, Config};
use crate::card::{Card, Folder, test_file};
use crate::draw::Draw;
use crate::layers::cross_entropy;
use crate::optimiser::{Optimiser, Recipe};
use crate::options::Options;
use crate::places::{Sample, measure, show, trained};
use crate::seeds::choose;
use crate::vocabulary::{MASK, UNKNOWN, Vocabulary, WITH_MASK};
use crate::weights::Weights;
use sentences::{Pairs, Sentence, Split, sentence};

const RECIPE: Recipe = Recipe {
    steps: 3000,
    batch: 64,
    rate: 3e-3,
    decay: 0.01,
};
/// The share of masked words in the loss.
const MASKED: f64 = 0.1;
const VALIDATION: usize = 1000;
const TEST: usize = 700;

/// What readers meet first.
const EXAMPLES: [&str; 8] = [
    "The animal didn't cross the street because it was too wide",
    "The animal didn't cross the street because it was too tired",
    "The trophy doesn't fit in the suitcase because it is too big",
    "The trophy doesn't fit in the suitcase because it is too small",
    "The trophy fits in the suitcase because it is very small",
    "The dog didn't eat the soup because it was too hot",
    "The road was too icy, so the fox didn't cross it",
    "Because it was too sleepy, the cat didn't leave the garden",
];

const LIMITS: &[&str] = &[
    "It knows the words and the templates it was trained on: the score is of new pairs of nouns in known templates. A freer \
     sentence may be answered wrongly, and with confidence.",
    "It does not know that streets are wide from anywhere but these sentences.",
    "A word that it does not know becomes [UNK]. It was trained to answer [UNK] where the unknown word is what \"it\" stands for.",
    "The weight of a head is not an explanation by itself: other seeds answer as well and look elsewhere (see the table).",
];

/// Trains by several seeds, ships the best on validation data and measures it once on test data.
///
/// # Errors
/// A file cannot be written, or training breaks down.
pub fn run(options: &Options) -> Result<()> {
    let all = words::ALONE
        .iter()
        .chain(words::ALL.iter().flat_map(|kind| kind.1));
    let vocabulary = Vocabulary::of_words(&WITH_MASK, all.copied());
    let config = Config {
        vocab_size: vocabulary.len(),
        hidden_size: 32,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        intermediate_size: 64,
        max_position_embeddings: 24,
        type_vocab_size: 1,
        initializer_range: 0.1,
        positions: true,
    };
    let recipe = options.shorten(RECIPE);
    let pairs = Pairs::new();
    let mut draw = Draw::new(0, 3);
    let validation = samples(
        &vocabulary,
        &draw_sentences(&mut draw, &pairs, Split::Validation, VALIDATION)?,
    );
    let chosen = choose(options, |seed| {
        let mut weights = Weights::drawn(seed);
        let model = Bert::new(&mut weights, &config)?;
        train(&model, &weights, &vocabulary, &pairs, seed, recipe)?;
        trained(weights, model, &validation)
    })?;
    let head = measure(&chosen.model, &validation)?.best();

    let test = draw_sentences(&mut draw, &pairs, Split::Test, TEST)?;
    let score = measure(&chosen.model, &samples(&vocabulary, &test))?.at(head);
    println!("test: {score}");
    for text in EXAMPLES {
        let ids = vocabulary.encode(text);
        let it = ids
            .iter()
            .position(|&id| id == vocabulary.id("it"))
            .unwrap_or(0);
        println!(
            "{text}: {}",
            show(&chosen.model, &vocabulary, &ids, it, head)?
        );
    }
    if options.quick {
        return Ok(());
    }

    let folder = Folder::new("pronoun")?;
    folder.json("config.json", &config.json())?;
    folder.json("tokenizer.json", &vocabulary.tokenizer())?;
    folder.json("data.json", &for_the_page(head))?;
    folder.card(&Card {
        name: "pronoun",
        program: "pronoun",
        summary: "An encoder that says at \"it\" which noun the word stands for, and looks at that noun.",
        model: "BertForMaskedLM, width 32, 2 layers of 4 heads, feed-forward 64".into(),
        parameters: chosen.weights.count(),
        bytes: folder.weights(&[&chosen.weights])?,
        data: "Sentences from 17 templates: beings and places, things and boxes, beings and food; nouns, verbs, adjectives and small \
               words are swapped. The adjective tells what \"it\" stands for; sentences where it would not are not made. Of the pairs \
               of nouns an eighth is kept for validation and an eighth for the test; the pairs of the examples (animal and street, \
               trophy and suitcase, dog and soup) are among the latter.",
        recipe,
        training: "The loss is that of the noun at \"it\" and a tenth of that of masked words, which half of the sentences have. Two \
                   words of a hundred, and 8 of a hundred of the nouns to be named, are made unknown.",
        seeds: chosen.seeds,
        chosen: json!(chosen.seed),
        chosen_by: "the share of right answers, then by the mean weight from \"it\" to the right noun in its best head, which is the \
                    head that is shown (layers and heads count from 0)",
        test: score.clone(),
        test_data: format!("{TEST} sentences with {} pairs of nouns that are in no other split.", pairs.count(Split::Test)),
        limits: LIMITS,
    })?;
    let cases: Vec<Value> = test
        .iter()
        .map(|sentence| json!([sentence.text(), sentence.words[sentence.referent]]))
        .collect();
    test_file("pronoun", json!({ "head": head }), &score, &cases)
}

/// `data.json`: where the answer stands, the head to show, the words to swap, and examples.
fn for_the_page(head: (usize, usize)) -> Value {
    let mut menu = Map::new();
    for (kind, words) in words::ALL {
        if let Some(list) = menu
            .entry(*kind)
            .or_insert_with(|| json!([]))
            .as_array_mut()
        {
            list.extend(words.iter().map(|word| json!(word)));
        }
    }
    json!({
        "task": "pronoun",
        "answer": { "at": "it", "means": "referent" },
        "head": { "layer": head.0, "head": head.1 },
        "examples": EXAMPLES,
        "menu": menu,
    })
}

fn draw_sentences(
    draw: &mut Draw,
    pairs: &Pairs,
    split: Split,
    count: usize,
) -> Result<Vec<Sentence>> {
    (0..count).map(|_| sentence(draw, pairs, split)).collect()
}

fn samples(vocabulary: &Vocabulary, sentences: &[Sentence]) -> Vec<Sample> {
    sentences
        .iter()
        .map(|sentence| sample(vocabulary, sentence))
        .collect()
}

fn sample(vocabulary: &Vocabulary, sentence: &Sentence) -> Sample {
    let ids: Vec<u32> = sentence
        .words
        .iter()
        .map(|word| vocabulary.id(word))
        .collect();
    Sample {
        answer: ids[sentence.referent],
        ids,
        at: sentence.it,
        target: sentence.referent,
    }
}

fn train(
    model: &Bert,
    weights: &Weights,
    vocabulary: &Vocabulary,
    pairs: &Pairs,
    seed: u64,
    recipe: Recipe,
) -> Result<()> {
    let mut optimiser = Optimiser::new(weights, recipe);
    let mut draw = Draw::new(seed, 4);
    for _ in 0..recipe.steps {
        let mut ids = Vec::new();
        let (mut places, mut answers) = (Vec::new(), Vec::new());
        let (mut masked_places, mut masked) = (Vec::new(), Vec::new());
        for row in 0..recipe.batch {
            let sentence = sentence(&mut draw, pairs, Split::Train)?;
            let mut sample = sample(vocabulary, &sentence);
            // words that it does not know: an answer, too, must be possible then
            for at in 0..sample.ids.len() {
                let share = if at == sample.target { 0.08 } else { 0.02 };
                if at != sample.at && draw.chance(share) {
                    sample.ids[at] = UNKNOWN;
                }
            }
            sample.answer = sample.ids[sample.target];
            let mut clear = true;
            if draw.chance(0.5) {
                for at in 0..sample.ids.len() {
                    if at != sample.at && draw.chance(0.15) {
                        masked_places.push((row, at));
                        masked.push(sample.ids[at]);
                        sample.ids[at] = MASK;
                        clear &= !sentence.needed.contains(&at);
                    }
                }
            }
            if clear {
                places.push((row, sample.at));
                answers.push(sample.answer);
            }
            ids.push(sample.ids);
        }
        let rows: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        let (hidden, _) = model.encode(&rows)?;
        let mut loss = cross_entropy(&model.predict(&hidden, &places)?, &answers, 0.0)?;
        if !masked.is_empty() {
            loss = (loss
                + (cross_entropy(&model.predict(&hidden, &masked_places)?, &masked, 0.0)?
                    * MASKED)?)?;
        }
        optimiser.step(&loss)?;
    }
    Ok(())
}
