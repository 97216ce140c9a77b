// Stages whose cells are each made of a whole row: its maximum and its sum.

fn row_of(group: vec3<u32>, local: u32) -> u32 {
  return (group.y * GROUPS + group.x) * 64u + local;
}

// The largest of a row; negative infinity where nothing is seen.
@compute @workgroup_size(64)
fn maximum(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = row_of(group, local);
  if (n >= count_of_cells()) { return; }
  var at = along(step_.a, place_of(n));
  var largest = HIDDEN;
  for (var j = 0u; j < step_.count; j += 1u) {
    let x = a[at];
    if (x != HIDDEN && (largest == HIDDEN || bitcast<f32>(x) > bitcast<f32>(largest))) {
      largest = x;
    }
    at += step_.a.stride;
  }
  cells[n] = largest;
}

// The sum of a row.
@compute @workgroup_size(64)
fn sum(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = row_of(group, local);
  if (n >= count_of_cells()) { return; }
  var at = along(step_.a, place_of(n));
  // Eight sums side by side: each is short, and so is what it loses.
  var sums = array<f32, 8>(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
  for (var j = 0u; j < step_.count; j += 1u) {
    sums[j % 8u] += bitcast<f32>(a[at]);
    at += step_.a.stride;
  }
  let low = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  let high = (sums[4] + sums[5]) + (sums[6] + sums[7]);
  cells[n] = bitcast<u32>(low + high);
}
