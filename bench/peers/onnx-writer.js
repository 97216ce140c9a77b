/** Just enough of protobuf and of ONNX to write a graph of a few nodes. Field numbers are those of onnx.proto. */

const FLOAT = 1;
const ATTRIBUTE = { float: 1, int: 2, ints: 7 };
const IR_VERSION = 10;

function varint(value) {
  const bytes = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
}

const integer = (field, value) => [...varint(field << 3), ...varint(value)];
const float = (field, value) => [...varint((field << 3) | 5), ...new Uint8Array(Float32Array.of(value).buffer)];
const bytes = (field, content) => [...varint((field << 3) | 2), ...varint(content.length), ...content];
const text = (field, value) => bytes(field, new TextEncoder().encode(value));
const message = (field, ...parts) => bytes(field, parts.flat());

function attribute(name, value) {
  const kind = Array.isArray(value) ? "ints" : Number.isInteger(value) ? "int" : "float";
  const content = {
    float: () => float(2, value),
    int: () => integer(3, value),
    ints: () => value.flatMap((each) => integer(8, each)),
  }[kind]();
  return message(5, text(1, name), content, integer(20, ATTRIBUTE[kind]));
}

function node({ op, domain = "", inputs, outputs, attributes = {} }) {
  return message(
    1,
    inputs.flatMap((name) => text(1, name)),
    outputs.flatMap((name) => text(2, name)),
    text(4, op),
    Object.entries(attributes).flatMap(([name, value]) => attribute(name, value)),
    text(7, domain),
  );
}

function value(field, name, shape) {
  const dimensions = shape.flatMap((size) => message(1, integer(1, size)));
  return message(field, text(1, name), message(2, message(1, integer(1, FLOAT), message(2, dimensions))));
}

function constant(name, number) {
  return message(5, integer(2, FLOAT), text(8, name), bytes(9, new Uint8Array(Float32Array.of(number).buffer)));
}

/**
 * A model: `nodes` of `{ op, domain?, inputs, outputs, attributes? }`, `inputs` and `outputs` as `{ name: shape }`,
 * `constants` as `{ name: number }`, `opsets` as `{ domain: version }`.
 */
export function onnxModel({ nodes, inputs, outputs, constants = {}, opsets }) {
  const graph = [
    nodes.flatMap(node),
    text(2, "attention"),
    Object.entries(constants).flatMap(([name, number]) => constant(name, number)),
    Object.entries(inputs).flatMap(([name, shape]) => value(11, name, shape)),
    Object.entries(outputs).flatMap(([name, shape]) => value(12, name, shape)),
  ];
  return Uint8Array.from([
    ...integer(1, IR_VERSION),
    ...message(7, ...graph),
    ...Object.entries(opsets).flatMap(([domain, version]) => message(8, text(1, domain), integer(2, version))),
  ]);
}
