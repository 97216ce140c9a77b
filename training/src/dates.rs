//! `dates`: an encoder-decoder that rewrites dates.

mod forms;

use anyhow::Result;
use serde_json::{Value, json};

use crate::bart::{Bart, Config};
use crate::card::{Card, Folder, round, test_file};
use crate::draw::Draw;
use crate::layers::cross_entropy;
use crate::optimiser::{Optimiser, Recipe};
use crate::options::Options;
use crate::seeds::{Trained, choose};
use crate::vocabulary::Vocabulary;
use crate::weights::{Weights, values};
use forms::{Day, days, write};

const RECIPE: Recipe = Recipe {
    steps: 4000,
    batch: 64,
    rate: 3e-3,
    decay: 0.01,
};
const VALIDATION: usize = 1000;
const TEST: usize = 1000;
/// Characters of an answer.
const LENGTH: usize = 10;
const CHARACTERS: &str = " ,./-0123456789abcdefghijklmnopqrstuvwxyz";

const EXAMPLES: [&str; 8] = [
    "March 3, 2021",
    "Wednesday, March 3, 2021",
    "03/14/15",
    "the 2nd of February 2020",
    "24.12.1999",
    "1st Sep 2010",
    "7-Nov-62",
    "2002 Nov 20",
];

const LIMITS: &[&str] = &[
    "It knows 13 ways to write a date, in English, from 1950 to 2049. Any other text becomes a date, too, and a wrong one.",
    "Of 3/4/2021 it takes the first number for the month, of 3.4.2021 for the day. Two digits of a year below 50 are 20yy.",
    "It does not know the calendar: it was never shown that there is no 30th of February, nor which weekday a day was.",
];

/// A date in ids.
struct Sample {
    input: Vec<u32>,
    answer: Vec<u32>,
    parts: [(usize, usize); 3],
    whole_year: bool,
}

/// Tokens of the tokenizer that are no characters, in the order of their ids.
const SPECIAL: [&str; 4] = ["[PAD]", "[UNK]", "[START]", "[END]"];
const START: u32 = 2;
const END: u32 = 3;

