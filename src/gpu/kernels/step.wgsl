// How the cells of one stage of a trace are made of those of others: what every kernel of the traced path begins with.
//
// A cell stands at four axes, those after the last being 1 long; an operand is walked through by strides along them. Stages are
// row-major. Cells are read and written as bits, because a number that is not seen is negative infinity, and a shader may take
// it for granted that there is none: it is told by its bits alone.

struct Walk {
  strides: vec4<i32>,
  start: i32,
  // along the axis that is summed over
  stride: i32,
  unused_a: i32,
  unused_b: i32,
}

struct Step {
  extents: vec4<u32>,
  a: Walk,
  b: Walk,
  c: Walk,
  // length of the axis that is summed over
  count: u32,
  // the axis of tokens; those before `given` have their cells from outside
  tokens: u32,
  given: u32,
  // query heads that share a key head
  members: u32,
  // the number of the operation that is no cell: scale, soft cap
  constant: f32,
  // whether a third operand is added to a product, or a mask is given
  third: u32,
  // what hides keys by their place: window (negative: open), where query 0 stands, keys that are real
  causal: u32,
  left: i32,
  right: i32,
  offset: i32,
  length: i32,
  // features that rotate, and whether neighbours do together
  rotary: u32,
  interleaved: u32,
  unused_a: u32,
  unused_b: u32,
  unused_c: u32,
}

@group(0) @binding(0) var<uniform> step_: Step;
@group(0) @binding(1) var<storage, read> a: array<u32>;
@group(0) @binding(2) var<storage, read> b: array<u32>;
@group(0) @binding(3) var<storage, read> c: array<u32>;
@group(0) @binding(6) var<storage, read_write> cells: array<u32>;

// negative infinity
const HIDDEN: u32 = 0xff800000u;
// groups of a row of groups: there may be 65,535
const GROUPS: u32 = 32768u;

fn place_of(number: u32) -> vec4<u32> {
  let e = step_.extents;
  return vec4<u32>(number / (e.y * e.z * e.w), number / (e.z * e.w) % e.y, number / e.w % e.z, number % e.w);
}

fn count_of_cells() -> u32 {
  let e = step_.extents;
  return e.x * e.y * e.z * e.w;
}

fn along(walk: Walk, place: vec4<u32>) -> i32 {
  let p = vec4<i32>(place);
  return walk.start + walk.strides.x * p.x + walk.strides.y * p.y + walk.strides.z * p.z + walk.strides.w * p.w;
}

fn is_given(place: vec4<u32>) -> bool {
  return place[step_.tokens] < step_.given;
}
