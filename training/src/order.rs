//! `order` and `order-no-positions`: who does it to whom, with and without knowing where words stand.

use anyhow::Result;
use serde_json::{Value, json};

use crate::bert::{Bert, Config};
use crate::card::{Card, Folder, test_file};
use crate::draw::Draw;
use crate::layers::cross_entropy;
use crate::optimiser::{Optimiser, Recipe};
use crate::options::Options;
use crate::places::{Sample, measure, show, trained};
use crate::seeds::choose;
use crate::vocabulary::{Vocabulary, WITH_MASK};
use crate::weights::Weights;

const RECIPE: Recipe = Recipe {
    steps: 1500,
    batch: 64,
    rate: 3e-3,
    decay: 0.01,
};
const VALIDATION: usize = 1000;
const TEST: usize = 600;

const NOUNS: &[&str] = &[
    "dog", "man", "cat", "woman", "boy", "girl", "horse", "bear", "king", "nurse", "robot", "goat",
];
const VERBS: &[&str] = &[
    "bites", "sees", "follows", "hears", "helps", "pushes", "likes", "finds", "calls", "feeds",
];
const ADJECTIVES: &[&str] = &["old", "young", "big", "small", "happy", "tired"];
const ARTICLES: &[&str] = &["the", "a"];
const QUESTIONS: &[&str] = &["who", "whom"];

const EXAMPLES: [&str; 4] = [
    "Dog bites man. Who? [MASK]",
    "Man bites dog. Who? [MASK]",
    "Dog bites man. Whom? [MASK]",
    "The old woman helps a tired bear. Whom? [MASK]",
];

