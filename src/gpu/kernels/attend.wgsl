// Attention in one pass over the keys, with a running softmax: nothing is kept of what stands for pairs of tokens. In small tiles:
// many invocations, which chips have.
//
// A group has 32 queries and takes in 64 keys at a time. Each invocation has four queries: first the scores of four of the keys
// and their part in the softmax, then the mix of a four of features of all keys. Of values of more features each group has 64.
// Queries and keys are brought into the memory of the group 16 features at a time, turned so that a vector is one feature of four
// tokens.
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
// fours of features that are here at a time
const CHUNK: u32 = 4u;

// [4 CHUNK, FOURS] and [4 CHUNK, SLAB]
var<workgroup> some_queries: array<vec4<f32>, 128>;
var<workgroup> some_keys: array<vec4<f32>, 256>;
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

// Of four queries the keys that each sees by its place.
struct Seen {
  first: vec4<u32>,
  end: vec4<u32>,
}

fn row_of(unit: u32, member: u32, asked: u32) -> Row {
  let query = min(asked, call.queries - 1u);
  var seen = seen_by(unit, query);
  seen.y = min(seen.y, call.to_key);
  return Row((unit * call.members + member) * call.queries + query, query, seen, mask_row(unit, member, query));
}

fn capped_and_biased(score: f32, row: Row, unit: u32, slope: f32, j: u32) -> f32 {
  return biased(capped(score), row.bias, slope, distance_to(unit, row.query, j), min(j, call.keys - 1u));
}

// The scores of a key as the softmax takes them.
fn masked(scores: vec4<f32>, seen: Seen, j: u32) -> vec4<f32> {
  let hidden = (scores < vec4<f32>(LOW)) | (vec4<u32>(j) < seen.first) | (vec4<u32>(j) >= seen.end);
  return select(scores, vec4<f32>(LOWEST), hidden);
}

// The part of scores in the softmax, before it is divided by the sum, where `most` is the largest score of each query.
fn share(scores: vec4<f32>, most: vec4<f32>) -> vec4<f32> {
  return select(exp(scores - most), vec4<f32>(), scores < vec4<f32>(LOW));
}

