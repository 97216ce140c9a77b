// Stages whose cells are each made of one cell of each operand. Every entry is named as the operation of the stage is.

fn first(place: vec4<u32>) -> u32 {
  return a[along(step_.a, place)];
}

fn second(place: vec4<u32>) -> u32 {
  return b[along(step_.b, place)];
}

// The number of this cell, or one beyond the last.
fn number_of(group: vec3<u32>, local: u32) -> u32 {
  let number = (group.y * GROUPS + group.x) * 64u + local;
  if (number >= count_of_cells() || is_given(place_of(number))) {
    return 0xffffffffu;
  }
  return number;
}

// a + b
@compute @workgroup_size(64)
fn add(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = number_of(group, local);
  if (n == 0xffffffffu) { return; }
  let place = place_of(n);
  let x = first(place);
  let y = second(place);
  if (x == HIDDEN || y == HIDDEN) {
    cells[n] = HIDDEN;
  } else {
    cells[n] = bitcast<u32>(bitcast<f32>(x) + bitcast<f32>(y));
  }
}

// a · scale
@compute @workgroup_size(64)
fn scale(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = number_of(group, local);
  if (n == 0xffffffffu) { return; }
  cells[n] = bitcast<u32>(bitcast<f32>(first(place_of(n))) * step_.constant);
}

// cap · tanh(a / cap); beyond 15 the hyperbolic tangent is 1 in f32, and some implementations overflow
@compute @workgroup_size(64)
fn softcap(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = number_of(group, local);
  if (n == 0xffffffffu) { return; }
  let x = bitcast<f32>(first(place_of(n)));
  cells[n] = bitcast<u32>(step_.constant * tanh(clamp(x / step_.constant, -15.0, 15.0)));
}

// −slope · distance; a holds the slope of each head
@compute @workgroup_size(64)
fn alibi(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = number_of(group, local);
  if (n == 0xffffffffu) { return; }
  let place = place_of(n);
  let slope = bitcast<f32>(a[place.x * step_.members + place.y]);
  let distance = abs(step_.offset + i32(place.z) - i32(place.w));
  cells[n] = bitcast<u32>(-slope * f32(distance));
}

// a, or negative infinity where it may not be seen: by its place, or because b holds a 0 for it
@compute @workgroup_size(64)
fn mask(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = number_of(group, local);
  if (n == 0xffffffffu) { return; }
  let place = place_of(n);
  let query = step_.offset + i32(place.z);
  let key = i32(place.w);
  var hidden = key >= step_.length;
  hidden = hidden || (step_.causal != 0u && key > query);
  hidden = hidden || (step_.left >= 0 && key < query - step_.left);
  hidden = hidden || (step_.right >= 0 && key > query + step_.right);
  if (step_.third != 0u) {
    hidden = hidden || b[n] == 0u;
  }
  cells[n] = select(first(place), HIDDEN, hidden);
}

// a − b; negative infinity stays
@compute @workgroup_size(64)
fn subtract(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = number_of(group, local);
  if (n == 0xffffffffu) { return; }
  let place = place_of(n);
  let x = first(place);
  if (x == HIDDEN) {
    cells[n] = HIDDEN;
  } else {
    cells[n] = bitcast<u32>(bitcast<f32>(x) - bitcast<f32>(second(place)));
  }
}

// e^a
@compute @workgroup_size(64)
fn exponential(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = number_of(group, local);
  if (n == 0xffffffffu) { return; }
  let x = first(place_of(n));
  cells[n] = select(bitcast<u32>(exp(bitcast<f32>(x))), 0u, x == HIDDEN);
}

// a / b; 0 where b is 0
@compute @workgroup_size(64)
fn divide(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = number_of(group, local);
  if (n == 0xffffffffu) { return; }
  let place = place_of(n);
  let sum = bitcast<f32>(second(place));
  if (sum == 0.0) {
    cells[n] = 0u;
  } else {
    cells[n] = bitcast<u32>(bitcast<f32>(first(place)) / sum);
  }
}

// a, at its place in the joined heads
@compute @workgroup_size(64)
fn concat(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = number_of(group, local);
  if (n == 0xffffffffu) { return; }
  cells[n] = first(place_of(n));
}

// a · cos ∓ partner · sin, minus for the first of a pair; b holds the cosines and c the sines. The feature is the axis after
// that of the tokens.
@compute @workgroup_size(64)
fn rotate(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let n = number_of(group, local);
  if (n == 0xffffffffu) { return; }
  let place = place_of(n);
  let feature = place[step_.tokens + 1u];
  let own = along(step_.a, place);
  if (feature >= step_.rotary) {
    cells[n] = a[own];
    return;
  }
  var partner: u32;
  var pair: u32;
  var before: bool;
  if (step_.interleaved != 0u) {
    partner = feature ^ 1u;
    pair = feature / 2u;
    before = feature % 2u == 0u;
  } else {
    let half = step_.rotary / 2u;
    partner = (feature + half) % step_.rotary;
    pair = feature % half;
    before = feature < half;
  }
  let cosine = bitcast<f32>(b[along(step_.b, place) + i32(pair)]);
  let sine = bitcast<f32>(c[along(step_.c, place) + i32(pair)]);
  let turned = bitcast<f32>(a[own - i32(feature) + i32(partner)]) * sine;
  cells[n] = bitcast<u32>(bitcast<f32>(a[own]) * cosine + select(turned, -turned, before));
}
