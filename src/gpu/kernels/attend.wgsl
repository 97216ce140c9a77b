// Attention in one pass over the keys, with a running softmax: nothing is kept of what stands for pairs of tokens. An invocation
// has one query, all of it in registers; those of a group read the same keys at the same time.
//
// Many keys are taken in by several passes, which leave their state in the result for the next one.

// [unit, member, query, VALUE_DIM + 1]: what is mixed so far; then the largest score and the sum
@group(0) @binding(6) var<storage, read_write> output: array<vec4<f32>>;

// keys that are taken in together
const BLOCK: u32 = 8u;

@compute @workgroup_size(64)
fn attend(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= call.queries) { return; }
  let member = id.y;
  let unit = id.z;
  let row = (unit * call.members + member) * call.queries + i;

  // Cap and mask need the scores as they are; otherwise powers of two are taken at once.
  let plain = call.softcap == 0.0 && call.mask_keys == 0u && call.sloped == 0u;
  let factor = call.scale * select(1.0, LOG2_E, plain);
  var query: array<vec4<f32>, DIM>;
  for (var d = 0u; d < DIM; d += 1u) {
    query[d] = queries[row * DIM + d] * factor;
  }
  let out = row * (VALUE_DIM + 1u);
  var mixed: array<vec4<f32>, VALUE_DIM>;
  for (var d = 0u; d < VALUE_DIM; d += 1u) {
    mixed[d] = vec4<f32>();
  }
  var largest = LOWEST;
  var sum = 0.0;
  if (call.from_key > 0u) {
    for (var d = 0u; d < VALUE_DIM; d += 1u) {
      mixed[d] = output[out + d];
    }
    largest = output[out + VALUE_DIM].x;
    sum = output[out + VALUE_DIM].y;
  }

  let all = seen_by(unit, i);
  let seen = vec2<u32>(max(all.x, call.from_key), min(all.y, call.to_key));
  let bias_row = mask_row(unit, member, i);
  let slope = slope_of(unit, member);
  for (var first = seen.x; first < seen.y; first += BLOCK) {
    // Keys beyond the last are the last once more, and hidden.
    let last = seen.y - 1u;
    let base = unit * call.keys;
    let j0 = base + first;
    let j1 = base + min(first + 1u, last);
    let j2 = base + min(first + 2u, last);
    let j3 = base + min(first + 3u, last);
    let j4 = base + min(first + 4u, last);
    let j5 = base + min(first + 5u, last);
    let j6 = base + min(first + 6u, last);
    let j7 = base + min(first + 7u, last);
    var s0 = 0.0;
    var s1 = 0.0;
    var s2 = 0.0;
    var s3 = 0.0;
    var s4 = 0.0;
    var s5 = 0.0;
    var s6 = 0.0;
    var s7 = 0.0;
    for (var d = 0u; d < DIM; d += 1u) {
      let q = query[d];
      s0 += dot(q, keys[j0 * DIM + d]);
      s1 += dot(q, keys[j1 * DIM + d]);
      s2 += dot(q, keys[j2 * DIM + d]);
      s3 += dot(q, keys[j3 * DIM + d]);
      s4 += dot(q, keys[j4 * DIM + d]);
      s5 += dot(q, keys[j5 * DIM + d]);
      s6 += dot(q, keys[j6 * DIM + d]);
      s7 += dot(q, keys[j7 * DIM + d]);
    }
    var scores = array<f32, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
    if (!plain) {
      for (var n = 0u; n < BLOCK; n += 1u) {
        let j = first + n;
        let score = biased(capped(scores[n]), bias_row, slope, distance_to(unit, i, j), min(j, last));
        scores[n] = select(score * LOG2_E, LOWEST, score < LOW);
      }
    }
    if (first + BLOCK > seen.y) {
      for (var n = 0u; n < BLOCK; n += 1u) {
        scores[n] = select(scores[n], LOWEST, first + n > last);
      }
    }
    let most = max(largest, max(max(max(scores[0], scores[1]), max(scores[2], scores[3])), max(max(scores[4], scores[5]), max(scores[6], scores[7]))));
    if (most < LOW) { continue; }
    let shrink = select(exp2(largest - most), 0.0, largest < LOW);
    let w0 = select(exp2(scores[0] - most), 0.0, scores[0] < LOW);
    let w1 = select(exp2(scores[1] - most), 0.0, scores[1] < LOW);
    let w2 = select(exp2(scores[2] - most), 0.0, scores[2] < LOW);
    let w3 = select(exp2(scores[3] - most), 0.0, scores[3] < LOW);
    let w4 = select(exp2(scores[4] - most), 0.0, scores[4] < LOW);
    let w5 = select(exp2(scores[5] - most), 0.0, scores[5] < LOW);
    let w6 = select(exp2(scores[6] - most), 0.0, scores[6] < LOW);
    let w7 = select(exp2(scores[7] - most), 0.0, scores[7] < LOW);
    largest = most;
    sum = sum * shrink + (((w0 + w1) + (w2 + w3)) + ((w4 + w5) + (w6 + w7)));
    for (var d = 0u; d < VALUE_DIM; d += 1u) {
      let low = (w0 * values[j0 * VALUE_DIM + d] + w1 * values[j1 * VALUE_DIM + d]) + (w2 * values[j2 * VALUE_DIM + d] + w3 * values[j3 * VALUE_DIM + d]);
      let high = (w4 * values[j4 * VALUE_DIM + d] + w5 * values[j5 * VALUE_DIM + d]) + (w6 * values[j6 * VALUE_DIM + d] + w7 * values[j7 * VALUE_DIM + d]);
      mixed[d] = mixed[d] * shrink + (low + high);
    }
  }
  if (call.to_key < call.keys) {
    for (var d = 0u; d < VALUE_DIM; d += 1u) {
      output[out + d] = mixed[d];
    }
    output[out + VALUE_DIM] = vec4<f32>(largest, sum, 0.0, 0.0);
    return;
  }
  // A query that sees no key gives zeros.
  let share = select(1.0 / sum, 0.0, sum == 0.0);
  for (var d = 0u; d < VALUE_DIM; d += 1u) {
    output[out + d] = mixed[d] * share;
  }
}
