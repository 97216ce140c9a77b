//! Bad requests: each is refused with a stable code, by the operation that it was put to, with what it expected and what
//! it found.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use attention_playground::{
    AttentionConfig, AttentionInput, Error, LinearConfig, LinearInput, LinearRule,
    LinearTraceInput, Mask, Position, RotaryConfig, RotaryInput, Tokens, TraceInput, alibi_slopes,
    compute_attention, explain, linear_attention, rotary_embedding, rotary_tables,
    sinusoidal_positions, trace_attention, trace_linear_attention,
};
use common::{noise, traces};
use ndarray::{ArrayD, IxDyn};

/// A request, and what must stand in its error.
struct Row {
    error: Option<Error>,
    operation: &'static str,
    code: &'static str,
    expected: &'static str,
    found: &'static str,
}

fn row<T>(
    result: Result<T, Error>,
    operation: &'static str,
    code: &'static str,
    expected: &'static str,
    found: &'static str,
) -> Row {
    Row {
        error: result.err(),
        operation,
        code,
        expected,
        found,
    }
}

fn check(rows: Vec<Row>) {
    for row in rows {
        let here = format!("{}: {} / {}", row.operation, row.expected, row.found);
        let error = row.error.unwrap_or_else(|| panic!("{here}: not refused"));
        let report = error.report();
        let text = error.to_string();
        assert_eq!(report.operation, row.operation, "{here}: {text}");
        assert_eq!(error.code(), row.code, "{here}: {text}");
        assert!(report.expected.contains(row.expected), "{here}: {text}");
        assert!(report.found.contains(row.found), "{here}: {text}");
        for part in [report.operation, &report.expected, &report.found] {
            assert!(text.contains(part), "{text} says {part}");
        }
    }
}

/// An array that lasts, so that a table of requests may borrow it.
fn lasting<T>(array: ArrayD<T>) -> &'static ArrayD<T> {
    Box::leak(Box::new(array))
}

fn zeros(shape: &[usize]) -> &'static ArrayD<f32> {
    lasting(ArrayD::zeros(IxDyn(shape)))
}

