//! What must hold for any input, tried on many: shapes, options and numbers drawn by proptest.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use attention_playground::{
    AttentionConfig, AttentionInput, Error, LinearConfig, LinearInput, LinearRule,
    LinearTraceInput, Mask, Position, RotaryConfig, RotaryInput, ScoresKind, TraceInput,
    compute_attention, linear_attention, rotary_embedding, trace_attention, trace_linear_attention,
};
use common::{CLOSE, SAME, Tolerance, array, assert_close, noise};
use ndarray::{ArrayD, Axis, IxDyn, Slice, concatenate};
use proptest::prelude::*;

const RULES: [LinearRule; 4] = [
    LinearRule::Linear,
    LinearRule::Gated,
    LinearRule::Delta,
    LinearRule::GatedDelta,
];

/// The sizes and options of one attention.
#[derive(Clone, Debug)]
struct Case {
    batch: usize,
    heads: usize,
    kv_heads: usize,
    queries: usize,
    keys: usize,
    past: usize,
    dim: usize,
    value_dim: usize,
    causal: bool,
    window: Option<[i64; 2]>,
    softcap: Option<f64>,
    mask: MaskKind,
    seed: u64,
}

#[derive(Clone, Copy, Debug)]
enum MaskKind {
    None,
    Boolean,
    Additive,
    Short,
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (1..3_usize, 1..4_usize, 1..4_usize, 1..7_usize, 1..7_usize);
    let more = (0..4_usize, 1..6_usize, 1..6_usize, any::<u64>());
    let window = prop_oneof![
        Just(None),
        (-1..4_i64, -1..4_i64).prop_map(|(l, r)| Some([l, r]))
    ];
    let mask = prop_oneof![
        Just(MaskKind::None),
        Just(MaskKind::Boolean),
        Just(MaskKind::Additive),
        Just(MaskKind::Short)
    ];
    let softcap = prop_oneof![Just(None), (0.5..5.0).prop_map(Some)];
    (sizes, more, any::<bool>(), window, softcap, mask).prop_map(
        |(
            (batch, kv_heads, group, queries, keys),
            (past, dim, value_dim, seed),
            causal,
            window,
            softcap,
            mask,
        )| Case {
            batch,
            heads: kv_heads * group,
            kv_heads,
            queries,
            keys,
            past,
            dim,
            value_dim,
            causal,
            window,
            softcap,
            mask,
            seed,
        },
    )
}

/// A case with its numbers.
struct Drawn {
    case: Case,
    q: ArrayD<f32>,
    /// Past and present keys together.
    k: ArrayD<f32>,
    v: ArrayD<f32>,
    added: ArrayD<f32>,
    seen: ArrayD<bool>,
}

impl Drawn {
    fn of(case: &Case) -> Self {
        let keys = case.past + case.keys;
        let reach = if matches!(case.mask, MaskKind::Short) {
            keys.div_ceil(2)
        } else {
            keys
        };
        let scores = noise(&[case.heads, case.queries, reach], case.seed ^ 4);
        Drawn {
            q: noise(&[case.batch, case.heads, case.queries, case.dim], case.seed) * 2.0,
            k: noise(&[case.batch, case.kv_heads, keys, case.dim], case.seed ^ 1) * 2.0,
            v: noise(
                &[case.batch, case.kv_heads, keys, case.value_dim],
                case.seed ^ 2,
            ),
            added: scores.mapv(|cell| if cell > 0.8 { f32::NEG_INFINITY } else { cell }),
            seen: scores.mapv(|cell| cell < 0.5),
            case: case.clone(),
        }
    }

    fn config(&self) -> AttentionConfig {
        AttentionConfig {
            causal: self.case.causal,
            window: self.case.window,
            softcap: self.case.softcap,
            scores: Some(ScoresKind::Weights),
            ..AttentionConfig::default()
        }
    }

