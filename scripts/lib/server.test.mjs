import { resolve } from "node:path";
import { expect, test } from "vitest";
import { locate } from "./server.mjs";

const folders = { "/": "/site", "/some/base/": "/site", "/package/": "/package" };

test.each([
  ["/", "/site/index.html"],
  ["/?text=a/../b", "/site/index.html"],
  ["/some/base/", "/site/index.html"],
  ["/some/base/element.js", "/site/element.js"],
  ["/package/engine.js", "/package/engine.js"],
  ["/a%20b.js", "/site/a b.js"],
])("%s is %s", (url, file) => {
  expect(locate(folders, url)).toBe(resolve(file));
});

test.each(["/../secret", "/..%2fsecret", "/package/../../secret", "/%ff", "/%00", "relative"])(
  "%s is nothing",
  (url) => {
    expect(locate(folders, url)).toBeUndefined();
  },
);