#[test]
fn compute_attention_refuses() {
    let run = |q: &[usize], k: &[usize], v: &[usize], config: AttentionConfig| {
        let (q, k, v) = (zeros(q), zeros(k), zeros(v));
        compute_attention(&AttentionInput::new(q.view(), k.view(), v.view()), &config)
    };
    let with = |change: &dyn Fn(&mut AttentionInput)| {
        let q = zeros(&[2, 2, 3, 4]);
        let mut input = AttentionInput::new(q.view(), q.view(), q.view());
        change(&mut input);
        compute_attention(&input, &AttentionConfig::default())
    };
    let plain = AttentionConfig::default;
    let option = |config| run(&[1, 2, 3, 4], &[1, 2, 3, 4], &[1, 2, 3, 4], config);
    let cell = zeros(&[]);
    let enormous = cell.broadcast(IxDyn(&[1, 1, 1 << 40, 1])).expect("a view");
    let (bad, past) = (zeros(&[4, 4]), zeros(&[2, 2, 5, 4]));
    let name = "compute_attention";
    check(vec![
        row(
            run(&[2, 3], &[1, 2, 3, 4], &[1, 2, 3, 4], plain()),
            name,
            "shape",
            "q [batch, heads, tokens, dim] or",
            "[2, 3]",
        ),
        row(
            run(&[1, 2, 3, 4], &[1, 2, 3, 5], &[1, 2, 3, 5], plain()),
            name,
            "shape",
            "same dim in q and k",
            "4 and 5",
        ),
        row(
            run(&[1, 2, 3, 4], &[1, 2, 3, 4], &[1, 2, 6, 4], plain()),
            name,
            "shape",
            "same tokens in k and v",
            "3 and 6",
        ),
        row(
            run(&[1, 2, 3, 4], &[2, 2, 3, 4], &[2, 2, 3, 4], plain()),
            name,
            "shape",
            "same batch in q and k",
            "1 and 2",
        ),
        row(
            run(&[1, 2, 3, 4], &[1, 2, 3, 4], &[1, 1, 3, 4], plain()),
            name,
            "shape",
            "same heads in k and v",
            "2 and 1",
        ),
        row(
            run(&[1, 3, 3, 4], &[1, 2, 3, 4], &[1, 2, 3, 4], plain()),
            name,
            "size",
            "multiple of key heads",
            "3 and 2",
        ),
        row(
            run(&[1, 2, 3, 0], &[1, 2, 3, 0], &[1, 2, 3, 4], plain()),
            name,
            "size",
            "q without an empty axis",
            "[1, 2, 3, 0]",
        ),
        row(
            run(&[1, 2, 0, 4], &[1, 2, 3, 4], &[1, 2, 3, 4], plain()),
            name,
            "size",
            "1 query and 1 key",
            "0 and 3",
        ),
        row(
            run(&[1, 2, 3, 4], &[1, 2, 0, 4], &[1, 2, 0, 4], plain()),
            name,
            "size",
            "1 query and 1 key",
            "3 and 0",
        ),
        row(
            run(&[1, 3, 8], &[1, 3, 8], &[1, 3, 8], plain()),
            name,
            "option",
            "heads, for q",
            "none",
        ),
        row(
            run(
                &[1, 3, 8],
                &[1, 3, 8],
                &[1, 3, 8],
                AttentionConfig {
                    heads: Some(3),
                    ..plain()
                },
            ),
            name,
            "size",
            "channels of q that 3 heads divide",
            "8",
        ),
        row(
            run(
                &[1, 3, 8],
                &[1, 2, 3, 4],
                &[1, 2, 3, 4],
                AttentionConfig {
                    heads: Some(2),
                    ..plain()
                },
            ),
            name,
            "shape",
            "same number of axes",
            "3, 4 and 4",
        ),
        row(
            option(AttentionConfig {
                heads: Some(0),
                ..plain()
            }),
            name,
            "option",
            "heads of at least 1",
            "0",
        ),
        row(
            option(AttentionConfig {
                heads: Some(5),
                ..plain()
            }),
            name,
            "shape",
            "q with 5 heads",
            "[1, 2, 3, 4]",
        ),
        row(
            option(AttentionConfig {
                scale: Some(f64::NAN),
                ..plain()
            }),
            name,
            "option",
            "finite scale",
            "NaN",
        ),
        row(
            option(AttentionConfig {
                softcap: Some(-1.0),
                ..plain()
            }),
            name,
            "option",
            "softcap of at least 0",
            "-1",
        ),
        row(
            option(AttentionConfig {
                window: Some([-2, 0]),
                ..plain()
            }),
            name,
            "option",
            "window [left, right]",
            "[-2, 0]",
        ),
        row(
            with(&|input| input.mask = Some(Mask::Additive(bad.view()))),
            name,
            "shape",
            "broadcasts to [2, 2, 3, 3]",
            "[4, 4]",
        ),
        row(
            with(&|input| input.past_key = Some(past.view())),
            name,
            "option",
            "past_key and past_value together",
            "one of them",
        ),
        row(
            with(&|input| {
                (input.past_key, input.past_value) = (Some(bad.view()), Some(past.view()))
            }),
            name,
            "shape",
            "past_key [batch 2, kv_head 2",
            "[4, 4]",
        ),
        row(
            with(&|input| {
                (input.past_key, input.past_value) = (Some(past.view()), Some(past.view()));
                input.kv_lengths = Some(&[1, 1]);
            }),
            name,
            "option",
            "either past keys or key lengths",
            "both",
        ),
        row(
            with(&|input| input.kv_lengths = Some(&[1])),
            name,
            "shape",
            "batch in q and key lengths",
            "2 and 1",
        ),
        row(
            with(&|input| input.kv_lengths = Some(&[1, 4])),
            name,
            "size",
            "key lengths of at most 3",
            "4",
        ),
        row(
            compute_attention(
                &AttentionInput::new(enormous.view(), cell.view(), cell.view()),
                &plain(),
            ),
            name,
            "too_large",
            "q of at most 536870912 bytes",
            "4398046511104 bytes",
        ),
    ]);
}