    fn mask(&self) -> Option<Mask<'_>> {
        match self.case.mask {
            MaskKind::None => None,
            MaskKind::Boolean => Some(Mask::Boolean(self.seen.view())),
            MaskKind::Additive | MaskKind::Short => Some(Mask::Additive(self.added.view())),
        }
    }

    /// Keys and values from this one on are new, the others are past.
    fn input(&self, past: usize) -> AttentionInput<'_> {
        let (new, old) = (Slice::from(past..), Slice::from(..past));
        AttentionInput {
            mask: self.mask(),
            past_key: Some(self.k.slice_axis(Axis(2), old)),
            past_value: Some(self.v.slice_axis(Axis(2), old)),
            ..AttentionInput::new(
                self.q.view(),
                self.k.slice_axis(Axis(2), new),
                self.v.slice_axis(Axis(2), new),
            )
        }
    }

    fn run(&self) -> attention_playground::AttentionOutput {
        compute_attention(&self.input(self.case.past), &self.config()).expect("a good request")
    }
}

/// Rows along the last axis, with the index of each.
fn rows(array: &ArrayD<f32>) -> impl Iterator<Item = Vec<f32>> {
    array
        .lanes(Axis(array.ndim() - 1))
        .into_iter()
        .map(|row| row.to_vec())
}

