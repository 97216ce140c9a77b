// What attend.wgsl does, in large tiles: few reads for each multiplication, since reads are what is slow in software.
//
// A group has 32 queries and takes in 64 keys at a time. First each invocation has the scores of 8 queries and 8 keys; then each
// the softmax of one query; then each 8 queries and 8 features of the values. Of values of more features each group has 64.
//
// Many keys are taken in by several passes, which leave their state in the result for the next one.

// [unit, member, query, VALUE_DIM]: what is mixed so far; then [unit, member, query, slab]: the largest score and the sum
@group(0) @binding(6) var<storage, read_write> output: array<vec4<f32>>;

const QUERIES: u32 = 32u;
const KEYS: u32 = 64u;
// fours of features of a group
const SLAB: u32 = 16u;

// scores, then weights: [KEYS, QUERIES]
var<workgroup> shares: array<f32, 2048>;
// of each query: what its sums shrink by when a larger score comes; in the end, what they are divided by
var<workgroup> factors: array<f32, 32>;

@compute @workgroup_size(32)
fn attend(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let slabs = (VALUE_DIM + SLAB - 1u) / SLAB;
  let first_query = group.x * QUERIES;
  let member = group.y / slabs;
  let slab = group.y % slabs;
  let unit = group.z;
  let rows = (unit * call.members + member) * call.queries;
  let last_query = call.queries - 1u;

  // the query whose softmax is here
  let own = min(first_query + local, last_query);
  let state = call.units * call.members * call.queries * VALUE_DIM + (rows + own) * slabs + slab;
  let own_seen = seen_by(unit, own);
  let bias_row = mask_row(unit, member, own);
  let slope = slope_of(unit, member);
  let plain = call.softcap == 0.0 && call.mask_keys == 0u && call.sloped == 0u;
  var largest = LOWEST;
  var sum = 0.0;

  // the queries and features, or keys, that are here otherwise
  let eight = 8u * (local / 8u);
  let part = local % 8u;
  let row0 = rows + min(first_query + eight + 0u, last_query);
  let row1 = rows + min(first_query + eight + 1u, last_query);
  let row2 = rows + min(first_query + eight + 2u, last_query);
  let row3 = rows + min(first_query + eight + 3u, last_query);
  let row4 = rows + min(first_query + eight + 4u, last_query);
  let row5 = rows + min(first_query + eight + 5u, last_query);
  let row6 = rows + min(first_query + eight + 6u, last_query);
  let row7 = rows + min(first_query + eight + 7u, last_query);
  let feature_a = min(slab * SLAB + 2u * part, VALUE_DIM - 1u);
  let feature_b = min(slab * SLAB + 2u * part + 1u, VALUE_DIM - 1u);
  var mixed0a = vec4<f32>();
  var mixed0b = vec4<f32>();
  var mixed1a = vec4<f32>();
  var mixed1b = vec4<f32>();
  var mixed2a = vec4<f32>();
  var mixed2b = vec4<f32>();
  var mixed3a = vec4<f32>();
  var mixed3b = vec4<f32>();
  var mixed4a = vec4<f32>();
  var mixed4b = vec4<f32>();
  var mixed5a = vec4<f32>();
  var mixed5b = vec4<f32>();
  var mixed6a = vec4<f32>();
  var mixed6b = vec4<f32>();
  var mixed7a = vec4<f32>();
  var mixed7b = vec4<f32>();
  if (call.from_key > 0u) {
    largest = output[state].x;
    sum = output[state].y;
    mixed0a = output[row0 * VALUE_DIM + feature_a];
    mixed0b = output[row0 * VALUE_DIM + feature_b];
    mixed1a = output[row1 * VALUE_DIM + feature_a];
    mixed1b = output[row1 * VALUE_DIM + feature_b];
    mixed2a = output[row2 * VALUE_DIM + feature_a];
    mixed2b = output[row2 * VALUE_DIM + feature_b];
    mixed3a = output[row3 * VALUE_DIM + feature_a];
    mixed3b = output[row3 * VALUE_DIM + feature_b];
    mixed4a = output[row4 * VALUE_DIM + feature_a];
    mixed4b = output[row4 * VALUE_DIM + feature_b];
    mixed5a = output[row5 * VALUE_DIM + feature_a];
    mixed5b = output[row5 * VALUE_DIM + feature_b];
    mixed6a = output[row6 * VALUE_DIM + feature_a];
    mixed6b = output[row6 * VALUE_DIM + feature_b];
    mixed7a = output[row7 * VALUE_DIM + feature_a];
    mixed7b = output[row7 * VALUE_DIM + feature_b];
  }

  // Of these queries the first sees the first key, and the last the last one.
  let first_key = max(seen_by(unit, first_query).x, call.from_key);
  let end_key = min(seen_by(unit, min(first_query + QUERIES - 1u, last_query)).y, call.to_key);
  let base = unit * call.keys;
  for (var first = first_key; first < end_key; first += KEYS) {
    let key0 = base + min(first + 8u * part + 0u, call.keys - 1u);
    let key1 = base + min(first + 8u * part + 1u, call.keys - 1u);
    let key2 = base + min(first + 8u * part + 2u, call.keys - 1u);
    let key3 = base + min(first + 8u * part + 3u, call.keys - 1u);
    let key4 = base + min(first + 8u * part + 4u, call.keys - 1u);
    let key5 = base + min(first + 8u * part + 5u, call.keys - 1u);
    let key6 = base + min(first + 8u * part + 6u, call.keys - 1u);
    let key7 = base + min(first + 8u * part + 7u, call.keys - 1u);
    var score0a = vec4<f32>();
    var score0b = vec4<f32>();
    var score1a = vec4<f32>();
    var score1b = vec4<f32>();
    var score2a = vec4<f32>();
    var score2b = vec4<f32>();
    var score3a = vec4<f32>();
    var score3b = vec4<f32>();
    var score4a = vec4<f32>();
    var score4b = vec4<f32>();
    var score5a = vec4<f32>();
    var score5b = vec4<f32>();
    var score6a = vec4<f32>();
    var score6b = vec4<f32>();
    var score7a = vec4<f32>();
    var score7b = vec4<f32>();
    for (var d = 0u; d < DIM; d += 1u) {
      let keys_a = mat4x4<f32>(keys[key0 * DIM + d], keys[key1 * DIM + d], keys[key2 * DIM + d], keys[key3 * DIM + d]);
      let keys_b = mat4x4<f32>(keys[key4 * DIM + d], keys[key5 * DIM + d], keys[key6 * DIM + d], keys[key7 * DIM + d]);
      let query0 = queries[row0 * DIM + d];
      score0a += query0 * keys_a;
      score0b += query0 * keys_b;
      let query1 = queries[row1 * DIM + d];
      score1a += query1 * keys_a;
      score1b += query1 * keys_b;
      let query2 = queries[row2 * DIM + d];
      score2a += query2 * keys_a;
      score2b += query2 * keys_b;
      let query3 = queries[row3 * DIM + d];
      score3a += query3 * keys_a;
      score3b += query3 * keys_b;
      let query4 = queries[row4 * DIM + d];
      score4a += query4 * keys_a;
      score4b += query4 * keys_b;
      let query5 = queries[row5 * DIM + d];
      score5a += query5 * keys_a;
      score5b += query5 * keys_b;
      let query6 = queries[row6 * DIM + d];
      score6a += query6 * keys_a;
      score6b += query6 * keys_b;
      let query7 = queries[row7 * DIM + d];
      score7a += query7 * keys_a;
      score7b += query7 * keys_b;
    }
    let share0 = (8u * part + 0u) * QUERIES + eight;
    shares[share0 + 0u] = score0a.x;
    shares[share0 + 1u] = score1a.x;
    shares[share0 + 2u] = score2a.x;
    shares[share0 + 3u] = score3a.x;
    shares[share0 + 4u] = score4a.x;
    shares[share0 + 5u] = score5a.x;
    shares[share0 + 6u] = score6a.x;
    shares[share0 + 7u] = score7a.x;
    let share1 = (8u * part + 1u) * QUERIES + eight;
    shares[share1 + 0u] = score0a.y;
    shares[share1 + 1u] = score1a.y;
    shares[share1 + 2u] = score2a.y;
    shares[share1 + 3u] = score3a.y;
    shares[share1 + 4u] = score4a.y;
    shares[share1 + 5u] = score5a.y;
    shares[share1 + 6u] = score6a.y;
    shares[share1 + 7u] = score7a.y;
    let share2 = (8u * part + 2u) * QUERIES + eight;
    shares[share2 + 0u] = score0a.z;
    shares[share2 + 1u] = score1a.z;
    shares[share2 + 2u] = score2a.z;
    shares[share2 + 3u] = score3a.z;
    shares[share2 + 4u] = score4a.z;
    shares[share2 + 5u] = score5a.z;
    shares[share2 + 6u] = score6a.z;
    shares[share2 + 7u] = score7a.z;
    let share3 = (8u * part + 3u) * QUERIES + eight;
    shares[share3 + 0u] = score0a.w;
    shares[share3 + 1u] = score1a.w;
    shares[share3 + 2u] = score2a.w;
    shares[share3 + 3u] = score3a.w;
    shares[share3 + 4u] = score4a.w;
    shares[share3 + 5u] = score5a.w;
    shares[share3 + 6u] = score6a.w;
    shares[share3 + 7u] = score7a.w;
    let share4 = (8u * part + 4u) * QUERIES + eight;
    shares[share4 + 0u] = score0b.x;
    shares[share4 + 1u] = score1b.x;
    shares[share4 + 2u] = score2b.x;
    shares[share4 + 3u] = score3b.x;
    shares[share4 + 4u] = score4b.x;
    shares[share4 + 5u] = score5b.x;
    shares[share4 + 6u] = score6b.x;
    shares[share4 + 7u] = score7b.x;
    let share5 = (8u * part + 5u) * QUERIES + eight;
    shares[share5 + 0u] = score0b.y;
    shares[share5 + 1u] = score1b.y;
    shares[share5 + 2u] = score2b.y;
    shares[share5 + 3u] = score3b.y;
    shares[share5 + 4u] = score4b.y;
    shares[share5 + 5u] = score5b.y;
    shares[share5 + 6u] = score6b.y;
    shares[share5 + 7u] = score7b.y;
    let share6 = (8u * part + 6u) * QUERIES + eight;
    shares[share6 + 0u] = score0b.z;
    shares[share6 + 1u] = score1b.z;
    shares[share6 + 2u] = score2b.z;
    shares[share6 + 3u] = score3b.z;
    shares[share6 + 4u] = score4b.z;
    shares[share6 + 5u] = score5b.z;
    shares[share6 + 6u] = score6b.z;
    shares[share6 + 7u] = score7b.z;
    let share7 = (8u * part + 7u) * QUERIES + eight;
    shares[share7 + 0u] = score0b.w;
    shares[share7 + 1u] = score1b.w;
    shares[share7 + 2u] = score2b.w;
    shares[share7 + 3u] = score3b.w;
    shares[share7 + 4u] = score4b.w;
    shares[share7 + 5u] = score5b.w;
    shares[share7 + 6u] = score6b.w;
    shares[share7 + 7u] = score7b.w;
    workgroupBarrier();

    var most = largest;
    for (var n = 0u; n < KEYS; n += 1u) {
      let j = first + n;
      var score = shares[n * QUERIES + local] * call.scale;
      if (!plain) {
        score = biased(capped(score), bias_row, slope, distance_to(unit, own, j), min(j, call.keys - 1u));
      }
      if (score < LOW || j < own_seen.x || j >= min(own_seen.y, call.to_key)) { score = LOWEST; }
      shares[n * QUERIES + local] = score;
      most = max(most, score);
    }
    let shrink = select(exp(largest - most), 0.0, largest < LOW);
    sum *= shrink;
    largest = most;
    for (var n = 0u; n < KEYS; n += 1u) {
      let score = shares[n * QUERIES + local];
      let share = select(exp(score - largest), 0.0, score < LOW);
      shares[n * QUERIES + local] = share;
      sum += share;
    }
    factors[local] = shrink;
    workgroupBarrier();

    mixed0a *= factors[eight + 0u];
    mixed0b *= factors[eight + 0u];
    mixed1a *= factors[eight + 1u];
    mixed1b *= factors[eight + 1u];
    mixed2a *= factors[eight + 2u];
    mixed2b *= factors[eight + 2u];
    mixed3a *= factors[eight + 3u];
    mixed3b *= factors[eight + 3u];
    mixed4a *= factors[eight + 4u];
    mixed4b *= factors[eight + 4u];
    mixed5a *= factors[eight + 5u];
    mixed5b *= factors[eight + 5u];
    mixed6a *= factors[eight + 6u];
    mixed6b *= factors[eight + 6u];
    mixed7a *= factors[eight + 7u];
    mixed7b *= factors[eight + 7u];
    for (var n = 0u; n < KEYS; n += 1u) {
      let j = base + min(first + n, call.keys - 1u);
      let value_a = values[j * VALUE_DIM + feature_a];
      let value_b = values[j * VALUE_DIM + feature_b];
      let at = n * QUERIES + eight;
      let share0 = shares[at + 0u];
      mixed0a += share0 * value_a;
      mixed0b += share0 * value_b;
      let share1 = shares[at + 1u];
      mixed1a += share1 * value_a;
      mixed1b += share1 * value_b;
      let share2 = shares[at + 2u];
      mixed2a += share2 * value_a;
      mixed2b += share2 * value_b;
      let share3 = shares[at + 3u];
      mixed3a += share3 * value_a;
      mixed3b += share3 * value_b;
      let share4 = shares[at + 4u];
      mixed4a += share4 * value_a;
      mixed4b += share4 * value_b;
      let share5 = shares[at + 5u];
      mixed5a += share5 * value_a;
      mixed5b += share5 * value_b;
      let share6 = shares[at + 6u];
      mixed6a += share6 * value_a;
      mixed6b += share6 * value_b;
      let share7 = shares[at + 7u];
      mixed7a += share7 * value_a;
      mixed7b += share7 * value_b;
    }
    workgroupBarrier();
  }

  // A query that sees no key gives zeros.
  let last_pass = call.to_key == call.keys;
  factors[local] = select(1.0, select(1.0 / sum, 0.0, sum == 0.0), last_pass);
  if (first_query + local <= last_query) {
    output[state] = vec4<f32>(largest, sum, 0.0, 0.0);
  }
  workgroupBarrier();
  if (first_query + eight + 0u <= last_query) {
    output[row0 * VALUE_DIM + feature_a] = mixed0a * factors[eight + 0u];
    output[row0 * VALUE_DIM + feature_b] = mixed0b * factors[eight + 0u];
  }
  if (first_query + eight + 1u <= last_query) {
    output[row1 * VALUE_DIM + feature_a] = mixed1a * factors[eight + 1u];
    output[row1 * VALUE_DIM + feature_b] = mixed1b * factors[eight + 1u];
  }
  if (first_query + eight + 2u <= last_query) {
    output[row2 * VALUE_DIM + feature_a] = mixed2a * factors[eight + 2u];
    output[row2 * VALUE_DIM + feature_b] = mixed2b * factors[eight + 2u];
  }
  if (first_query + eight + 3u <= last_query) {
    output[row3 * VALUE_DIM + feature_a] = mixed3a * factors[eight + 3u];
    output[row3 * VALUE_DIM + feature_b] = mixed3b * factors[eight + 3u];
  }
  if (first_query + eight + 4u <= last_query) {
    output[row4 * VALUE_DIM + feature_a] = mixed4a * factors[eight + 4u];
    output[row4 * VALUE_DIM + feature_b] = mixed4b * factors[eight + 4u];
  }
  if (first_query + eight + 5u <= last_query) {
    output[row5 * VALUE_DIM + feature_a] = mixed5a * factors[eight + 5u];
    output[row5 * VALUE_DIM + feature_b] = mixed5b * factors[eight + 5u];
  }
  if (first_query + eight + 6u <= last_query) {
    output[row6 * VALUE_DIM + feature_a] = mixed6a * factors[eight + 6u];
    output[row6 * VALUE_DIM + feature_b] = mixed6b * factors[eight + 6u];
  }
  if (first_query + eight + 7u <= last_query) {
    output[row7 * VALUE_DIM + feature_a] = mixed7a * factors[eight + 7u];
    output[row7 * VALUE_DIM + feature_b] = mixed7b * factors[eight + 7u];
  }
}
