//! Requests out of arbitrary bytes, for the fuzzer and for proptest: most are wrong, some are right, and none may panic
//! or take memory beyond reason.

use attention_playground::{
    AttentionConfig, AttentionInput, Edit, Error, LinearConfig, LinearInput, LinearRule,
    LinearTraceInput, Mask, Position, PositionConfig, RotaryConfig, RotaryInput, ScoresKind,
    Tokens, Trace, TraceInput, alibi_slopes, compute_attention, explain, linear_attention,
    rotary_embedding, rotary_tables, sinusoidal_positions, tokenize, trace_attention,
    trace_linear_attention, uses,
};
use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn};

/// Choices read from bytes; zero once they are used up.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&first, rest)) => {
                self.0 = rest;
                first
            }
            None => 0,
        }
    }

    /// One in so many.
    fn rarely(&mut self, out_of: u8) -> bool {
        self.byte() % out_of == 1
    }

    /// Mostly small, sometimes nothing, seldom enormous.
    fn size(&mut self) -> usize {
        match self.byte() {
            byte @ 0..=199 => usize::from(byte % 6) + 1,
            200..=215 => 0,
            byte @ 216..=239 => usize::from(byte - 210),
            240..=247 => 1 << (32 + self.byte() % 31),
            248..=251 => 513,
            _ => usize::MAX >> (self.byte() % 3),
        }
    }

    fn some_size(&mut self) -> Option<usize> {
        self.byte().is_multiple_of(3).then(|| self.size())
    }

    fn number(&mut self) -> f64 {
        match self.byte() {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => 0.0,
            4 => -1.0,
            5 => 1e300,
            6 => 1e-300,
            byte => f64::from(byte) / 64.0,
        }
    }

    fn some_number(&mut self) -> Option<f64> {
        self.byte().is_multiple_of(4).then(|| self.number())
    }

    fn word(&mut self) -> String {
        let length = usize::from(self.byte() % 5);
        (0..length)
            .filter_map(|_| char::from_u32(u32::from(self.byte()) * 37))
            .collect()
    }

    fn cell(&mut self) -> f32 {
        match self.byte() {
            0 => f32::NAN,
            1 => f32::INFINITY,
            2 => f32::NEG_INFINITY,
            3 => f32::MAX,
            byte => f32::from(byte) / 32.0 - 4.0,
        }
    }
}

/// Sizes that most tensors of a request are built from, so that some of them fit each other.
struct Likely {
    batch: usize,
    heads: usize,
    kv_heads: usize,
    queries: usize,
    keys: usize,
    past: usize,
    dim: usize,
    value_dim: usize,
    width: usize,
}

/// A tensor of up to four axes. An enormous one repeats a single cell, so that only its shape is large.
struct Tensor {
    cells: ArrayD<f32>,
    shape: Vec<usize>,
}

/// Cells of a tensor that is really there.
const REAL: usize = 1 << 12;

impl Tensor {
    fn of(bytes: &mut Bytes, likely: &[usize]) -> Self {
        let mut shape = likely.to_vec();
        if bytes.rarely(9) {
            let place = usize::from(bytes.byte()) % shape.len().max(1);
            match bytes.byte() % 3 {
                0 => shape.push(bytes.size()),
                1 => drop(shape.pop()),
                _ => {
                    if let Some(extent) = shape.get_mut(place) {
                        *extent = bytes.size();
                    }
                }
            }
        }
        let cells = shape
            .iter()
            .fold(1, |all: usize, &extent| all.saturating_mul(extent.max(1)));
        if cells > REAL {
            return Tensor {
                cells: ArrayD::from_elem(IxDyn(&[]), bytes.cell()),
                shape,
            };
        }
        let mut seed = u32::from(bytes.byte());
        let poison = bytes.rarely(5);
        let cells = ArrayD::from_shape_fn(IxDyn(&shape), |_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if poison && seed % 7 == 0 {
                bytes.cell()
            } else {
                (seed >> 8) as f32 / (1 << 22) as f32 - 2.0
            }
        });
        Tensor { cells, shape }
    }

    fn maybe(bytes: &mut Bytes, often: u8, likely: &[usize]) -> Option<Self> {
        (bytes.byte() % 8 < often).then(|| Tensor::of(bytes, likely))
    }

    /// None for a shape that an array cannot have.
    fn view(&self) -> Option<ArrayViewD<'_, f32>> {
        if self.cells.shape() == self.shape {
            return Some(self.cells.view());
        }
        self.cells.broadcast(IxDyn(&self.shape))
    }
}

