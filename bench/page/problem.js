/** The numbers that everyone works on, and the truth about them. Axes: [head, token, dim]. */

/** Seeded and normal: the same numbers on every machine. */
function normal(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

export function problemOf({ heads, tokens, dim }) {
  const draw = normal(heads * 65537 + tokens);
  const tensor = () => ({
    shape: [1, heads, tokens, dim],
    data: Float32Array.from({ length: heads * tokens * dim }, draw),
  });
  return { heads, tokens, dim, scale: 1 / Math.sqrt(dim), q: tensor(), k: tensor(), v: tensor() };
}

/** [head, token, dim] to [token, head * dim], the layout of fused projections. */
export function pack({ data }, { heads, tokens, dim }) {
  return permute(data, (head, token) => [(head * tokens + token) * dim, (token * heads + head) * dim], {
    heads,
    tokens,
    dim,
  });
}

export function unpack(data, { heads, tokens, dim }) {
  return permute(data, (head, token) => [(token * heads + head) * dim, (head * tokens + token) * dim], {
    heads,
    tokens,
    dim,
  });
}

function permute(data, places, { heads, tokens, dim }) {
  const moved = new Float32Array(data.length);
  for (let head = 0; head < heads; head++) {
    for (let token = 0; token < tokens; token++) {
      const [from, to] = places(head, token);
      moved.set(data.subarray(from, from + dim), to);
    }
  }
  return moved;
}

/**
 * softmax(scale q k^T) v in f64, in the plainest way. `every` leaves rows out: only each so manieth query is worked
 * out, and the others are NaN.
 */
export function reference({ heads, tokens, dim, scale, q, k, v }, every = 1) {
  const output = new Float64Array(heads * tokens * dim).fill(Number.NaN);
  const [queries, keys, values] = [q, k, v].map(({ data }) => Float64Array.from(data));
  const weights = new Float64Array(tokens);
  for (let head = 0; head < heads; head++) {
    for (let query = 0; query < tokens; query += every) {
      const row = (head * tokens + query) * dim;
      let largest = Number.NEGATIVE_INFINITY;
      for (let key = 0; key < tokens; key++) {
        weights[key] = scale * dot(queries, row, keys, (head * tokens + key) * dim, dim);
        largest = Math.max(largest, weights[key]);
      }
      let sum = 0;
      output.fill(0, row, row + dim);
      for (let key = 0; key < tokens; key++) {
        const weight = Math.exp(weights[key] - largest);
        const place = (head * tokens + key) * dim;
        sum += weight;
        for (let i = 0; i < dim; i++) output[row + i] += weight * values[place + i];
      }
      for (let i = 0; i < dim; i++) output[row + i] /= sum;
    }
  }
  return output;
}

/** Four sums, so that they do not wait for each other. */
function dot(a, i, b, j, dim) {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let d = 0; d < dim; d += 4) {
    s0 += a[i + d] * b[j + d];
    s1 += a[i + d + 1] * b[j + d + 1];
    s2 += a[i + d + 2] * b[j + d + 2];
    s3 += a[i + d + 3] * b[j + d + 3];
  }
  return s0 + s1 + s2 + s3;
}

/** Infinity where the shape is wrong or a result is not a number. */
export function largestError(output, truth) {
  if (output?.length !== truth.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < truth.length; i++) {
    if (Number.isNaN(truth[i])) continue;
    const error = Math.abs(output[i] - truth[i]);
    if (!(error <= largest)) largest = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return largest;
}
