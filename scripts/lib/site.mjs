/** What the site has besides the page: a page for each ready state, what other sites ask to embed it, and the page without a network. */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { firstPicture } from "./first.mjs";

/** Other files than those of the first picture are kept without having been asked for, if they are as small as this. */
const SMALL = 64_000; // bytes
const EMBED = { width: 960, height: 700 }; // pixels

/** `given`: where the site will be, with a slash at its end or without, if that is known: without it nobody can be told how to embed it. */
export function finishSite(site, gallery, given) {
  const address = given ? given.replace(/\/*$/, "/") : "";
  for (const ready of gallery) write(join(site, "gallery", ready.id, "index.html"), pageOf(site, ready, address));
  if (address) {
    const index = join(site, "index.html");
    const [title] = readFileSync(index, "utf8").match(/(?<=<title>).*?(?=<\/title>)/) ?? [""];
    write(index, withAlternate(readFileSync(index, "utf8"), title, address, "index"));
    write(join(site, "oembed/index.json"), embedding({ title, state: {} }, address));
    for (const { id, title, state } of gallery)
      write(join(site, "oembed", `${id}.json`), embedding({ title: title.en, state }, address));
  }
  keepForLater(site);
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const REFERENCES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const markup = (text) => text.replace(/[&<>"]/g, (letter) => REFERENCES[letter]);

/** As attributes and in addresses. */
const named = (state) =>
  Object.entries(state).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    typeof value === "object" ? JSON.stringify(value) : String(value),
  ]);

/** The page with the state as its element's attributes. */
function pageOf(site, { id, title, state }, address) {
  const attributes = named(state).map(([name, value]) => ` ${name}="${markup(value)}"`);
  const page = readFileSync(join(site, "index.html"), "utf8")
    .replaceAll(/(href|src)="\.\//g, '$1="../../')
    .replace(/(?<=<title>).*?(?=<\/title>)/, () => markup(title.en))
    .replace("<attention-playground", () => `<attention-playground${attributes.join("")}`)
    // Without a network there is the page itself.
    .replace(/\n.*site\.js.*/, "");
  return address ? withAlternate(page, title.en, address, id) : page;
}

const withAlternate = (page, title, address, id) => {
  const link = `<link rel="alternate" type="application/json+oembed" href="${markup(address)}oembed/${id}.json" title="${markup(title)}">`;
  return page.replace("</head>", () => `  ${link}\n  </head>`);
};

/** https://oembed.com, section 2.3.4.4: rich. */
function embedding({ title, state }, address) {
  const query = new URLSearchParams(named(state)).toString();
  const source = `${address}embed.html${query ? `?${query}` : ""}`;
  const { width, height } = EMBED;
  const html = `<iframe src="${markup(source)}" title="${markup(title)}" width="${width}" height="${height}" style="border: 0" loading="lazy"></iframe>`;
  const provider = { provider_name: "Attention playground", provider_url: address };
  return `${JSON.stringify({ version: "1.0", type: "rich", title, ...provider, html, width, height }, null, 2)}\n`;
}

/** Tells the service worker what to keep, and what version that is. */
function keepForLater(site) {
  const first = new Set(firstPicture(site).map((path) => relative(site, path)));
  const small = readdirSync(site, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(js|css|json|svg)$/.test(entry.name))
    .filter(({ name }) => readFileSync(join(site, name)).length < SMALL)
    .map(({ name }) => name)
    .filter((name) => name !== "service-worker.js");
  const all = [...new Set([...first, ...small])].map((file) => file.replaceAll(sep, "/")).sort();
  const digest = createHash("sha256");
  for (const file of all) digest.update(`${file}\n`).update(readFileSync(join(site, file)));
  const version = digest.digest("hex").slice(0, 16);
  const built = JSON.stringify({ version, files: ["./", ...all.filter((file) => file !== "index.html")] });
  const worker = join(site, "service-worker.js");
  writeFileSync(worker, `self.BUILT = ${built};\n${readFileSync(worker, "utf8")}`);
}