fn view(tensor: &Option<Tensor>) -> Option<ArrayViewD<'_, f32>> {
    tensor.as_ref()?.view()
}

/// Throws one request at one public function. Whatever it answers is fine; it must answer.
pub fn throw(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let likely = Likely {
        batch: 1 + usize::from(bytes.byte() % 2),
        heads: [1, 2, 4, 6][usize::from(bytes.byte() % 4)],
        kv_heads: [1, 2, 2, 3][usize::from(bytes.byte() % 4)],
        queries: bytes.size().min(9),
        keys: bytes.size().min(9),
        past: usize::from(bytes.byte() % 3),
        dim: bytes.size().min(6),
        value_dim: bytes.size().min(6),
        width: bytes.size().min(8),
    };
    // an error must be able to say what it is
    let told = |error: Error| assert!(!error.code().is_empty() && !error.to_string().is_empty());
    match bytes.byte() % 8 {
        0 | 1 => attention(&mut bytes, &likely).map_or_else(told, drop),
        2 => linear(&mut bytes, &likely).map_or_else(told, drop),
        3 => rotary(&mut bytes, &likely).map_or_else(told, drop),
        4 | 5 => match traced(&mut bytes, &likely) {
            Ok(trace) => explained(&mut bytes, trace),
            Err(error) => told(error),
        },
        6 => match linear_traced(&mut bytes, &likely) {
            Ok(trace) => explained(&mut bytes, trace),
            Err(error) => told(error),
        },
        _ => {
            let text: String = (0..40).map(|_| bytes.word()).collect();
            let all: String = tokenize(&text).concat();
            let kept = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
            assert_eq!(kept(&all), kept(&text), "no character is lost");
            drop((
                alibi_slopes(bytes.size()).map_err(told),
                rotary_tables(bytes.size().min(99), bytes.size(), bytes.number()).map_err(told),
                sinusoidal_positions(bytes.size().min(99), bytes.size()).map_err(told),
            ));
        }
    }
}

fn config(bytes: &mut Bytes, likely: &Likely) -> AttentionConfig {
    let kinds = [
        ScoresKind::Raw,
        ScoresKind::Capped,
        ScoresKind::Masked,
        ScoresKind::Weights,
    ];
    let side = |bytes: &mut Bytes| match bytes.byte() {
        0 => i64::MIN,
        1 => i64::MAX,
        2 => -2,
        byte => i64::from(byte % 6) - 1,
    };
    AttentionConfig {
        heads: if bytes.rarely(7) {
            bytes.some_size()
        } else {
            Some(likely.heads)
        },
        kv_heads: if bytes.rarely(7) {
            bytes.some_size()
        } else {
            Some(likely.kv_heads)
        },
        causal: bytes.rarely(2),
        window: bytes.rarely(3).then(|| [side(bytes), side(bytes)]),
        scale: bytes.some_number(),
        softcap: bytes.some_number(),
        rows: None,
        scores: bytes
            .rarely(2)
            .then(|| kinds[usize::from(bytes.byte() % 4)]),
    }
}

fn attention(bytes: &mut Bytes, likely: &Likely) -> Result<(), Error> {
    let Likely {
        batch,
        heads,
        kv_heads,
        queries,
        keys,
        past,
        dim,
        value_dim,
        ..
    } = *likely;
    let packed = bytes.rarely(3);
    let shape = |heads: usize, tokens, dim| match packed {
        true => vec![batch, tokens, heads * dim],
        false => vec![batch, heads, tokens, dim],
    };
    let q = Tensor::of(bytes, &shape(heads, queries, dim));
    let k = Tensor::of(bytes, &shape(kv_heads, keys, dim));
    let v = Tensor::of(bytes, &shape(kv_heads, keys, value_dim));
    let (Some(q), Some(k), Some(v)) = (q.view(), k.view(), v.view()) else {
        return Ok(());
    };
    let past_key = Tensor::maybe(bytes, 2, &[batch, kv_heads, past, dim]);
    let past_value = match past_key {
        Some(_) => Tensor::maybe(bytes, 7, &[batch, kv_heads, past, value_dim]),
        None => None,
    };
    let all = keys + if past_key.is_some() { past } else { 0 };
    let full = [batch, heads, queries, all];
    let axes = usize::from(bytes.byte() % 4);
    let mask = Tensor::maybe(bytes, 4, &full[axes..]);
    let lengths: Vec<usize> = (0..batch).map(|_| bytes.size()).collect();
    let boolean = mask
        .as_ref()
        .filter(|mask| mask.cells.shape() == mask.shape)
        .map(|mask| mask.cells.mapv(|cell| cell > 0.0));
    let mut input = AttentionInput::new(q, k, v);
    input.past_key = view(&past_key);
    input.past_value = view(&past_value);
    input.mask = match boolean {
        Some(ref seen) if bytes.rarely(2) => Some(Mask::Boolean(seen.view())),
        _ => view(&mask).map(Mask::Additive),
    };
    input.kv_lengths = bytes.rarely(4).then_some(&lengths);
    if bytes.rarely(4) {
        input.q.invert_axis(Axis(0));
    }
    // what is legal but would run for hours is no subject of this
    let work = [&input.q, &input.k].map(|view| {
        view.shape()
            .iter()
            .fold(1, |all: usize, &n| all.saturating_mul(n))
    });
    if work[0].saturating_mul(work[1]) > 1 << 34 && work.iter().all(|&work| work < 1 << 27) {
        return Ok(());
    }
    let config = config(bytes, likely);
    let config = if packed || bytes.rarely(2) {
        config
    } else {
        AttentionConfig {
            heads: None,
            kv_heads: None,
            ..config
        }
    };
    compute_attention(&input, &config).map(drop)
}

