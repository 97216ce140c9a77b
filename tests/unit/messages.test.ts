/** What a page may say to embed.html, and what is refused. */

import { expect, it } from "vitest";
import { allowedOrigin, readMessage, targetOf } from "../../www/embed/messages.ts";

const envelope = { type: "attention-playground", version: 1 };

it("reads a call, its id and its arguments", () => {
  const call = { ...envelope, id: 7, method: "goto", args: ["weights", [0, 1, 2]] };
  expect(readMessage(call)).toEqual({ id: 7, method: "goto", args: ["weights", [0, 1, 2]] });
  expect(readMessage({ ...envelope, method: "play" })).toEqual({ id: undefined, method: "play", args: [] });
});

it.each([undefined, null, 3, "goto", [], {}, { method: "goto" }, { type: "other", method: "goto" }, { ...envelope }])(
  "leaves alone what is for somebody else: %j",
  (data) => expect(readMessage(data)).toBeUndefined(),
);

it.each([
  ["bad_version", { ...envelope, version: 2, method: "play" }],
  ["bad_version", { type: envelope.type, method: "play" }],
  ["unknown_method", { ...envelope, method: "dispose" }],
  ["unknown_method", { ...envelope, method: "constructor" }],
  ["unknown_method", { ...envelope, method: 3 }],
  ["bad_arguments", { ...envelope, method: "goto" }],
  ["bad_arguments", { ...envelope, method: "goto", args: [{ toString: 1 }] }],
  ["bad_arguments", { ...envelope, method: "goto", args: ["weights", "0,1"] }],
  ["bad_arguments", { ...envelope, method: "goto", args: ["weights", [0.5]] }],
  ["bad_arguments", { ...envelope, method: "play", args: [1] }],
  ["bad_arguments", { ...envelope, method: "seek", args: [Number.NaN] }],
  ["bad_arguments", { ...envelope, method: "setState", args: "all" }],
  ["bad_arguments", { ...envelope, method: "setState", args: [[1]] }],
])("refuses with %s: %j", (code, data) => {
  expect(readMessage({ ...data, id: "a" })).toMatchObject({ code, id: "a" });
});

it("refuses what JSON cannot say: circles, whole numbers without an end, holes", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const state: Record<string, unknown> = {};
  state.matrices = state;
  const hole = new Array(2);
  for (const [code, more] of [
    ["bad_version", { version: 1n, method: "play" }],
    ["bad_version", { version: circle, method: "play" }],
    ["unknown_method", { method: circle }],
    ["bad_arguments", { method: "seek", args: [1n] }],
    ["bad_arguments", { method: "goto", args: circle }],
    ["bad_arguments", { method: "goto", args: state }],
    ["bad_arguments", { method: "setState", args: [state] }],
    ["bad_arguments", { method: "setState", args: [{ heads: 2n }] }],
    ["bad_arguments", { method: "explain", args: ["weights", hole] }],
    ["bad_arguments", { method: "explain", args: hole }],
  ] as const)
    expect(readMessage({ ...envelope, ...more, id: "a" }), code).toMatchObject({ code, id: "a" });
});

it("listens to the origin that is given, else to that of the referrer", () => {
  expect(allowedOrigin("?origin=https://host.example/page", "https://other.example/")).toBe("https://host.example");
  expect(allowedOrigin("", "https://other.example/some/page")).toBe("https://other.example");
  expect(allowedOrigin("?origin=null", "")).toBe("null");
  for (const [search, referrer] of [
    ["", ""],
    ["?origin=*", "https://other.example/"],
    ["?origin=", "https://other.example/"],
    ["?origin=data:text/html,x", ""],
  ] as const)
    expect(allowedOrigin(search, referrer)).toBeUndefined();
  expect(targetOf("https://host.example")).toBe("https://host.example");
  expect(targetOf("null")).toBe("*");
});
