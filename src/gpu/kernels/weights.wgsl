// The scores of a query and all keys, as far as they are wanted: raw, capped, masked, or as weights. A group has one query, and its
// row of the result is where it works.

// [unit, member, query, key], as bits
@group(0) @binding(6) var<storage, read_write> output: array<u32>;

const GROUP: u32 = 64u;
// groups of a row of groups: there may be 65,535
const GROUPS: u32 = 32768u;

var<workgroup> query: array<vec4<f32>, DIM>;
var<workgroup> parts: array<f32, 64>;

@compute @workgroup_size(64)
fn weights(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let row = group.y * GROUPS + group.x;
  if (row >= call.units * call.members * call.queries) { return; }
  let i = row % call.queries;
  let member = row / call.queries % call.members;
  let unit = row / call.queries / call.members;
  for (var d = local; d < DIM; d += GROUP) {
    query[d] = queries[row * DIM + d];
  }
  workgroupBarrier();

  let seen = seen_by(unit, i);
  let bias_row = mask_row(unit, member, i);
  let slope = slope_of(unit, member);
  let out = row * call.keys;
  var largest = LOWEST;
  for (var j = local; j < call.keys; j += GROUP) {
    var score = 0.0;
    for (var d = 0u; d < DIM; d += 1u) {
      score += dot(query[d], keys[(unit * call.keys + j) * DIM + d]);
    }
    score *= call.scale;
    if (call.kind > 0u) { score = capped(score); }
    if (call.kind > 1u) {
      score = biased(score, bias_row, slope, distance_to(unit, i, j), j);
      if (j < seen.x || j >= seen.y) { score = LOWEST; }
    }
    largest = max(largest, score);
    output[out + j] = select(bitcast<u32>(score), HIDDEN, score < LOW);
  }
  if (call.kind < 3u) { return; }

  parts[local] = largest;
  workgroupBarrier();
  largest = LOWEST;
  for (var n = 0u; n < GROUP; n += 1u) {
    largest = max(largest, parts[n]);
  }
  workgroupBarrier();
  var sum = 0.0;
  for (var j = local; j < call.keys; j += GROUP) {
    let bits = output[out + j];
    let share = select(exp(bitcast<f32>(bits) - largest), 0.0, bits == HIDDEN);
    sum += share;
    output[out + j] = bitcast<u32>(share);
  }
  parts[local] = sum;
  workgroupBarrier();
  sum = 0.0;
  for (var n = 0u; n < GROUP; n += 1u) {
    sum += parts[n];
  }
  for (var j = local; j < call.keys; j += GROUP) {
    let share = select(bitcast<f32>(output[out + j]) / sum, 0.0, sum == 0.0);
    output[out + j] = bitcast<u32>(share);
  }
}