#[test]
fn linear_attention_refuses() {
    let config = |rule| LinearConfig {
        heads: 2,
        rule,
        ..LinearConfig::default()
    };
    let run = |q: &[usize], k: &[usize], v: &[usize], config: LinearConfig| {
        let (q, k, v) = (zeros(q), zeros(k), zeros(v));
        linear_attention(&LinearInput::new(q.view(), k.view(), v.view()), &config)
    };
    let with = |rule, change: &dyn Fn(&mut LinearInput)| {
        let q = zeros(&[1, 3, 4]);
        let mut input = LinearInput::new(q.view(), q.view(), q.view());
        change(&mut input);
        linear_attention(&input, &config(rule))
    };
    let (q, bad) = ([1, 3, 4], zeros(&[1, 3, 3]));
    let linear = LinearRule::Linear;
    let name = "linear_attention";
    check(vec![
        row(
            run(&[3, 4], &q, &q, config(linear)),
            name,
            "shape",
            "q [batch, token, heads * dim]",
            "[3, 4]",
        ),
        row(
            run(&q, &[1, 3, 6], &q, config(linear)),
            name,
            "shape",
            "k [batch 1, token 3, channel 4]",
            "[1, 3, 6]",
        ),
        row(
            run(&q, &q, &[1, 2, 4], config(linear)),
            name,
            "shape",
            "v [batch 1, token 3",
            "[1, 2, 4]",
        ),
        row(
            run(&q, &q, &[1, 3, 5], config(linear)),
            name,
            "size",
            "channels of v that 2 heads divide",
            "5",
        ),
        row(
            run(&[1, 0, 4], &[1, 0, 4], &[1, 0, 4], config(linear)),
            name,
            "size",
            "at least 1 token",
            "0",
        ),
        row(
            run(
                &q,
                &q,
                &q,
                LinearConfig {
                    heads: 0,
                    ..config(linear)
                },
            ),
            name,
            "option",
            "heads of at least 1",
            "0",
        ),
        row(
            run(
                &q,
                &q,
                &q,
                LinearConfig {
                    kv_heads: Some(0),
                    ..config(linear)
                },
            ),
            name,
            "option",
            "kv_heads of at least 1",
            "0",
        ),
        row(
            run(
                &[1, 3, 6],
                &q,
                &q,
                LinearConfig {
                    heads: 3,
                    kv_heads: Some(2),
                    ..config(linear)
                },
            ),
            name,
            "size",
            "multiple of key heads",
            "3 and 2",
        ),
        row(
            run(
                &q,
                &q,
                &q,
                LinearConfig {
                    chunk: Some(0),
                    ..config(linear)
                },
            ),
            name,
            "option",
            "chunk of at least 1",
            "0",
        ),
        row(
            run(
                &q,
                &q,
                &q,
                LinearConfig {
                    scale: Some(f64::INFINITY),
                    ..config(linear)
                },
            ),
            name,
            "option",
            "finite scale",
            "inf",
        ),
        row(
            run(&q, &q, &q, config(LinearRule::Gated)),
            name,
            "option",
            "decay, for this rule",
            "none",
        ),
        row(
            run(&q, &q, &q, config(LinearRule::Delta)),
            name,
            "option",
            "beta, for this rule",
            "none",
        ),
        row(
            with(linear, &|input| input.decay = Some(bad.view())),
            name,
            "option",
            "no decay",
            "decay",
        ),
        row(
            with(LinearRule::Gated, &|input| input.decay = Some(bad.view())),
            name,
            "shape",
            "decay [batch 1, token 3, channel 4]",
            "[1, 3, 3]",
        ),
        row(
            with(LinearRule::Delta, &|input| input.beta = Some(bad.view())),
            name,
            "shape",
            "beta [batch 1, token 3, channel 2]",
            "[1, 3, 3]",
        ),
        row(
            with(linear, &|input| input.past_state = Some(bad.view())),
            name,
            "shape",
            "past_state [batch 1, kv_head 2",
            "[1, 3, 3]",
        ),
    ]);
}