/// A noun does something to another; the same two may meet the other way round.
type Event = (&'static str, &'static str, &'static str);

/// Which events are met when: an eighth each of the unordered pairs with a verb is kept for validation and test, so
/// that neither the pair nor the direction tells a model anything about the held-out ones.
struct Splits {
    train: Vec<Event>,
    validation: Vec<Event>,
    test: Vec<Event>,
}

impl Splits {
    fn new() -> Self {
        let mut all = Vec::new();
        for (at, &one) in NOUNS.iter().enumerate() {
            for &other in &NOUNS[at + 1..] {
                all.extend(VERBS.iter().map(|&verb| (one, verb, other)));
            }
        }
        Draw::new(0, 2).shuffle(&mut all);
        // the examples' event is in the test
        all.sort_by_key(|&event| event != ("dog", "bites", "man"));
        let eighth = all.len() / 8;
        let train = all.split_off(2 * eighth);
        let validation = all.split_off(eighth);
        Self {
            train,
            validation,
            test: all,
        }
    }
}

/// `[the [adjective]] X verb [the [adjective]] Y . who|whom ? [MASK]`, and the answer.
fn sentence(draw: &mut Draw, events: &[Event]) -> (String, &'static str) {
    let &(one, verb, other) = draw.pick(events);
    let (subject, object) = if draw.chance(0.5) {
        (one, other)
    } else {
        (other, one)
    };
    let mut noun = |noun: &str| {
        let mut words = String::new();
        // headlines have no articles
        if draw.chance(0.6) {
            words += &format!("{} ", draw.pick(ARTICLES));
        }
        if draw.chance(0.3) {
            words += &format!("{} ", draw.pick(ADJECTIVES));
        }
        words + noun
    };
    let mut text = format!("{} {verb} {}", noun(subject), noun(object));
    text = text[..1].to_uppercase() + &text[1..];
    let question = draw.below(2);
    let (asked, answer) = [("Who", subject), ("Whom", object)][question];
    (format!("{text}. {asked}? [MASK]"), answer)
}

/// Ids of a sentence; `[MASK]` is its last token, and the answer stands in it once.
fn sample(vocabulary: &Vocabulary, text: &str, answer: &str) -> Sample {
    let ids = vocabulary.encode(text);
    let answer = vocabulary.id(answer);
    Sample {
        at: ids.len() - 1,
        target: ids.iter().position(|&id| id == answer).unwrap_or(0),
        answer,
        ids,
    }
}

/// Trains both models and measures each.
///
/// # Errors
/// A file cannot be written, or training breaks down.
pub fn run(options: &Options) -> Result<()> {
    one(options, true)?;
    one(options, false)
}

fn one(options: &Options, positions: bool) -> Result<()> {
    let words = [&["?", "."], NOUNS, VERBS, ADJECTIVES, ARTICLES, QUESTIONS];
    let vocabulary = Vocabulary::of_words(&WITH_MASK, words.into_iter().flatten().copied());
    let config = Config {
        vocab_size: vocabulary.len(),
        hidden_size: 32,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        intermediate_size: 64,
        max_position_embeddings: 16,
        type_vocab_size: 1,
        initializer_range: 0.1,
        positions,
    };
    let recipe = options.shorten(RECIPE);
    let splits = Splits::new();
    let draw_samples = |draw: &mut Draw, events: &[Event], count: usize| -> Vec<(String, &str)> {
        (0..count).map(|_| sentence(draw, events)).collect()
    };
    let to_samples = |sentences: &[(String, &str)]| -> Vec<Sample> {
        sentences
            .iter()
            .map(|(text, answer)| sample(&vocabulary, text, answer))
            .collect()
    };
    let mut draw = Draw::new(0, 3);
    let validation = to_samples(&draw_samples(&mut draw, &splits.validation, VALIDATION));
    let chosen = choose(options, |seed| {
        let mut weights = Weights::drawn(seed);
        let model = Bert::new(&mut weights, &config)?;
        let mut optimiser = Optimiser::new(&weights, recipe);
        let mut draw = Draw::new(seed, 4);
        for _ in 0..recipe.steps {
            let batch = to_samples(&draw_samples(&mut draw, &splits.train, recipe.batch));
            let rows: Vec<&[u32]> = batch.iter().map(|sample| sample.ids.as_slice()).collect();
            let places: Vec<_> = batch
                .iter()
                .enumerate()
                .map(|(row, sample)| (row, sample.at))
                .collect();
            let answers: Vec<u32> = batch.iter().map(|sample| sample.answer).collect();
            let (hidden, _) = model.encode(&rows)?;
            optimiser.step(&cross_entropy(
                &model.predict(&hidden, &places)?,
                &answers,
                0.0,
            )?)?;
        }
        trained(weights, model, &validation)
    })?;
    let head = measure(&chosen.model, &validation)?.best();

    let test = draw_samples(&mut draw, &splits.test, TEST);
    let score = measure(&chosen.model, &to_samples(&test))?.at(head);
    println!("test: {score}");
    for text in EXAMPLES {
        let ids = vocabulary.encode(text);
        println!(
            "{text}: {}",
            show(&chosen.model, &vocabulary, &ids, ids.len() - 1, head)?
        );
    }
    if options.quick {
        return Ok(());
    }

    let name = if positions {
        "order"
    } else {
        "order-no-positions"
    };
    let folder = Folder::new(name)?;
    folder.json("config.json", &config.json())?;
    folder.json("tokenizer.json", &vocabulary.tokenizer())?;
    folder.json("data.json", &for_the_page(head, positions))?;
    folder.card(&Card {
        name,
        program: "order",
        summary: if positions {
            "An encoder that says who does something to whom, since it knows where each word stands."
        } else {
            "The same encoder as `order` without positions: it sees a bag of words, and can only guess who does something to whom."
        },
        model: "BertForMaskedLM, width 32, 2 layers of 4 heads, feed-forward 64".into(),
        parameters: chosen.weights.count(),
        bytes: folder.weights(&[&chosen.weights])?,
        data: "Sentences such as \"The old dog bites a man. Who? [MASK]\": 12 nouns, 10 verbs, articles and adjectives here and there, \
               each event in both directions, asked for with \"who\" and \"whom\". Of the 660 events (two nouns in either order, a \
               verb) an eighth is kept for validation and an eighth for the test; a dog and a man who bite are among the latter.",
        recipe,
        training: if positions {
            ""
        } else {
            "The table of positions is all zeros and was not trained; it stands in the file so that it loads like any other."
        },
        seeds: chosen.seeds,
        chosen: json!(chosen.seed),
        chosen_by: "the share of right answers, then by the mean weight from [MASK] to the right noun in its best head, which is the \
                    head that is shown (layers and heads count from 0)",
        test: score.clone(),
        test_data: format!("{TEST} sentences with events that are in no other split, in either direction."),
        limits: if positions { WITH } else { WITHOUT },
    })?;
    let cases: Vec<Value> = test
        .iter()
        .map(|(text, answer)| json!([text, answer]))
        .collect();
    test_file(name, json!({ "head": head }), &score, &cases)
}

const WITH: &[&str] = &[
    "It knows one kind of sentence: one who does it, a verb, one to whom it is done, a question. A passive (\"is bitten by\") or two \
     sentences are not among them.",
    "A word that it does not know becomes [UNK], which it was not trained with.",
];

const WITHOUT: &[&str] = &[
    "It can not know who does it and who it is done to: both directions give the same vectors at the same words, so one of the two \
     answers is wrong. Half of the answers are right by chance.",
    "A word that it does not know becomes [UNK], which it was not trained with.",
];

/// `data.json`: where the answer stands, the head to show, the words to swap, and examples.
fn for_the_page(head: (usize, usize), positions: bool) -> Value {
    json!({
        "task": "order",
        "answer": { "at": "[MASK]", "means": "word" },
        "positions": positions,
        "other": if positions { "order-no-positions" } else { "order" },
        "head": { "layer": head.0, "head": head.1 },
        "examples": EXAMPLES,
        "menu": {
            "noun": NOUNS, "verb": VERBS, "adjective": ADJECTIVES, "determiner": ARTICLES, "question": QUESTIONS,
        },
    })
}