proptest! {
    #[test]
    fn rows_of_weights_sum_to_one_or_to_nothing(case in cases()) {
        let drawn = Drawn::of(&case);
        let result = drawn.run();
        for row in rows(&result.scores.expect("asked for")) {
            let sum: f64 = row.iter().map(|&weight| f64::from(weight)).sum();
            let blind = row.iter().all(|&weight| weight == 0.0);
            prop_assert!(blind || (sum - 1.0).abs() < 1e-5, "a row of {row:?} sums to {sum}");
        }
    }

    #[test]
    fn a_causal_row_sees_no_future(case in cases(), from in 0..6_usize) {
        let drawn = Drawn::of(&Case { causal: true, ..case.clone() });
        let before = drawn.run();
        let mut changed = Drawn { k: drawn.k.clone(), v: drawn.v.clone(), ..Drawn::of(&drawn.case) };
        let keys = case.past + case.keys;
        let from = from.min(keys);
        changed.k.slice_axis_mut(Axis(2), Slice::from(from..)).fill(f32::NAN);
        changed.v.slice_axis_mut(Axis(2), Slice::from(from..)).fill(f32::INFINITY);
        let after = changed.run();
        // query i stands at place past + i: those before `from` see nothing of the change, to the bit
        let clean = from.saturating_sub(case.past).min(case.queries);
        let rows = Slice::from(..clean);
        assert_close(after.output.slice_axis(Axis(2), rows), before.output.slice_axis(Axis(2), rows), SAME);
    }

    #[test]
    fn a_constant_added_to_a_row_of_scores_changes_nothing(case in cases(), constant in -5.0..5.0_f32) {
        let drawn = Drawn::of(&Case { mask: MaskKind::Additive, ..case });
        let mut shifted = Drawn { added: drawn.added.clone(), ..Drawn::of(&drawn.case) };
        shifted.added += constant;
        assert_close(shifted.run().output.view(), drawn.run().output.view(), CLOSE);
    }

    #[test]
    fn unmasked_attention_follows_a_permutation(case in cases(), turn in 0..6_usize) {
        let plain = Case { causal: false, window: None, mask: MaskKind::None, ..case };
        let drawn = Drawn::of(&plain);
        let rotate = |array: &ArrayD<f32>| {
            let tokens = array.shape()[2];
            let turn = turn % tokens;
            let (first, rest) = (Slice::from(..turn), Slice::from(turn..));
            let parts = [array.slice_axis(Axis(2), rest), array.slice_axis(Axis(2), first)];
            concatenate(Axis(2), &parts).expect("two parts of one array")
        };
        let result = drawn.run().output;
        let keys = Drawn { k: rotate(&drawn.k), v: rotate(&drawn.v), ..Drawn::of(&plain) };
        assert_close(keys.run().output.view(), result.view(), CLOSE);
        let queries = Drawn { q: rotate(&drawn.q), ..Drawn::of(&plain) };
        assert_close(queries.run().output.view(), rotate(&result).view(), SAME);
    }

    #[test]
    fn splitting_past_and_present_anywhere_changes_nothing(case in cases(), split in 0..6_usize) {
        let tokens = case.queries;
        let split = split.min(tokens - 1);
        // one sequence that attends to itself: the queries after the split have the others as their past
        let whole = Drawn::of(&Case { keys: tokens, past: 0, causal: true, mask: MaskKind::None, ..case });
        let all = whole.run();
        let late = Slice::from(split..);
        let parted = Drawn {
            q: whole.q.slice_axis(Axis(2), late).to_owned(),
            k: whole.k.clone(),
            v: whole.v.clone(),
            ..Drawn::of(&Case { past: split, keys: tokens - split, queries: tokens - split, ..whole.case.clone() })
        };
        let part = parted.run();
        assert_close(part.output.view(), all.output.slice_axis(Axis(2), late), SAME);
        assert_close(part.present_key.expect("a past").view(), whole.k.view(), SAME);
    }

    #[test]
    fn a_wide_window_is_no_window(case in cases()) {
        let wide = Some([20, 20]);
        let with = Drawn::of(&Case { window: wide, ..case.clone() });
        let without = Drawn::of(&Case { window: None, ..case });
        assert_close(with.run().output.view(), without.run().output.view(), SAME);
    }

    #[test]
    fn grouped_heads_are_repeated_heads(case in cases()) {
        let grouped = Drawn::of(&case);
        let group = case.heads / case.kv_heads;
        let repeated = |array: &ArrayD<f32>| {
            let index: Vec<usize> = (0..case.heads).map(|head| head / group).collect();
            array.select(Axis(1), &index)
        };
        let full = Drawn { k: repeated(&grouped.k), v: repeated(&grouped.v), ..Drawn::of(&case) };
        assert_close(grouped.run().output.view(), full.run().output.view(), SAME);
    }

    #[test]
    fn a_hidden_key_leaks_nothing(case in cases(), poison in prop_oneof![Just(f32::NAN), Just(f32::INFINITY)]) {
        let clean = Drawn::of(&Case { mask: MaskKind::Boolean, ..case.clone() });
        let mut dirty = Drawn { seen: clean.seen.clone(), ..Drawn::of(&clean.case) };
        // a key that no query of any head sees
        let hidden = case.seed as usize % (case.past + case.keys);
        let mut seen = clean.seen.clone();
        seen.index_axis_mut(Axis(2), hidden).fill(false);
        dirty.seen = seen.clone();
        let clean = Drawn { seen, ..clean };
        dirty.k.index_axis_mut(Axis(2), hidden).fill(poison);
        dirty.v.index_axis_mut(Axis(2), hidden).fill(poison);
        let (dirty, clean) = (dirty.run(), clean.run());
        prop_assert!(dirty.output.iter().all(|cell| cell.is_finite()));
        assert_close(dirty.output.view(), clean.output.view(), SAME);
        assert_close(dirty.scores.expect("asked for").view(), clean.scores.expect("asked for").view(), SAME);
    }

    #[test]
    fn a_hidden_key_leaks_nothing_into_a_trace(tokens in 1..6_usize, seed in any::<u64>(), additive in any::<bool>()) {
        let hidden = seed as usize % tokens;
        let clean = noise(&[1, tokens, 3], seed);
        let mut dirty = clean.clone();
        dirty.index_axis_mut(Axis(1), hidden).fill(f32::NAN);
        let seen = ArrayD::from_shape_fn(IxDyn(&[tokens]), |at| at[0] != hidden);
        let added = seen.mapv(|seen| if seen { 0.5 } else { f32::NEG_INFINITY });

        let mixed = |keys: &ArrayD<f32>| {
            let input = TraceInput {
                q: Some(clean.view()),
                k: Some(keys.view()),
                v: Some(keys.view()),
                mask: Some(if additive { Mask::Additive(added.view()) } else { Mask::Boolean(seen.view()) }),
                ..TraceInput::default()
            };
            let config = AttentionConfig { heads: Some(1), ..AttentionConfig::default() };
            trace_attention(&input, &config).expect("a good request").cells("mixed").expect("a stage").to_vec()
        };
        assert_eq!(mixed(&dirty), mixed(&clean));
    }

    #[test]
    fn packed_and_scattered_views_give_the_same(case in cases()) {
        let drawn = Drawn::of(&Case { past: 0, ..case.clone() });
        let expected = drawn.run();
        let pack = |array: &ArrayD<f32>| {
            let [batch, heads, tokens, dim] = array.shape() else { panic!("four axes") };
            let shape = [*batch, *tokens, heads * dim];
            let data = array.view().permuted_axes(IxDyn(&[0, 2, 1, 3])).iter().copied().collect();
            common::array(&shape, data)
        };
        let (q, k, v) = (pack(&drawn.q), pack(&drawn.k), pack(&drawn.v));
        let mut input = AttentionInput::new(q.view(), k.view(), v.view());
        input.mask = drawn.mask();
        let config =
            AttentionConfig { heads: Some(case.heads), kv_heads: Some(case.kv_heads), ..drawn.config() };
        let packed = compute_attention(&input, &config).expect("a good request");
        assert_close(packed.output.view(), pack(&expected.output).view(), SAME);

        // the same numbers, every second cell of arrays whose axes lie in reverse
        let scatter = |array: &ArrayD<f32>| {
            let mut wide = ArrayD::from_elem(IxDyn(&array.shape().iter().rev().map(|n| 2 * n).collect::<Vec<_>>()), f32::NAN);
            let mut holes = wide.view_mut();
            for axis in 0..array.ndim() {
                holes.slice_axis_inplace(Axis(axis), Slice::new(0, None, 2));
            }
            holes.reversed_axes().assign(array);
            wide
        };
        let wide = [&drawn.q, &drawn.k, &drawn.v].map(scatter);
        let [q, k, v] = wide.each_ref().map(|wide| {
            let mut view = wide.view();
            for axis in 0..view.ndim() {
                view.slice_axis_inplace(Axis(axis), Slice::new(0, None, 2));
            }
            view.reversed_axes()
        });
        let mut input = AttentionInput::new(q, k, v);
        input.mask = drawn.mask();
        let scattered = compute_attention(&input, &drawn.config()).expect("a good request");
        assert_close(scattered.output.view(), expected.output.view(), SAME);
    }

    #[test]
    fn a_batch_is_its_sequences(case in cases()) {
        let drawn = Drawn::of(&case);
        let together = drawn.run();
        for b in 0..case.batch {
            let one = |array: &ArrayD<f32>| array.slice_axis(Axis(0), Slice::from(b..=b)).to_owned();
            let alone = Drawn { q: one(&drawn.q), k: one(&drawn.k), v: one(&drawn.v), ..Drawn::of(&case) };
            assert_close(alone.run().output.view(), one(&together.output).view(), SAME);
        }
    }

    #[test]
    fn computing_agrees_with_tracing(case in cases()) {
        let drawn = Drawn::of(&Case { batch: 1, ..case.clone() });
        let result = drawn.run();
        let first = |array: &ArrayD<f32>, tokens: Slice| array.index_axis(Axis(0), 0).slice_axis(Axis(1), tokens).to_owned();
        let (new, old) = (Slice::from(case.past..), Slice::from(..case.past));
        let (q, k, v) = (first(&drawn.q, Slice::from(..)), first(&drawn.k, new), first(&drawn.v, new));
        let (past_key, past_value) = (first(&drawn.k, old), first(&drawn.v, old));
        let input = TraceInput {
            q: Some(q.view()),
            k: Some(k.view()),
            v: Some(v.view()),
            past_key: Some(past_key.view()),
            past_value: Some(past_value.view()),
            mask: drawn.mask(),
            ..TraceInput::default()
        };
        let config = AttentionConfig { heads: Some(case.heads), kv_heads: Some(case.kv_heads), ..drawn.config() };
        let trace = trace_attention(&input, &config).expect("a good request");
        let stage = |id: &str| {
            let shape = &trace.stage(id).expect("a stage").shape;
            let shape: Vec<usize> = [1].into_iter().chain(shape.iter().copied()).collect();
            array(&shape, trace.cells(id).expect("its cells").to_vec())
        };
        assert_close(stage("mixed").view(), result.output.view(), SAME);
        assert_close(stage("weights").view(), result.scores.expect("asked for").view(), SAME);
        for (kind, ids) in [
            (ScoresKind::Raw, &["scaled"][..]),
            (ScoresKind::Capped, &["capped", "scaled"]),
            (ScoresKind::Masked, &["masked", "biased", "capped", "scaled"]),
        ] {
            let config = AttentionConfig { scores: Some(kind), ..drawn.config() };
            let scores = compute_attention(&drawn.input(case.past), &config).expect("a good request").scores;
            let id = ids.iter().find(|id| trace.stage(id).is_some()).expect("one of the stages");
            assert_close(stage(id).view(), scores.expect("asked for").view(), SAME);
        }
    }

    #[test]
    fn a_traced_past_changes_nothing(tokens in 2..6_usize, split in 1..5_usize, seed in any::<u64>(), kind in 0..4_u8) {
        let split = split.min(tokens - 1);
        let table = noise(&[tokens, 6], seed ^ 9);
        let x = noise(&[tokens, 6], seed);
        let weights: Vec<ArrayD<f32>> = (0..3).map(|n| noise(&[6, 8], seed ^ (n + 1))).collect();
        let position = || match kind {
            0 => Position::Rotary { base: None, dim: None, interleaved: false },
            1 => Position::Sinusoidal,
            2 => Position::Learned(table.view()),
            _ => Position::Alibi { slopes: None },
        };
        let input = |x| TraceInput {
            x: Some(x),
            wq: Some(weights[0].view()),
            wk: Some(weights[1].view()),
            wv: Some(weights[2].view()),
            position: position(),
            ..TraceInput::default()
        };
        let config = AttentionConfig { heads: Some(2), causal: true, ..AttentionConfig::default() };
        let whole = trace_attention(&input(x.view()), &config).expect("a good request");
        let past = |id: &str| {
            let all = array(&[2, tokens, 4], whole.cells(id).expect("a stage").to_vec());
            all.slice_axis(Axis(1), Slice::from(..split)).to_owned()
        };
        let (past_key, past_value) = (past("key"), past("value"));
        let late = TraceInput {
            past_key: Some(past_key.view()),
            past_value: Some(past_value.view()),
            ..input(x.slice_axis(Axis(0), Slice::from(split..)))
        };
        let late = trace_attention(&late, &config).expect("a good request");
        assert_eq!(late.cells("key"), whole.cells("key"));
        assert_eq!(late.cells("concat").expect("a stage"), &whole.cells("concat").expect("a stage")[split * 8..]);
    }

    #[test]
    fn rotated_scores_depend_on_distance_alone(
        distance in 0..20_i32, at in 0..20_i32, further in 0..500_i32, dim in 1..5_usize, interleaved in any::<bool>(), seed in any::<u64>(),
    ) {
        let (q, k) = (noise(&[1, 1, 1, 2 * dim], seed), noise(&[1, 1, 1, 2 * dim], seed ^ 1));
        let config = RotaryConfig { interleaved, ..RotaryConfig::default() };
        let turned = |x: &ArrayD<f32>, position: i32| {
            let positions = ArrayD::from_elem(IxDyn(&[1, 1]), position);
            let input = RotaryInput { positions: Some(positions.view()), ..RotaryInput::new(x.view()) };
            rotary_embedding(&input, &config).expect("a good request")
        };
        let score = |at: i32| -> f32 {
            turned(&q, at + distance).iter().zip(turned(&k, at).iter()).map(|(q, k)| q * k).sum()
        };
        let (near, far) = (score(at), score(at + further));
        prop_assert!((near - far).abs() < 1e-5, "{near} at {at}, {far} at {}", at + further);
    }

    #[test]
    fn linear_attention_agrees_with_a_plain_loop(lane in lanes()) {
        for rule in RULES {
            let found = lane.run(rule, None).expect("a good request");
            let (output, state) = lane.by_hand(rule);
            assert_close(found.output.view(), output.view(), CLOSE);
            assert_close(found.state.view(), state.view(), CLOSE);
        }
    }

    #[test]
    fn any_chunk_gives_the_same(lane in lanes(), chunk in 1..9_usize) {
        for rule in RULES {
            let steps = lane.run(rule, None).expect("a good request");
            let chunks = lane.run(rule, Some(chunk)).expect("a good request");
            assert_close(chunks.output.view(), steps.output.view(), ROUNDED);
            assert_close(chunks.state.view(), steps.state.view(), ROUNDED);
        }
    }

    #[test]
    fn a_recurrence_can_stop_anywhere_and_go_on(lane in lanes(), split in 1..8_usize) {
        let tokens = lane.q.shape()[1];
        let split = split.min(tokens);
        for rule in RULES {
            let whole = lane.run(rule, None).expect("a good request");
            let mut first = lane.clone();
            first.cut(Slice::from(..split));
            let before = first.run(rule, None).expect("a good request");
            if split == tokens {
                assert_close(before.output.view(), whole.output.view(), SAME);
                continue;
            }
            let mut second = lane.clone();
            second.cut(Slice::from(split..));
            second.state = before.state;
            let after = second.run(rule, None).expect("a good request");
            let joined = concatenate(Axis(1), &[before.output.view(), after.output.view()]).expect("two parts");
            assert_close(joined.view(), whole.output.view(), SAME);
            assert_close(after.state.view(), whole.state.view(), SAME);
        }
    }

    #[test]
    fn a_traced_recurrence_agrees_to_the_bit(lane in lanes()) {
        let lane = lane.alone();
        let first = |array: &ArrayD<f32>| array.index_axis(Axis(0), 0).to_owned();
        let (q, k, v) = (first(&lane.q), first(&lane.k), first(&lane.v));
        let (decay, beta, state) = (first(&lane.decay), first(&lane.beta), first(&lane.state));
        for rule in RULES {
            let found = lane.run(rule, None).expect("a good request");
            let input = LinearTraceInput {
                tokens: TraceInput { q: Some(q.view()), k: Some(k.view()), v: Some(v.view()), ..TraceInput::default() },
                decay: rule.decays().then(|| decay.view()),
                beta: rule.corrects().then(|| beta.view()),
                past_state: Some(state.view()),
            };
            let trace = trace_linear_attention(&input, &lane.config(rule, None)).expect("a good request");
            let output = array(found.output.shape(), trace.cells("concat").expect("a stage").to_vec());
            assert_close(output.view(), found.output.view(), SAME);
        }
    }
}

