// Attention in one pass over the keys, with a running softmax: nothing is kept of what stands for pairs of tokens. In small tiles:
// many invocations, which chips have.
//
// A group has 32 queries and takes in 64 keys at a time. Each invocation has four queries: first the scores of four of the keys
// and their part in the softmax, then the mix of a four of features of all keys. Of values of more features each group has 64.
//
// Many keys are taken in by several passes, which leave their state in the result for the next one.

// [unit, member, query, VALUE_DIM]: what is mixed so far; then [unit, member, query, slab]: the largest score and the sum
@group(0) @binding(6) var<storage, read_write> output: array<vec4<f32>>;

const QUERIES: u32 = 32u;
const KEYS: u32 = 64u;
// fours of features of a group, and of keys
const SLAB: u32 = 16u;
// fours of queries
const FOURS: u32 = 8u;

// weights before they are divided by their sum: [KEYS, FOURS]
var<workgroup> shares: array<vec4<f32>, 512>;
// of each four of keys the largest scores, in the end the sums: [SLAB, FOURS]
var<workgroup> partial: array<vec4<f32>, 128>;

// What a query has besides its numbers.
struct Row {
  // among all rows
  row: u32,
  query: u32,
  // the keys that it sees by their place
  seen: vec2<u32>,
  bias: u32,
}

fn row_of(unit: u32, member: u32, asked: u32) -> Row {
  let query = min(asked, call.queries - 1u);
  var seen = seen_by(unit, query);
  seen.y = min(seen.y, call.to_key);
  return Row((unit * call.members + member) * call.queries + query, query, seen, mask_row(unit, member, query));
}

// The score of a key as the softmax takes it.
fn masked(product: f32, row: Row, unit: u32, slope: f32, plain: bool, j: u32) -> f32 {
  var score = product * call.scale;
  if (!plain) {
    score = biased(capped(score), row.bias, slope, distance_to(unit, row.query, j), min(j, call.keys - 1u));
  }
  return select(score, LOWEST, score < LOW || j < row.seen.x || j >= row.seen.y);
}

