/** Finds made-up numbers in a source: randomness, and tensors written out as literals. */

import { parseAst } from "vite";

const ARRAYS = new Set(["Float32Array", "Float64Array"]);
const RANDOM = new Set(["getRandomValues", "randomUUID"]);

/** A list of `{ line, text, reason }` for a TypeScript source. */
export function madeUpNumbers(source) {
  const found = [];
  visit(parseAst(source, { lang: "ts" }), (node) => {
    const reason = reasonAgainst(node);
    if (!reason) return;
    const line = source.slice(0, node.start).split("\n").length;
    found.push({ line, text: source.slice(node.start, node.end).slice(0, 60), reason });
  });
  return found;
}

function reasonAgainst(node) {
  switch (node.type) {
    case "Identifier":
    case "Literal":
      return RANDOM.has(nameOf(node)) && "a random number";
    case "MemberExpression":
      return isName(node.object, "Math") && nameOf(node.property) === "random" && "a random number";
    case "VariableDeclarator": // const { random } = Math
      return isName(node.init, "Math") && "Math under another name";
    case "ArrayExpression":
      return node.elements.some(isNumbers) && "a matrix written out";
    case "NewExpression":
      return ARRAYS.has(node.callee.name) && isNumbers(node.arguments[0]) && "a tensor written out";
    case "CallExpression":
      return (
        isArrayFactory(node.callee) &&
        node.arguments.some((argument) => isNumber(argument) || isNumbers(argument)) &&
        "a tensor written out"
      );
    default:
      return false;
  }
}

const isName = (node, name) => node?.type === "Identifier" && node.name === name;
const nameOf = (node) => node.name ?? node.value;

/** What stands within `as const`, `satisfies` and their like. */
const bare = (node) => (node?.type.startsWith("TS") && node.expression ? bare(node.expression) : node);

function isNumber(node) {
  if (node?.type === "UnaryExpression") return isNumber(node.argument);
  return node?.type === "Literal" && typeof node.value === "number";
}

function isNumbers(node) {
  const list = bare(node);
  return list?.type === "ArrayExpression" && list.elements.length > 0 && list.elements.every(isNumber);
}

function isArrayFactory(callee) {
  return (
    callee.type === "MemberExpression" &&
    ARRAYS.has(callee.object.name) &&
    ["of", "from"].includes(nameOf(callee.property))
  );
}

function visit(node, look) {
  if (typeof node?.type === "string") look(node);
  for (const part of Object.values(node)) if (part && typeof part === "object") visit(part, look);
}