// Brings some features of the queries and keys into the memory of the group: each invocation those of four tokens, if any.
fn bring(local: u32, chunk: u32, rows: u32, first_query: u32, base: u32, first_key: u32) {
  let n = local % CHUNK;
  let four = local / CHUNK;
  let d = chunk + n;
  var block = mat4x4<f32>();
  if (four < FOURS) {
    let token = first_query + 4u * four;
    let last = call.queries - 1u;
    if (d < DIM) {
      block = transpose(mat4x4<f32>(
        queries[(rows + min(token + 0u, last)) * DIM + d],
        queries[(rows + min(token + 1u, last)) * DIM + d],
        queries[(rows + min(token + 2u, last)) * DIM + d],
        queries[(rows + min(token + 3u, last)) * DIM + d],
      ));
    }
    some_queries[(4u * n + 0u) * FOURS + four] = block[0];
    some_queries[(4u * n + 1u) * FOURS + four] = block[1];
    some_queries[(4u * n + 2u) * FOURS + four] = block[2];
    some_queries[(4u * n + 3u) * FOURS + four] = block[3];
  } else if (four < FOURS + SLAB) {
    let part = four - FOURS;
    let token = first_key + 4u * part;
    let last = call.keys - 1u;
    if (d < DIM) {
      block = transpose(mat4x4<f32>(
        keys[(base + min(token + 0u, last)) * DIM + d],
        keys[(base + min(token + 1u, last)) * DIM + d],
        keys[(base + min(token + 2u, last)) * DIM + d],
        keys[(base + min(token + 3u, last)) * DIM + d],
      ));
    }
    some_keys[(4u * n + 0u) * SLAB + part] = block[0];
    some_keys[(4u * n + 1u) * SLAB + part] = block[1];
    some_keys[(4u * n + 2u) * SLAB + part] = block[2];
    some_keys[(4u * n + 3u) * SLAB + part] = block[3];
  }
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
  let seen = Seen(
    vec4<u32>(row0.seen.x, row1.seen.x, row2.seen.x, row3.seen.x),
    vec4<u32>(row0.seen.y, row1.seen.y, row2.seen.y, row3.seen.y),
  );
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
  let rows = (unit * call.members + member) * call.queries;
  for (var first = first_key; first < end_key; first += KEYS) {
    // of each key the four queries
    var scores0 = vec4<f32>();
    var scores1 = vec4<f32>();
    var scores2 = vec4<f32>();
    var scores3 = vec4<f32>();
    for (var chunk = 0u; chunk < DIM; chunk += CHUNK) {
      bring(local, chunk, rows, first_query, base, first);
      workgroupBarrier();
      for (var n = 0u; n < 4u * CHUNK; n += 4u) {
        let queries0 = some_queries[(n + 0u) * FOURS + four];
        let queries1 = some_queries[(n + 1u) * FOURS + four];
        let queries2 = some_queries[(n + 2u) * FOURS + four];
        let queries3 = some_queries[(n + 3u) * FOURS + four];
        let keys0 = some_keys[(n + 0u) * SLAB + part];
        let keys1 = some_keys[(n + 1u) * SLAB + part];
        let keys2 = some_keys[(n + 2u) * SLAB + part];
        let keys3 = some_keys[(n + 3u) * SLAB + part];
        scores0 += queries0 * keys0.x + queries1 * keys1.x + queries2 * keys2.x + queries3 * keys3.x;
        scores1 += queries0 * keys0.y + queries1 * keys1.y + queries2 * keys2.y + queries3 * keys3.y;
        scores2 += queries0 * keys0.z + queries1 * keys1.z + queries2 * keys2.z + queries3 * keys3.z;
        scores3 += queries0 * keys0.w + queries1 * keys1.w + queries2 * keys2.w + queries3 * keys3.w;
      }
      workgroupBarrier();
    }
    let j = first + 4u * part;
    scores0 *= call.scale;
    scores1 *= call.scale;
    scores2 *= call.scale;
    scores3 *= call.scale;
    if (!plain) {
      var each = array<vec4<f32>, 4>(scores0, scores1, scores2, scores3);
      for (var n = 0u; n < 4u; n += 1u) {
        each[n] = vec4<f32>(
          capped_and_biased(each[n].x, row0, unit, slope, j + n),
          capped_and_biased(each[n].y, row1, unit, slope, j + n),
          capped_and_biased(each[n].z, row2, unit, slope, j + n),
          capped_and_biased(each[n].w, row3, unit, slope, j + n),
        );
      }
      scores0 = each[0];
      scores1 = each[1];
      scores2 = each[2];
      scores3 = each[3];
    }
    scores0 = masked(scores0, seen, j + 0u);
    scores1 = masked(scores1, seen, j + 1u);
    scores2 = masked(scores2, seen, j + 2u);
    scores3 = masked(scores3, seen, j + 3u);
    partial[local] = max(max(scores0, scores1), max(scores2, scores3));
    workgroupBarrier();

    var most = largest;
    for (var n = 0u; n < SLAB; n += 1u) {
      most = max(most, partial[n * FOURS + four]);
    }
    let shrink = share(largest, most);
    largest = most;
    sum *= shrink;
    let share0 = share(scores0, most);
    let share1 = share(scores1, most);
    let share2 = share(scores2, most);
    let share3 = share(scores3, most);
    shares[(4u * part + 0u) * FOURS + four] = share0;
    shares[(4u * part + 1u) * FOURS + four] = share1;
    shares[(4u * part + 2u) * FOURS + four] = share2;
    shares[(4u * part + 3u) * FOURS + four] = share3;
    sum += share0 + share1 + share2 + share3;
    workgroupBarrier();

    mixed0 *= shrink.x;
    mixed1 *= shrink.y;
    mixed2 *= shrink.z;
    mixed3 *= shrink.w;
    for (var n = 0u; n < KEYS; n += 1u) {
      let value = values[(base + min(first + n, call.keys - 1u)) * VALUE_DIM + feature];
      let weights = shares[n * FOURS + four];
      mixed0 += weights.x * value;
      mixed1 += weights.y * value;
      mixed2 += weights.z * value;
      mixed3 += weights.w * value;
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