/// What a chunk and single steps may differ by: steps round the state to f32, and the state may grow.
const ROUNDED: Tolerance = Tolerance {
    absolute: 2e-5,
    relative: 1e-4,
};

/// The numbers of one linear attention.
#[derive(Clone, Debug)]
struct Lane {
    heads: usize,
    kv_heads: usize,
    q: ArrayD<f32>,
    k: ArrayD<f32>,
    v: ArrayD<f32>,
    decay: ArrayD<f32>,
    beta: ArrayD<f32>,
    state: ArrayD<f32>,
}

fn lanes() -> impl Strategy<Value = Lane> {
    let sizes = (
        1..3_usize,
        1..3_usize,
        1..3_usize,
        1..9_usize,
        1..5_usize,
        1..5_usize,
    );
    (sizes, any::<bool>(), any::<bool>(), any::<u64>()).prop_map(
        |((batch, kv_heads, group, tokens, key_dim, dim), per_head, one_beta, seed)| {
            let decays = if per_head { 1 } else { key_dim };
            let betas = if one_beta { 1 } else { kv_heads };
            let draw = |shape: &[usize], n| noise(shape, seed ^ n);
            Lane {
                heads: kv_heads * group,
                kv_heads,
                q: draw(&[batch, tokens, kv_heads * group * key_dim], 1),
                k: draw(&[batch, tokens, kv_heads * key_dim], 2),
                v: draw(&[batch, tokens, kv_heads * dim], 3),
                // a decay to nothing among them
                decay: draw(&[batch, tokens, kv_heads * decays], 4).mapv(|cell| {
                    if cell > 0.9 {
                        f32::NEG_INFINITY
                    } else {
                        -cell.abs()
                    }
                }),
                beta: draw(&[batch, tokens, betas], 5).mapv(f32::abs),
                state: draw(&[batch, kv_heads, key_dim, dim], 6),
            }
        },
    )
}