@compute @workgroup_size(128)
fn attend(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let slabs = (VALUE_DIM + SLAB - 1u) / SLAB;
  let first_query = group.x * QUERIES;
  let member = group.y / slabs;
  let slab = group.y % slabs;
  let unit = group.z;
  let slope = slope_of(unit, member);
  let plain = call.softcap == 0.0 && call.mask_keys == 0u && call.sloped == 0u;

  let four = local % FOURS;
  // which keys, then which features
  let part = local / FOURS;
  let row0 = row_of(unit, member, first_query + 4u * four + 0u);
  let row1 = row_of(unit, member, first_query + 4u * four + 1u);
  let row2 = row_of(unit, member, first_query + 4u * four + 2u);
  let row3 = row_of(unit, member, first_query + 4u * four + 3u);
  let feature = min(slab * SLAB + part, VALUE_DIM - 1u);

  let states = call.units * call.members * call.queries * VALUE_DIM + slab;
  var largest = vec4<f32>(LOWEST);
  // of the keys that were here
  var sum = vec4<f32>();
  var mixed0 = vec4<f32>();
  var mixed1 = vec4<f32>();
  var mixed2 = vec4<f32>();
  var mixed3 = vec4<f32>();
  if (call.from_key > 0u) {
    let state0 = output[states + row0.row * slabs];
    let state1 = output[states + row1.row * slabs];
    let state2 = output[states + row2.row * slabs];
    let state3 = output[states + row3.row * slabs];
    largest = vec4<f32>(state0.x, state1.x, state2.x, state3.x);
    if (part == 0u) { sum = vec4<f32>(state0.y, state1.y, state2.y, state3.y); }
    mixed0 = output[row0.row * VALUE_DIM + feature];
    mixed1 = output[row1.row * VALUE_DIM + feature];
    mixed2 = output[row2.row * VALUE_DIM + feature];
    mixed3 = output[row3.row * VALUE_DIM + feature];
  }

  // Of these queries the first sees the first key, and the last the last one.
  let first_key = max(seen_by(unit, first_query).x, call.from_key);
  let end_key = min(seen_by(unit, min(first_query + QUERIES, call.queries) - 1u).y, call.to_key);
  let base = unit * call.keys;
  for (var first = first_key; first < end_key; first += KEYS) {
    let j = first + 4u * part;
    let key0 = base + min(j + 0u, call.keys - 1u);
    let key1 = base + min(j + 1u, call.keys - 1u);
    let key2 = base + min(j + 2u, call.keys - 1u);
    let key3 = base + min(j + 3u, call.keys - 1u);
    // of each query the four keys
    var scores0 = vec4<f32>();
    var scores1 = vec4<f32>();
    var scores2 = vec4<f32>();
    var scores3 = vec4<f32>();
    for (var d = 0u; d < DIM; d += 1u) {
      let fours = mat4x4<f32>(keys[key0 * DIM + d], keys[key1 * DIM + d], keys[key2 * DIM + d], keys[key3 * DIM + d]);
      scores0 += queries[row0.row * DIM + d] * fours;
      scores1 += queries[row1.row * DIM + d] * fours;
      scores2 += queries[row2.row * DIM + d] * fours;
      scores3 += queries[row3.row * DIM + d] * fours;
    }
    var scores = transpose(mat4x4<f32>(scores0, scores1, scores2, scores3));
    for (var n = 0u; n < 4u; n += 1u) {
      scores[n] = vec4<f32>(
        masked(scores[n].x, row0, unit, slope, plain, j + n),
        masked(scores[n].y, row1, unit, slope, plain, j + n),
        masked(scores[n].z, row2, unit, slope, plain, j + n),
        masked(scores[n].w, row3, unit, slope, plain, j + n),
      );
    }
    partial[local] = max(max(scores[0], scores[1]), max(scores[2], scores[3]));
    workgroupBarrier();

    var most = largest;
    for (var n = 0u; n < SLAB; n += 1u) {
      most = max(most, partial[n * FOURS + four]);
    }
    let shrink = select(exp(largest - most), vec4<f32>(), largest < vec4<f32>(LOW));
    largest = most;
    sum *= shrink;
    for (var n = 0u; n < 4u; n += 1u) {
      let share = select(exp(scores[n] - most), vec4<f32>(), scores[n] < vec4<f32>(LOW));
      shares[(4u * part + n) * FOURS + four] = share;
      sum += share;
    }
    workgroupBarrier();

    mixed0 *= shrink.x;
    mixed1 *= shrink.y;
    mixed2 *= shrink.z;
    mixed3 *= shrink.w;
    for (var n = 0u; n < KEYS; n += 1u) {
      let value = values[(base + min(first + n, call.keys - 1u)) * VALUE_DIM + feature];
      let share = shares[n * FOURS + four];
      mixed0 += share.x * value;
      mixed1 += share.y * value;
      mixed2 += share.z * value;
      mixed3 += share.w * value;
    }
  }

  // What was read of the last pass's state is read before it is overwritten.
  storageBarrier();
  partial[local] = sum;
  workgroupBarrier();
  sum = vec4<f32>();
  for (var n = 0u; n < SLAB; n += 1u) {
    sum += partial[n * FOURS + four];
  }
  // A query that sees no key gives zeros.
  let whole = select(1.0 / sum, vec4<f32>(), sum == vec4<f32>());
  let factor = select(vec4<f32>(1.0), whole, call.to_key == call.keys);
  let writes = slab * SLAB + part < VALUE_DIM;
  let asked = first_query + 4u * four;
  if (asked + 0u < call.queries) {
    if (writes) { output[row0.row * VALUE_DIM + feature] = mixed0 * factor.x; }
    if (part == 0u) { output[states + row0.row * slabs] = vec4<f32>(largest.x, sum.x, 0.0, 0.0); }
  }
  if (asked + 1u < call.queries) {
    if (writes) { output[row1.row * VALUE_DIM + feature] = mixed1 * factor.y; }
    if (part == 0u) { output[states + row1.row * slabs] = vec4<f32>(largest.y, sum.y, 0.0, 0.0); }
  }
  if (asked + 2u < call.queries) {
    if (writes) { output[row2.row * VALUE_DIM + feature] = mixed2 * factor.z; }
    if (part == 0u) { output[states + row2.row * slabs] = vec4<f32>(largest.z, sum.z, 0.0, 0.0); }
  }
  if (asked + 3u < call.queries) {
    if (writes) { output[row3.row * VALUE_DIM + feature] = mixed3 * factor.w; }
    if (part == 0u) { output[states + row3.row * slabs] = vec4<f32>(largest.w, sum.w, 0.0, 0.0); }
  }
}