fn rule(bytes: &mut Bytes) -> LinearRule {
    [
        LinearRule::Linear,
        LinearRule::Gated,
        LinearRule::Delta,
        LinearRule::GatedDelta,
    ][usize::from(bytes.byte() % 4)]
}

fn linear_config(bytes: &mut Bytes, likely: &Likely) -> LinearConfig {
    LinearConfig {
        heads: if bytes.rarely(9) {
            bytes.size()
        } else {
            likely.heads
        },
        kv_heads: if bytes.rarely(9) {
            bytes.some_size()
        } else {
            Some(likely.kv_heads)
        },
        rule: rule(bytes),
        scale: bytes.some_number(),
        chunk: bytes.some_size(),
    }
}

fn linear(bytes: &mut Bytes, likely: &Likely) -> Result<(), Error> {
    let Likely {
        batch,
        heads,
        kv_heads,
        queries: tokens,
        dim,
        value_dim,
        ..
    } = *likely;
    let config = linear_config(bytes, likely);
    let q = Tensor::of(bytes, &[batch, tokens, heads * dim]);
    let k = Tensor::of(bytes, &[batch, tokens, kv_heads * dim]);
    let v = Tensor::of(bytes, &[batch, tokens, kv_heads * value_dim]);
    let (Some(q), Some(k), Some(v)) = (q.view(), k.view(), v.view()) else {
        return Ok(());
    };
    let often = |needed| if needed { 7 } else { 1 };
    let decay = Tensor::maybe(
        bytes,
        often(config.rule.decays()),
        &[batch, tokens, kv_heads * dim],
    );
    let beta = Tensor::maybe(
        bytes,
        often(config.rule.corrects()),
        &[batch, tokens, kv_heads],
    );
    let state = Tensor::maybe(bytes, 3, &[batch, kv_heads, dim, value_dim]);
    let input = LinearInput {
        decay: view(&decay),
        beta: view(&beta),
        past_state: view(&state),
        ..LinearInput::new(q, k, v)
    };
    linear_attention(&input, &config).map(drop)
}

fn rotary(bytes: &mut Bytes, likely: &Likely) -> Result<(), Error> {
    let Likely {
        batch,
        heads,
        queries: tokens,
        dim,
        ..
    } = *likely;
    let x = if bytes.rarely(2) {
        Tensor::of(bytes, &[batch, tokens, heads * dim])
    } else {
        Tensor::of(bytes, &[batch, heads, tokens, dim])
    };
    let Some(x) = x.view() else { return Ok(()) };
    let rows = bytes.size().min(20);
    let per_token = bytes.rarely(2);
    let table = |bytes: &mut Bytes| match per_token {
        true => Tensor::of(bytes, &[batch, tokens, dim / 2]),
        false => Tensor::of(bytes, &[rows, dim / 2]),
    };
    let (cos, sin) = (table(bytes), table(bytes));
    let positions: Vec<i32> = (0..batch * tokens)
        .map(|_| i32::from(bytes.byte()) - 2)
        .collect();
    let positions = ArrayD::from_shape_vec(IxDyn(&[batch, tokens]), positions).ok();
    let input = RotaryInput {
        tables: cos.view().zip(sin.view()).filter(|_| bytes.rarely(2)),
        positions: positions
            .as_ref()
            .map(|positions| positions.view())
            .filter(|_| bytes.rarely(2)),
        ..RotaryInput::new(x)
    };
    let config = RotaryConfig {
        heads: if bytes.rarely(5) {
            bytes.some_size()
        } else {
            Some(heads)
        },
        rotary_dim: bytes.some_size(),
        interleaved: bytes.rarely(2),
        base: bytes.some_number(),
    };
    rotary_embedding(&input, &config).map(drop)
}