impl Lane {
    fn config(&self, rule: LinearRule, chunk: Option<usize>) -> LinearConfig {
        LinearConfig {
            heads: self.heads,
            kv_heads: Some(self.kv_heads),
            rule,
            scale: None,
            chunk,
        }
    }

    fn run(
        &self,
        rule: LinearRule,
        chunk: Option<usize>,
    ) -> Result<attention_playground::LinearOutput, Error> {
        let input = LinearInput {
            decay: rule.decays().then(|| self.decay.view()),
            beta: rule.corrects().then(|| self.beta.view()),
            past_state: Some(self.state.view()),
            ..LinearInput::new(self.q.view(), self.k.view(), self.v.view())
        };
        linear_attention(&input, &self.config(rule, chunk))
    }

    /// Keeps some of the tokens.
    fn cut(&mut self, tokens: Slice) {
        for array in [
            &mut self.q,
            &mut self.k,
            &mut self.v,
            &mut self.decay,
            &mut self.beta,
        ] {
            *array = array.slice_axis(Axis(1), tokens).to_owned();
        }
    }

    /// The first sequence of the batch.
    fn alone(&self) -> Lane {
        let mut lane = self.clone();
        for array in [
            &mut lane.q,
            &mut lane.k,
            &mut lane.v,
            &mut lane.decay,
            &mut lane.beta,
            &mut lane.state,
        ] {
            *array = array.slice_axis(Axis(0), Slice::from(..1)).to_owned();
        }
        lane
    }

