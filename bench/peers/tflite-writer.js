/** Writes the attention as a .tflite model. Field numbers are those of TensorFlow Lite's schema. */

import { Builder } from "flatbuffers";

const SCHEMA_VERSION = 3;
const IDENTIFIER = "TFL3";
const OPERATORS = { mul: 18, softmax: 25, batchMatMul: 126 };
const OPTIONS = { softmax: 9, mul: 21, batchMatMul: 101 };
/** The operator's code stands in a byte, and again where codes above 127 go. */
const CODES = Object.keys(OPERATORS);

/** A table whose fields are `[number, add]`: `add` puts the value in. */
function table(builder, size, fields) {
  builder.startObject(size);
  for (const [field, kind, value] of fields)
    builder[`addField${kind}`](field, value, kind === "Offset" ? 0 : undefined);
  return builder.endObject();
}

function vector(builder, kind, size, values) {
  builder.startVector(size, values.length, size);
  for (const value of [...values].reverse()) builder[`add${kind}`](value);
  return builder.endVector();
}
const ints = (builder, values) => vector(builder, "Int32", 4, values);
const offsets = (builder, values) => vector(builder, "Offset", 4, values);

/** The three kinds of options, each a small table. */
const optionsOf = {
  mul: (builder) => table(builder, 1, []),
  softmax: (builder) => table(builder, 1, [[0, "Float32", 1]]),
  scores: (builder) => table(builder, 3, [[1, "Int8", 1]]),
  mixed: (builder) => table(builder, 3, []),
};

/** softmax((scale q) k^T) v for [1, head, token, dim]. */
export function tfliteModel({ heads, tokens, dim, scale }) {
  const builder = new Builder(2048);
  const shape = [1, heads, tokens, dim];
  const square = [1, heads, tokens, tokens];
  // Buffer 0 is empty by convention: what has no constant uses it.
  const scaleBytes = vector(builder, "Int8", 1, [...new Uint8Array(Float32Array.of(scale).buffer)]);
  const buffers = [table(builder, 1, []), table(builder, 1, [[0, "Offset", scaleBytes]])];

  const names = ["q", "k", "v", "scale", "scaled", "scores", "weights", "output"];
  const shapes = [shape, shape, shape, [1], shape, square, square, shape];
  const tensors = names.map((name, i) => {
    const [sizes, label] = [ints(builder, shapes[i]), builder.createString(name)];
    return table(builder, 8, [
      [0, "Offset", sizes],
      [2, "Int32", name === "scale" ? 1 : 0],
      [3, "Offset", label],
    ]);
  });
  const at = (name) => names.indexOf(name);
  const operator = (kind, inputs, output, options = kind) => {
    const parts = [ints(builder, inputs.map(at)), ints(builder, [at(output)]), optionsOf[options](builder)];
    return table(builder, 9, [
      [0, "Int32", CODES.indexOf(kind)],
      [1, "Offset", parts[0]],
      [2, "Offset", parts[1]],
      [3, "Int8", OPTIONS[kind]],
      [4, "Offset", parts[2]],
    ]);
  };
  const operators = [
    operator("mul", ["q", "scale"], "scaled"),
    operator("batchMatMul", ["scaled", "k"], "scores", "scores"),
    operator("softmax", ["scores"], "weights"),
    operator("batchMatMul", ["weights", "v"], "output", "mixed"),
  ];
  const subgraph = table(builder, 5, [
    [0, "Offset", offsets(builder, tensors)],
    [1, "Offset", ints(builder, ["q", "k", "v"].map(at))],
    [2, "Offset", ints(builder, [at("output")])],
    [3, "Offset", offsets(builder, operators)],
  ]);
  const codes = CODES.map((kind) =>
    table(builder, 4, [
      [0, "Int8", OPERATORS[kind]],
      [2, "Int32", 1],
      [3, "Int32", OPERATORS[kind]],
    ]),
  );
  const model = table(builder, 8, [
    [0, "Int32", SCHEMA_VERSION],
    [1, "Offset", offsets(builder, codes)],
    [2, "Offset", offsets(builder, [subgraph])],
    [4, "Offset", offsets(builder, buffers)],
  ]);
  builder.finish(model, IDENTIFIER);
  return builder.asUint8Array();
}