/// The tensors of a trace, and the tokens.
struct Material {
    tokens: Option<Tokens>,
    tensors: Vec<Option<Tensor>>,
    table: Tensor,
    seed: u32,
    width: Option<usize>,
    head_dim: Option<usize>,
    position: u8,
    base: Option<f64>,
    rotary_dim: Option<usize>,
    edits: Vec<Edit>,
}

impl Material {
    fn of(bytes: &mut Bytes, likely: &Likely) -> Self {
        let Likely {
            heads,
            kv_heads,
            queries,
            keys,
            past,
            dim,
            value_dim,
            width,
            ..
        } = *likely;
        // embeddings with weights, or queries, keys and values, or nothing but tokens
        let kind = bytes.byte() % 3;
        let (projected, direct) = (if kind == 0 { 7 } else { 0 }, if kind == 1 { 7 } else { 0 });
        let cross = bytes.rarely(3);
        let shapes: [(u8, Vec<usize>); 15] = [
            (projected, vec![queries, width]),
            (if cross { projected } else { 0 }, vec![keys, width]),
            (projected, vec![width, heads * dim]),
            (projected, vec![width, kv_heads * dim]),
            (projected, vec![width, kv_heads * value_dim]),
            (2, vec![heads * value_dim, width]),
            (projected / 2, vec![heads * dim]),
            (projected / 2, vec![kv_heads * dim]),
            (projected / 2, vec![kv_heads * value_dim]),
            (projected / 3, vec![width]),
            (direct, vec![heads, queries, dim]),
            (direct, vec![kv_heads, keys, dim]),
            (direct, vec![kv_heads, keys, value_dim]),
            (0, vec![kv_heads, past, dim]),
            (0, vec![kv_heads, past, value_dim]),
        ];
        let mut tensors: Vec<Option<Tensor>> = shapes
            .iter()
            .map(|(often, shape)| Tensor::maybe(bytes, *often, shape))
            .collect();
        if bytes.rarely(3) {
            tensors[13] = Some(Tensor::of(bytes, &shapes[13].1));
            tensors[14] = Some(Tensor::of(bytes, &shapes[14].1));
        }
        let mut words = |count: usize| (0..count).map(|_| bytes.word()).collect::<Vec<_>>();
        let tokens = Tokens {
            query: words(queries),
            key: if cross { words(keys) } else { Vec::new() },
        };
        Material {
            tokens: (kind == 2 || bytes.rarely(2)).then_some(tokens),
            tensors,
            table: Tensor::of(bytes, &[12, width]),
            seed: u32::from(bytes.byte()),
            width: if bytes.rarely(4) {
                bytes.some_size()
            } else {
                None
            },
            head_dim: if bytes.rarely(4) {
                bytes.some_size()
            } else {
                None
            },
            position: bytes.byte() % 6,
            base: bytes.some_number(),
            rotary_dim: bytes.some_size(),
            edits: edits(bytes),
        }
    }

    fn input(&self) -> TraceInput<'_> {
        let tensor = |n: usize| self.tensors.get(n).and_then(view);
        TraceInput {
            tokens: self.tokens.clone(),
            x: tensor(0),
            memory: tensor(1),
            wq: tensor(2),
            wk: tensor(3),
            wv: tensor(4),
            wo: tensor(5),
            bq: tensor(6),
            bk: tensor(7),
            bv: tensor(8),
            bo: tensor(9),
            q: tensor(10),
            k: tensor(11),
            v: tensor(12),
            mask: None,
            past_key: tensor(13),
            past_value: tensor(14),
            position: match self.position {
                0 => Position::Sinusoidal,
                1 => self.table.view().map_or(Position::None, Position::Learned),
                2 => Position::Rotary {
                    base: self.base,
                    dim: self.rotary_dim,
                    interleaved: self.seed.is_multiple_of(2),
                },
                3 => Position::Alibi { slopes: None },
                4 if self.table.shape.len() == 2 && self.table.shape[0] > 0 => Position::Alibi {
                    slopes: self
                        .table
                        .view()
                        .map(|table| table.index_axis_move(Axis(0), 0)),
                },
                _ => Position::None,
            },
            seed: self.seed,
            width: self.width,
            head_dim: self.head_dim,
            edits: self.edits.clone(),
        }
    }
}