/// Trains by several seeds, ships the best on validation data and measures it once on test data.
///
/// # Errors
/// A file cannot be written, or training breaks down.
pub fn run(options: &Options) -> Result<()> {
    let characters: Vec<String> = CHARACTERS.chars().map(String::from).collect();
    let vocabulary = Vocabulary::of_characters(&SPECIAL, characters.iter().map(String::as_str));
    let config = Config {
        vocab_size: vocabulary.len(),
        d_model: 48,
        encoder_layers: 1,
        decoder_layers: 1,
        encoder_attention_heads: 4,
        decoder_attention_heads: 4,
        encoder_ffn_dim: 96,
        decoder_ffn_dim: 96,
        max_position_embeddings: 40,
        init_std: 0.1,
        pad_token_id: 0,
        decoder_start_token_id: START,
        eos_token_id: END,
    };
    let mut all = days();
    let mut draw = Draw::new(0, 2);
    draw.shuffle(&mut all);
    let (test, rest) = all.split_at(all.len() / 10);
    let (validation, train) = rest.split_at(all.len() / 10);
    let draw_samples =
        |draw: &mut Draw, days: &[Day], count: usize| -> Vec<(String, String, Sample)> {
            (0..count)
                .map(|_| {
                    let day = *draw.pick(days);
                    let written = write(draw, day);
                    let input = vocabulary.encode(&written.text);
                    let answer = vocabulary.encode(&day.iso());
                    let sample = Sample {
                        input,
                        answer,
                        parts: written.parts,
                        whole_year: written.whole_year,
                    };
                    (written.text, day.iso(), sample)
                })
                .collect()
        };
    let recipe = options.shorten(RECIPE);
    let validation: Vec<Sample> = draw_samples(&mut draw, validation, VALIDATION)
        .into_iter()
        .map(|(.., sample)| sample)
        .collect();
    let chosen = choose(options, |seed| {
        let mut weights = Weights::drawn(seed);
        let model = Bart::new(&mut weights, &config)?;
        let mut optimiser = Optimiser::new(&weights, recipe);
        let mut draw = Draw::new(seed, 4);
        for _ in 0..recipe.steps {
            let batch = draw_samples(&mut draw, train, recipe.batch);
            let inputs: Vec<&[u32]> = batch
                .iter()
                .map(|(.., sample)| sample.input.as_slice())
                .collect();
            let given: Vec<Vec<u32>> = batch
                .iter()
                .map(|(.., sample)| [&[START], &sample.answer[..]].concat())
                .collect();
            let rows: Vec<&[u32]> = given.iter().map(Vec::as_slice).collect();
            let wanted: Vec<u32> = batch
                .iter()
                .flat_map(|(.., sample)| [&sample.answer[..], &[END]].concat())
                .collect();
            let logits = model.decode(&model.encode(&inputs)?, &rows)?.logits;
            optimiser.step(&cross_entropy(&logits.flatten(0, 1)?, &wanted, 0.0)?)?;
        }
        weights.round_to_half()?;
        let (exact, _) = measure(&model, &validation)?;
        let validation = json!({ "exact": round(exact) });
        Ok(Trained {
            weights,
            model,
            validation,
            merit: (exact, 0.0),
        })
    })?;
    let (_, looks) = measure(&chosen.model, &validation)?;
    let best = |part: usize| {
        (0..looks.len())
            .max_by(|&a, &b| looks[a][part].total_cmp(&looks[b][part]))
            .unwrap_or(0)
    };
    let heads = json!({ "year": best(0), "month": best(1), "day": best(2) });
    let mean = |head: usize| looks[head].iter().sum::<f64>();
    let head = (0..looks.len())
        .max_by(|&a, &b| mean(a).total_cmp(&mean(b)))
        .unwrap_or(0);

    let test = draw_samples(&mut draw, test, TEST);
    let (texts, samples): (Vec<_>, Vec<_>) = test
        .into_iter()
        .map(|(text, iso, sample)| ((text, iso), sample))
        .unzip();
    let (exact, _) = measure(&chosen.model, &samples)?;
    let score = json!({ "exact": round(exact) });
    println!("test: {score}; cross-attention, weight on year, month, day by head: {looks:.2?}");
    for text in EXAMPLES {
        let answer = greedy(&chosen.model, &[&vocabulary.encode(text)])?;
        let answer: Result<String> = answer[0].iter().map(|&id| vocabulary.token(id)).collect();
        println!("{text}: {}", answer?);
    }
    if options.quick {
        return Ok(());
    }

    let folder = Folder::new("dates")?;
    folder.json("config.json", &config.json())?;
    folder.json("tokenizer.json", &vocabulary.tokenizer())?;
    folder.json(
        "data.json",
        &json!({
            "task": "dates",
            "answer": { "at": "target", "means": "text" },
            "block": "cross",
            "head": { "layer": 0, "head": head },
            "heads": heads,
            "examples": EXAMPLES,
        }),
    )?;
    folder.card(&Card {
        name: "dates",
        program: "dates",
        summary: "An encoder-decoder that rewrites a date, character by character: \"March 3, 2021\" becomes \"2021-03-03\".",
        model: "BartForConditionalGeneration, width 48, 1 + 1 layers of 4 heads, feed-forward 96".into(),
        parameters: chosen.weights.count(),
        bytes: folder.weights(&[&chosen.weights])?,
        data: "Every day from 1950 to 2049 in 13 forms: months whole or by three letters, weekdays, ordinals, numbers, 15 of a hundred in \
               lower case. A tenth of the days is kept for validation and a tenth for the test.",
        recipe,
        training: "The right characters so far are given in training; when measured, it goes on from its own, always with the likeliest.",
        seeds: chosen.seeds,
        chosen: json!(chosen.seed),
        chosen_by: "the share of dates without a wrong character",
        test: score.clone(),
        test_data: format!(
            "{TEST} dates of days that are in no other split; right is what is right in every character. On validation data the heads of \
             the cross-attention (from 0) give these shares of their weight to the right part of the input while they write year, month \
             and day: {}.",
            looks
                .iter()
                .enumerate()
                .map(|(head, [year, month, day])| format!("head {head} {year:.2} {month:.2} {day:.2}"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        limits: LIMITS,
    })?;
    let cases: Vec<Value> = texts.iter().map(|(text, iso)| json!([text, iso])).collect();
    test_file("dates", json!({}), &score, &cases)
}

/// Always the likeliest next character, up to the end of each answer.
fn greedy(model: &Bart, inputs: &[&[u32]]) -> Result<Vec<Vec<u32>>> {
    let memory = model.encode(inputs)?;
    let mut answers = vec![vec![START]; inputs.len()];
    for at in 0..=LENGTH {
        let rows: Vec<&[u32]> = answers.iter().map(Vec::as_slice).collect();
        let logits = model.decode(&memory, &rows)?.logits;
        let next = logits
            .narrow(1, at, 1)?
            .squeeze(1)?
            .contiguous()?
            .argmax(1)?
            .to_vec1::<u32>()?;
        answers
            .iter_mut()
            .zip(next)
            .for_each(|(answer, id)| answer.push(id));
    }
    Ok(answers
        .into_iter()
        .map(|answer| {
            answer[1..]
                .iter()
                .copied()
                .take_while(|&id| id != END)
                .collect()
        })
        .collect())
}

/// The share of answers without a wrong character, and of each head of the cross-attention the mean weight on the right
/// part of the input while the year, the month and the day are written.
fn measure(model: &Bart, samples: &[Sample]) -> Result<(f64, Vec<[f64; 3]>)> {
    let mut exact = 0;
    let mut looks: Vec<[(f64, f64); 3]> = Vec::new();
    for part in samples.chunks(100) {
        let inputs: Vec<&[u32]> = part.iter().map(|sample| sample.input.as_slice()).collect();
        exact += greedy(model, &inputs)?
            .iter()
            .zip(part)
            .filter(|(answer, sample)| **answer == sample.answer)
            .count();
        let given: Vec<Vec<u32>> = part
            .iter()
            .map(|sample| [&[START], &sample.answer[..]].concat())
            .collect();
        let rows: Vec<&[u32]> = given.iter().map(Vec::as_slice).collect();
        let cross = &model.decode(&model.encode(&inputs)?, &rows)?.cross[0];
        let (_, heads, query, key) = cross.dims4()?;
        let cells = values(cross)?;
        looks.resize(heads, [(0.0, 0.0); 3]);
        for (row, sample) in part.iter().enumerate() {
            for (head, looks) in looks.iter_mut().enumerate() {
                // the query that writes a character stands before it: 2021-03-03
                for (look, (name, places)) in
                    looks.iter_mut().zip([(0, 0..4), (1, 5..7), (2, 8..10)])
                {
                    // "20" is not to be seen in "21"
                    let places = if name == 0 && !sample.whole_year {
                        2..4
                    } else {
                        places
                    };
                    let (from, to) = sample.parts[name];
                    for at in places {
                        let start = ((row * heads + head) * query + at) * key;
                        look.0 += cells[start + from..start + to]
                            .iter()
                            .map(|&weight| f64::from(weight))
                            .sum::<f64>();
                        look.1 += 1.0;
                    }
                }
            }
        }
    }
    let looks = looks
        .into_iter()
        .map(|parts| parts.map(|(sum, count)| sum / count))
        .collect();
    Ok((exact as f64 / samples.len() as f64, looks))
}
