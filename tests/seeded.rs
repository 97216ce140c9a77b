//! Seeds: a link repeats a run for ever, on every machine.
#![cfg(not(target_arch = "wasm32"))]

use attention_playground::{AttentionConfig, Position, Tokens, Trace, TraceInput, trace_attention};

fn trace(words: &[&str], seed: u32) -> Trace {
    let input = TraceInput {
        tokens: Some(Tokens::query(words.iter().copied())),
        seed,
        position: Position::Sinusoidal,
        ..TraceInput::default()
    };
    let config = AttentionConfig {
        heads: Some(2),
        softcap: Some(2.0),
        ..AttentionConfig::default()
    };
    trace_attention(&input, &config).expect("a good request")
}

/// All bits of all cells. The same number stands in `wasm.rs`: change neither, or every link shows another picture.
#[test]
fn a_seed_gives_the_same_bits_everywhere() {
    let trace = trace(&["the", "cat"], 42);
    let hash = trace
        .data
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, cell| {
            (hash ^ u64::from(cell.to_bits())).wrapping_mul(0x0000_0100_0000_01b3)
        });
    assert_eq!(hash, 17_289_347_100_343_696_816);
}

#[test]
fn a_word_has_one_embedding_wherever_it_stands() {
    let (one, two) = (trace(&["the", "cat", "the"], 1), trace(&["cat", "the"], 1));
    let row = |trace: &Trace, n: usize| {
        trace.cells("embeddings").expect("a stage")[n * 16..][..16].to_vec()
    };
    assert_eq!(row(&one, 0), row(&one, 2));
    assert_eq!(row(&one, 1), row(&two, 0));
    assert_ne!(row(&one, 0), row(&one, 1));
}

#[test]
fn seeds_and_stages_draw_apart() {
    let (one, two) = (trace(&["a", "b"], 1), trace(&["a", "b"], 2));
    for id in &one.config.seeded {
        assert_ne!(one.cells(id), two.cells(id), "{id} with another seed");
    }
    assert_ne!(one.cells("w_query"), one.cells("w_key"));
    assert_eq!(
        one.config.seeded,
        ["embeddings", "w_query", "w_key", "w_value", "w_output"]
    );
}

#[test]
fn draws_have_the_spread_that_they_claim() {
    let words: Vec<String> = (0..400).map(|n| format!("word {n}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let trace = trace(&words, 9);
    let moments = |id: &str| {
        let cells = trace.cells(id).expect("a stage");
        let count = cells.len() as f64;
        let mean = cells.iter().map(|&cell| f64::from(cell)).sum::<f64>() / count;
        let square = cells
            .iter()
            .map(|&cell| f64::from(cell).powi(2))
            .sum::<f64>()
            / count;
        (mean, square - mean * mean)
    };
    let (mean, variance) = moments("embeddings");
    assert!(
        mean.abs() < 0.05 && (variance - 1.0).abs() < 0.05,
        "{mean} {variance}"
    );
    // Glorot: 2 / (16 + 16)
    let (mean, variance) = moments("w_query");
    assert!(
        mean.abs() < 0.05 && (variance - 1.0 / 16.0).abs() < 0.015,
        "{mean} {variance}"
    );
    let limit = (6.0_f32 / 32.0).sqrt();
    let cells = trace.cells("w_query").expect("a stage");
    assert!(cells.iter().all(|cell| cell.abs() <= limit));
}