/// Edits of cells that may be there or not.
fn edits(bytes: &mut Bytes) -> Vec<Edit> {
    const STAGES: [&str; 8] = [
        "embeddings",
        "w_query",
        "key",
        "scores",
        "masked",
        "state",
        "weights",
        "nowhere",
    ];
    let count = if bytes.rarely(2) { bytes.byte() % 4 } else { 0 };
    (0..count)
        .map(|_| {
            let place = |bytes: &mut Bytes| i64::from(bytes.byte() % 4) - 1;
            Edit {
                stage: STAGES[usize::from(bytes.byte()) % STAGES.len()].into(),
                index: (0..2 + bytes.byte() % 3).map(|_| place(bytes)).collect(),
                value: bytes.cell(),
            }
        })
        .collect()
}

fn traced(bytes: &mut Bytes, likely: &Likely) -> Result<Trace, Error> {
    let material = Material::of(bytes, likely);
    let full = [likely.heads, likely.queries, likely.keys];
    let axes = usize::from(bytes.byte() % 3);
    let mask = Tensor::maybe(bytes, 3, &full[axes..]);
    let input = TraceInput {
        mask: view(&mask).map(Mask::Additive),
        ..material.input()
    };
    trace_attention(&input, &config(bytes, likely))
}

fn linear_traced(bytes: &mut Bytes, likely: &Likely) -> Result<Trace, Error> {
    let config = linear_config(bytes, likely);
    let material = Material::of(
        bytes,
        &Likely {
            keys: likely.queries,
            ..*likely
        },
    );
    let often = |needed| if needed { 7 } else { 1 };
    let (tokens, kv_heads) = (likely.queries, likely.kv_heads);
    let decay = Tensor::maybe(bytes, often(config.rule.decays()), &[tokens, kv_heads]);
    let beta = Tensor::maybe(bytes, often(config.rule.corrects()), &[tokens, kv_heads]);
    let state = Tensor::maybe(bytes, 2, &[kv_heads, likely.dim, likely.value_dim]);
    let input = LinearTraceInput {
        tokens: material.input(),
        decay: view(&decay),
        beta: view(&beta),
        past_state: view(&state),
    };
    trace_linear_attention(&input, &config)
}

/// Asks for some cells, then alters the trace and asks again: an altered trace may be refused, but not crash.
fn explained(bytes: &mut Bytes, mut trace: Trace) {
    for altered in [false, false, true, true, true] {
        if altered {
            alter(bytes, &mut trace);
        }
        let Some(stage) = trace
            .stages
            .get(usize::from(bytes.byte()) % trace.stages.len().max(1))
        else {
            return;
        };
        let id = if bytes.rarely(9) {
            bytes.word()
        } else {
            stage.id.to_string()
        };
        let index: Vec<usize> = stage
            .shape
            .iter()
            .map(|&extent| {
                if bytes.rarely(9) {
                    bytes.size()
                } else {
                    usize::from(bytes.byte()) % extent.max(1)
                }
            })
            .collect();
        let answers = [
            explain(&trace, &id, &index).map(drop),
            uses(&trace, &id, &index).map(drop),
        ];
        for error in answers.into_iter().filter_map(Result::err) {
            assert!(altered || error.code() != "internal", "{error}");
        }
    }
}

fn alter(bytes: &mut Bytes, trace: &mut Trace) {
    let (from, to) = (usize::from(bytes.byte()), usize::from(bytes.byte()));
    let count = trace.stages.len().max(1);
    let (from, to) = (from % count, to % count);
    match bytes.byte() % 12 {
        0 => trace.stages[to].op = trace.stages[from].op,
        1 => trace.stages[to].axes = trace.stages[from].axes.clone(),
        2 => trace.stages[to].shape = trace.stages[from].shape.clone(),
        3 => trace.stages[to].from = trace.stages[from].from.clone(),
        4 => trace.stages[to].offset = bytes.size(),
        5 => trace.stages[to].shape.push(bytes.size()),
        6 => trace.data.truncate(bytes.size()),
        7 => (trace.config.heads, trace.config.kv_heads) = (bytes.size(), bytes.size()),
        8 => trace.config.past = bytes.size(),
        9 => {
            trace.config.position = PositionConfig::Rotary {
                base: bytes.number(),
                dim: bytes.size(),
                interleaved: bytes.rarely(2),
            }
        }
        10 => trace.config.edits = Vec::new(),
        _ => drop(trace.stages.remove(to)),
    }
}
