//! Numbers drawn by a seed: the same for ever, on every machine.
//!
//! Each tensor has a stream of PCG32 of its own, named by its stage; each row of an embedding is named by its token
//! besides, so that a word has one embedding wherever it stands. Change nothing here: links repeat a run by its seed.

use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng;

/// Uniform between plus and minus this has a variance of 1.
const UNIT: f64 = 1.732_050_807_568_877_2;

/// Weights between plus and minus `sqrt(6 / (fan_in + fan_out))`.
///
/// # Source
/// Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", equation 16.
pub(crate) fn weights(out: &mut [f32], seed: u32, stage: &str, fan_in: usize, fan_out: usize) {
    uniform(
        out,
        seed,
        stage,
        "",
        (6.0 / (fan_in as f64 + fan_out as f64)).sqrt(),
    );
}

/// The embedding of one token: uniform, of mean 0 and variance 1.
pub(crate) fn embedding(out: &mut [f32], seed: u32, token: &str) {
    uniform(out, seed, "embeddings", token, UNIT);
}

fn uniform(out: &mut [f32], seed: u32, stage: &str, token: &str, limit: f64) {
    let mut draw = Pcg32::new(mix(hash(token) ^ u64::from(seed)), hash(stage));
    for cell in out {
        // 24 bits, so that each step between 0 and 1 is a number of f32
        let unit = f64::from(draw.next_u32() >> 8) / f64::from(1 << 24);
        *cell = (limit * (2.0 * unit - 1.0)) as f32;
    }
}

/// FNV-1a over the bytes of a name.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The finaliser of SplitMix64: neighbouring seeds become unrelated states.
fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