#[test]
fn rotary_embedding_and_tables_refuse() {
    let run = |x: &[usize], config: RotaryConfig| {
        let x = zeros(x);
        rotary_embedding(&RotaryInput::new(x.view()), &config)
    };
    let (x, tables, short) = (zeros(&[1, 2, 3, 4]), zeros(&[2, 2]), zeros(&[9, 1]));
    let far = lasting(ArrayD::from_elem(IxDyn(&[1, 3]), 7));
    let before = lasting(ArrayD::from_elem(IxDyn(&[1, 3]), -1));
    let with = |change: &dyn Fn(&mut RotaryInput), config: RotaryConfig| {
        let mut input = RotaryInput::new(x.view());
        change(&mut input);
        rotary_embedding(&input, &config)
    };
    let plain = RotaryConfig::default;
    let name = "rotary_embedding";
    check(vec![
        row(
            run(&[3, 4], plain()),
            name,
            "shape",
            "x [batch, heads, tokens, dim] or",
            "[3, 4]",
        ),
        row(
            run(&[1, 2, 3, 5], plain()),
            name,
            "size",
            "even number of 2 to 5 features",
            "5",
        ),
        row(
            run(
                &[1, 2, 3, 4],
                RotaryConfig {
                    rotary_dim: Some(6),
                    ..plain()
                },
            ),
            name,
            "size",
            "2 to 4 features",
            "6",
        ),
        row(
            run(
                &[1, 2, 3, 4],
                RotaryConfig {
                    base: Some(0.0),
                    ..plain()
                },
            ),
            name,
            "option",
            "base above 0",
            "0",
        ),
        row(
            run(&[1, 2, 0, 4], plain()),
            name,
            "size",
            "at least 1 token",
            "0",
        ),
        row(
            run(&[1, 3, 8], plain()),
            name,
            "option",
            "heads, for x",
            "none",
        ),
        row(
            with(
                &|input| input.tables = Some((short.view(), short.view())),
                plain(),
            ),
            name,
            "shape",
            "cos [position, pair 2]",
            "[9, 1]",
        ),
        row(
            with(
                &|input| input.tables = Some((tables.view(), short.view())),
                plain(),
            ),
            name,
            "shape",
            "sin of shape [2, 2]",
            "[9, 1]",
        ),
        row(
            with(
                &|input| input.tables = Some((tables.view(), tables.view())),
                plain(),
            ),
            name,
            "index",
            "below 2",
            "2",
        ),
        row(
            with(
                &|input| {
                    input.tables = Some((tables.view(), tables.view()));
                    input.positions = Some(far.view());
                },
                plain(),
            ),
            name,
            "index",
            "positions from 0 to 1",
            "7",
        ),
        row(
            with(&|input| input.positions = Some(before.view()), plain()),
            name,
            "index",
            "positions of at least 0",
            "-1",
        ),
        row(
            with(
                &|input| input.tables = Some((tables.view(), tables.view())),
                RotaryConfig {
                    base: Some(10.0),
                    ..plain()
                },
            ),
            name,
            "option",
            "either tables or a base",
            "both",
        ),
        row(
            rotary_tables(3, 5, 10.0),
            "rotary_tables",
            "size",
            "even dim",
            "5",
        ),
        row(
            rotary_tables(3, 4, f64::NAN),
            "rotary_tables",
            "option",
            "base above 0",
            "NaN",
        ),
        row(
            rotary_tables(1 << 40, 4, 10.0),
            "rotary_tables",
            "too_large",
            "536870912 bytes",
            "[1099511627776, 4]",
        ),
        row(
            sinusoidal_positions(0, usize::MAX),
            "sinusoidal_positions",
            "too_large",
            "536870912 bytes",
            "bytes",
        ),
        row(
            alibi_slopes(usize::MAX),
            "alibi_slopes",
            "too_large",
            "536870912 bytes",
            "bytes",
        ),
    ]);
}