    /// The recurrence as the operator's text has it, in f64, with nothing shared with the engine.
    fn by_hand(&self, rule: LinearRule) -> (ArrayD<f32>, ArrayD<f32>) {
        let [batch, kv_heads, key_dim, dim] = *self.state.shape() else {
            panic!("four axes")
        };
        let (tokens, group) = (self.q.shape()[1], self.heads / kv_heads);
        let mut output = ArrayD::zeros(IxDyn(&[batch, tokens, self.heads * dim]));
        let mut state = self.state.mapv(f64::from);
        let decays = self.decay.shape()[2] / kv_heads;
        for b in 0..batch {
            for g in 0..kv_heads {
                for t in 0..tokens {
                    let k = |a: usize| f64::from(self.k[[b, t, g * key_dim + a]]);
                    if rule.decays() {
                        for a in 0..key_dim {
                            let gate = self.decay[[b, t, g * decays + a % decays]];
                            (0..dim).for_each(|d| state[[b, g, a, d]] *= f64::from(gate).exp());
                        }
                    }
                    let beta = match self.beta.shape()[2] {
                        1 => self.beta[[b, t, 0]],
                        _ => self.beta[[b, t, g]],
                    };
                    for d in 0..dim {
                        let mut taken = f64::from(self.v[[b, t, g * dim + d]]);
                        if rule.corrects() {
                            let prediction: f64 =
                                (0..key_dim).map(|a| state[[b, g, a, d]] * k(a)).sum();
                            taken = f64::from(beta) * (taken - prediction);
                        }
                        (0..key_dim).for_each(|a| state[[b, g, a, d]] += k(a) * taken);
                    }
                    for h in g * group..(g + 1) * group {
                        for d in 0..dim {
                            let q = |a: usize| f64::from(self.q[[b, t, h * key_dim + a]]);
                            let read: f64 = (0..key_dim).map(|a| state[[b, g, a, d]] * q(a)).sum();
                            output[[b, t, h * dim + d]] = (read / (key_dim as f64).sqrt()) as f32;
                        }
                    }
                }
            }
        }
        (output, state.mapv(|cell| cell as f32))
    }
}
