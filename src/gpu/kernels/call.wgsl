// A call of attention, or a part of it: what every kernel begins with that is given queries, keys and values at once.
//
// A unit is a key head of a sequence; the query heads that share it are its members. Features are padded by zeros to fours.

struct Call {
  units: u32,
  members: u32,
  queries: u32,
  keys: u32,
  // where the first of these queries stands among those of its sequence
  first: i32,
  causal: u32,
  // window; negative: open
  left: i32,
  right: i32,
  scale: f32,
  // 0: none
  softcap: f32,
  // how far apart the rows of the mask are by unit, member and query, and how many keys it tells of; 0 keys: no mask
  mask_unit: u32,
  mask_member: u32,
  mask_query: u32,
  mask_keys: u32,
  // which scores are wanted: 0 raw, 1 capped, 2 masked, 3 weights
  kind: u32,
  // whether slopes stand after the sequences
  sloped: u32,
  // the keys of this pass of several, ends excluded
  from_key: u32,
  to_key: u32,
  unused_a: u32,
  unused_b: u32,
}

// Fours of features of queries and keys, and of values; the real ones take the place of these.
const DIM: u32 = 16u;
const VALUE_DIM: u32 = 16u;

@group(0) @binding(0) var<uniform> call: Call;
// [unit, member, query, DIM]
@group(0) @binding(1) var<storage, read> queries: array<vec4<f32>>;
// [unit, key, DIM]
@group(0) @binding(2) var<storage, read> keys: array<vec4<f32>>;
// [unit, key, VALUE_DIM]
@group(0) @binding(3) var<storage, read> values: array<vec4<f32>>;
// what is added to the scores, by its bits: negative infinity where a key is not seen
@group(0) @binding(4) var<storage, read> mask: array<u32>;
// of each unit: where query 0 of its sequence stands among the keys, and how many keys are real; then, as bits, a slope for each
// member of each unit
@group(0) @binding(5) var<storage, read> sequences: array<i32>;

// negative infinity
const HIDDEN: u32 = 0xff800000u;
// What stands for it in arithmetic: no score is as low.
const LOWEST: f32 = -3.0e38;
const LOW: f32 = -2.9e38;
const LOG2_E: f32 = 1.4426950408889634;

// The keys that a query may see by their place: the first, and the one after the last.
fn seen_by(unit: u32, query: u32) -> vec2<u32> {
  let place = sequences[2u * unit] + call.first + i32(query);
  var start = 0;
  var end = sequences[2u * unit + 1u];
  if (call.causal != 0u) { end = min(end, place + 1); }
  if (call.left >= 0) { start = max(start, place - call.left); }
  if (call.right >= 0) { end = min(end, place + call.right + 1); }
  end = max(end, 0);
  return vec2<u32>(u32(min(start, end)), u32(end));
}

fn mask_row(unit: u32, member: u32, query: u32) -> u32 {
  return unit * call.mask_unit + member * call.mask_member + query * call.mask_query;
}

fn slope_of(unit: u32, member: u32) -> f32 {
  if (call.sloped == 0u) { return 0.0; }
  return bitcast<f32>(sequences[2u * call.units + unit * call.members + member]);
}

// beyond 15 the hyperbolic tangent is 1 in f32, and some implementations overflow
fn capped(score: f32) -> f32 {
  if (call.softcap == 0.0) { return score; }
  return call.softcap * tanh(clamp(score / call.softcap, -15.0, 15.0));
}

// What mask and slope make of the score of key j.
fn biased(score: f32, row: u32, slope: f32, distance: u32, j: u32) -> f32 {
  var bias = -slope * f32(distance);
  if (j < call.mask_keys) {
    let bits = mask[row + j];
    if (bits == HIDDEN) { return LOWEST; }
    bias += bitcast<f32>(bits);
  }
  return score + bias;
}

fn distance_to(unit: u32, query: u32, j: u32) -> u32 {
  return u32(abs(sequences[2u * unit] + call.first + i32(query) - i32(j)));
}
