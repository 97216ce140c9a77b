// A product of matrices, tile by tile: cells[.., r, s] = Σ_n a[.., r, n] · b[.., n, s], with c[s] added where there is one. The
// last two axes are rows and columns; a does not run along the last, nor b along the one before.

const TILE: u32 = 16u;

var<workgroup> left: array<f32, 256>;
var<workgroup> right: array<f32, 256>;

@compute @workgroup_size(16, 16)
fn matmul(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let e = step_.extents;
  let stack = vec2<u32>(group.z / e.y, group.z % e.y);
  let place = vec4<u32>(stack, group.y * TILE + local.y, group.x * TILE + local.x);
  let in_rows = place.z < e.z;
  let in_columns = place.w < e.w;
  let row = along(step_.a, vec4<u32>(stack, min(place.z, e.z - 1u), 0u));
  let column = along(step_.b, vec4<u32>(stack, 0u, min(place.w, e.w - 1u)));
  let own = local.y * TILE + local.x;
  var total = 0.0;
  for (var first = 0u; first < step_.count; first += TILE) {
    let n = first + local.x;
    let m = first + local.y;
    // cells that were given have no row in what the others are made of
    let reads = in_rows && n < step_.count && !is_given(place);
    left[own] = 0.0;
    if (reads) {
      left[own] = bitcast<f32>(a[row + i32(n) * step_.a.stride]);
    }
    right[own] = 0.0;
    if (in_columns && m < step_.count) {
      right[own] = bitcast<f32>(b[column + i32(m) * step_.b.stride]);
    }
    workgroupBarrier();
    for (var k = 0u; k < TILE; k += 1u) {
      total += left[local.y * TILE + k] * right[k * TILE + local.x];
    }
    workgroupBarrier();
  }
  if (!in_rows || !in_columns || is_given(place)) {
    return;
  }
  if (step_.third != 0u) {
    total += bitcast<f32>(c[along(step_.c, place)]);
  }
  cells[((place.x * e.y + place.y) * e.z + place.z) * e.w + place.w] = bitcast<u32>(total);
}