#[test]
fn trace_attention_refuses() {
    let two = || AttentionConfig {
        heads: Some(2),
        ..AttentionConfig::default()
    };
    let words = |count: usize| Some(Tokens::query((0..count).map(|n| n.to_string())));
    let run = |input: TraceInput, config: AttentionConfig| trace_attention(&input, &config);
    let text = || TraceInput {
        tokens: words(3),
        ..TraceInput::default()
    };
    let [x, w, b, heads, nothing, long, slopes] = [
        &[3, 4][..],
        &[4, 4],
        &[3],
        &[2, 3, 2],
        &[0, 4],
        &[4097, 4],
        &[2],
    ]
    .map(zeros);
    let endless = lasting(ArrayD::from_elem(IxDyn(&[2]), f32::INFINITY));
    let some = |array: &'static ArrayD<f32>| Some(array.view());
    let name = "trace_attention";
    check(vec![
        row(
            run(text(), AttentionConfig::default()),
            name,
            "option",
            "heads",
            "none",
        ),
        row(
            run(
                text(),
                AttentionConfig {
                    heads: Some(0),
                    ..two()
                },
            ),
            name,
            "option",
            "heads from 1 to 64",
            "0",
        ),
        row(
            run(
                text(),
                AttentionConfig {
                    heads: Some(65),
                    ..two()
                },
            ),
            name,
            "option",
            "heads from 1 to 64",
            "65",
        ),
        row(
            run(
                text(),
                AttentionConfig {
                    kv_heads: Some(0),
                    ..two()
                },
            ),
            name,
            "option",
            "kv_heads from 1 to 64",
            "0",
        ),
        row(
            run(
                text(),
                AttentionConfig {
                    heads: Some(3),
                    kv_heads: Some(2),
                    ..two()
                },
            ),
            name,
            "size",
            "multiple of kv_heads",
            "3 and 2",
        ),
        row(
            run(TraceInput::default(), two()),
            name,
            "size",
            "at least 1 query token",
            "0",
        ),
        row(
            run(
                TraceInput {
                    tokens: words(4097),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "too_many_tokens",
            "4096",
            "4097",
        ),
        row(
            run(
                TraceInput {
                    x: some(long),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "too_many_tokens",
            "4096",
            "4097",
        ),
        row(
            run(
                TraceInput {
                    x: some(nothing),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "size",
            "at least 1 token",
            "0",
        ),
        row(
            run(
                TraceInput {
                    width: Some(8),
                    ..text()
                },
                AttentionConfig {
                    heads: Some(7),
                    ..two()
                },
            ),
            name,
            "size",
            "width that 7 heads divide",
            "8",
        ),
        row(
            run(
                TraceInput {
                    head_dim: Some(usize::MAX),
                    ..text()
                },
                two(),
            ),
            name,
            "too_large",
            "fits in memory",
            "",
        ),
        row(
            run(
                TraceInput {
                    head_dim: Some(1 << 20),
                    ..text()
                },
                two(),
            ),
            name,
            "too_large",
            "w_query of at most 536870912 bytes",
            "bytes",
        ),
        row(
            run(
                TraceInput {
                    head_dim: Some(0),
                    ..text()
                },
                two(),
            ),
            name,
            "size",
            "at least 1",
            "0",
        ),
        row(
            run(
                TraceInput {
                    x: some(x),
                    tokens: words(2),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "shape",
            "3 query tokens",
            "2",
        ),
        row(
            run(
                TraceInput {
                    memory: some(nothing),
                    past_key: some(heads),
                    past_value: some(heads),
                    head_dim: Some(2),
                    width: Some(4),
                    ..text()
                },
                two(),
            ),
            name,
            "size",
            "memory of at least 1 token",
            "0",
        ),
        row(
            run(
                TraceInput {
                    x: some(heads),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "shape",
            "x [rows, columns]",
            "[2, 3, 2]",
        ),
        row(
            run(
                TraceInput {
                    x: some(x),
                    width: Some(6),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "option",
            "width 4",
            "6",
        ),
        row(
            run(
                TraceInput {
                    wq: some(w),
                    ..text()
                },
                two(),
            ),
            name,
            "option",
            "wq, wk and wv together",
            "some of them",
        ),
        row(
            run(
                TraceInput {
                    x: some(x),
                    wq: some(w),
                    wk: some(w),
                    wv: some(x),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "shape",
            "wv [width 4, channel 4]",
            "[3, 4]",
        ),
        row(
            run(
                TraceInput {
                    bq: some(b),
                    ..text()
                },
                two(),
            ),
            name,
            "shape",
            "bq [channel 16]",
            "[3]",
        ),
        row(
            run(
                TraceInput {
                    wo: some(w),
                    ..text()
                },
                two(),
            ),
            name,
            "shape",
            "wo [channel 16, width 16]",
            "[4, 4]",
        ),
        row(
            run(
                TraceInput {
                    q: some(heads),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "option",
            "q, k and v together",
            "some of them",
        ),
        row(
            run(
                TraceInput {
                    q: some(heads),
                    k: some(heads),
                    v: some(heads),
                    x: some(x),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "option",
            "either q, k and v or embeddings",
            "both",
        ),
        row(
            run(
                TraceInput {
                    q: some(heads),
                    k: some(heads),
                    v: some(w),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "shape",
            "k and v with the same tokens",
            "3 and 4",
        ),
        row(
            run(
                TraceInput {
                    q: some(w),
                    k: some(heads),
                    v: some(heads),
                    ..TraceInput::default()
                },
                AttentionConfig {
                    heads: Some(1),
                    kv_heads: Some(1),
                    ..two()
                },
            ),
            name,
            "shape",
            "k [kv_heads 1, tokens, dim]",
            "[2, 3, 2]",
        ),
        row(
            run(
                TraceInput {
                    q: some(heads),
                    k: some(heads),
                    v: some(heads),
                    bo: some(b),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "option",
            "bo only with wo",
            "bo alone",
        ),
        row(
            run(
                TraceInput {
                    q: some(heads),
                    k: some(heads),
                    v: some(heads),
                    position: Position::Sinusoidal,
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "option",
            "embeddings, which sinusoidal",
            "q, k and v",
        ),
        row(
            run(
                TraceInput {
                    position: Position::Learned(w.view()),
                    ..text()
                },
                two(),
            ),
            name,
            "shape",
            "positions [position 4, width 16]",
            "[4, 4]",
        ),
        row(
            run(
                TraceInput {
                    x: some(long),
                    position: Position::Learned(w.view()),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "too_many_tokens",
            "4096",
            "4097",
        ),
        row(
            run(
                TraceInput {
                    x: some(w),
                    position: Position::Learned(x.view()),
                    ..TraceInput::default()
                },
                two(),
            ),
            name,
            "index",
            "at least 4 positions",
            "3",
        ),
        row(
            run(
                TraceInput {
                    head_dim: Some(3),
                    position: Position::Rotary {
                        base: None,
                        dim: None,
                        interleaved: false,
                    },
                    ..text()
                },
                two(),
            ),
            name,
            "size",
            "even number of 2 to 3 features",
            "3",
        ),
        row(
            run(
                TraceInput {
                    position: Position::Rotary {
                        base: Some(-1.0),
                        dim: None,
                        interleaved: false,
                    },
                    ..text()
                },
                two(),
            ),
            name,
            "option",
            "base above 0",
            "-1",
        ),
        row(
            run(
                TraceInput {
                    position: Position::Alibi {
                        slopes: some(slopes),
                    },
                    ..text()
                },
                AttentionConfig {
                    heads: Some(4),
                    ..two()
                },
            ),
            name,
            "shape",
            "slopes [head 4]",
            "[2]",
        ),
        row(
            run(
                TraceInput {
                    position: Position::Alibi {
                        slopes: some(endless),
                    },
                    ..text()
                },
                two(),
            ),
            name,
            "option",
            "finite slopes",
            "inf",
        ),
        row(
            run(
                TraceInput {
                    mask: Some(Mask::Additive(w.view())),
                    ..text()
                },
                two(),
            ),
            name,
            "shape",
            "broadcasts to [1, 2, 3, 3]",
            "[4, 4]",
        ),
        row(
            run(
                TraceInput {
                    past_key: some(heads),
                    ..text()
                },
                two(),
            ),
            name,
            "option",
            "past_key and past_value together",
            "one of them",
        ),
        row(
            run(
                TraceInput {
                    past_key: some(heads),
                    past_value: some(heads),
                    ..text()
                },
                two(),
            ),
            name,
            "shape",
            "past_key [kv_head 2, past 3, dim 8]",
            "[2, 3, 2]",
        ),
        row(
            run(
                text(),
                AttentionConfig {
                    scale: Some(f64::INFINITY),
                    ..two()
                },
            ),
            name,
            "option",
            "finite scale",
            "inf",
        ),
        row(
            run(
                text(),
                AttentionConfig {
                    softcap: Some(f64::NAN),
                    ..two()
                },
            ),
            name,
            "option",
            "softcap",
            "NaN",
        ),
        row(
            run(
                text(),
                AttentionConfig {
                    window: Some([0, -9]),
                    ..two()
                },
            ),
            name,
            "option",
            "window",
            "[0, -9]",
        ),
    ]);
}

#[test]
fn trace_linear_attention_refuses() {
    let config = |rule| LinearConfig {
        heads: 2,
        rule,
        ..LinearConfig::default()
    };
    let text = || TraceInput {
        tokens: Some(Tokens::query(["a", "b"])),
        ..TraceInput::default()
    };
    let plain = |tokens| LinearTraceInput {
        tokens,
        ..LinearTraceInput::default()
    };
    let run = |input: LinearTraceInput, rule| trace_linear_attention(&input, &config(rule));
    let (decay, memory, long) = (
        zeros(&[3, 2]),
        lasting(noise(&[2, 16], 1)),
        zeros(&[2, 513, 1]),
    );
    let (q, k) = (zeros(&[2, 3, 2]), zeros(&[2, 4, 2]));
    let (linear, name) = (LinearRule::Linear, "trace_linear_attention");
    let three = |q, k, v| TraceInput {
        q: Some(q),
        k: Some(k),
        v: Some(v),
        ..TraceInput::default()
    };
    check(vec![
        row(
            run(plain(text()), LinearRule::Gated),
            name,
            "option",
            "decay, for this rule",
            "none",
        ),
        row(
            run(plain(text()), LinearRule::Delta),
            name,
            "option",
            "beta, for this rule",
            "none",
        ),
        row(
            run(
                LinearTraceInput {
                    decay: Some(decay.view()),
                    ..plain(text())
                },
                LinearRule::Gated,
            ),
            name,
            "shape",
            "decay [token 2, channel 2]",
            "[3, 2]",
        ),
        row(
            run(
                LinearTraceInput {
                    past_state: Some(decay.view()),
                    ..plain(text())
                },
                linear,
            ),
            name,
            "shape",
            "past_state [kv_head 2, key_dim 8, dim 8]",
            "[3, 2]",
        ),
        row(
            run(
                plain(TraceInput {
                    memory: Some(memory.view()),
                    ..text()
                }),
                linear,
            ),
            name,
            "option",
            "one sequence without memory",
            "one of these",
        ),
        row(
            run(
                plain(TraceInput {
                    position: Position::Alibi { slopes: None },
                    ..text()
                }),
                linear,
            ),
            name,
            "option",
            "positions that are added",
            "ALiBi",
        ),
        row(
            run(plain(three(q.view(), k.view(), k.view())), linear),
            name,
            "shape",
            "as many queries as keys",
            "3 and 4",
        ),
        row(
            run(plain(three(long.view(), long.view(), long.view())), linear),
            name,
            "too_many_tokens",
            "512",
            "513",
        ),
        row(
            trace_linear_attention(
                &plain(text()),
                &LinearConfig {
                    heads: 0,
                    ..config(linear)
                },
            ),
            name,
            "option",
            "heads from 1 to 64",
            "0",
        ),
    ]);
}

#[test]
fn explain_refuses() {
    let trace = traces::seeded(trace_attention);
    let mut altered = trace.clone();
    altered.data.truncate(10);
    let mut emptied = trace.clone();
    emptied.stages.retain(|stage| stage.id != "row_max");
    let name = "explain";
    check(vec![
        row(
            explain(&trace, "score", &[0, 0, 0]),
            name,
            "not_found",
            "one of the stages embeddings, positions",
            "score",
        ),
        row(
            explain(&trace, "scores", &[0, 0]),
            name,
            "index",
            "an index within [2, 5, 5]",
            "[0, 0]",
        ),
        row(
            explain(&trace, "scores", &[0, 5, 0]),
            name,
            "index",
            "an index within [2, 5, 5]",
            "[0, 5, 0]",
        ),
        row(
            explain(&altered, "scores", &[0, 0, 0]),
            name,
            "internal",
            "stages within 10 cells",
            "beyond",
        ),
        row(
            explain(&emptied, "shifted", &[0, 0, 0]),
            name,
            "internal",
            "shifted with operands that fit",
            "row_max",
        ),
    ]);
}
