/**
 * The page without a network: what its first visit has fetched, and a little more, is kept. The network comes first, so that nobody is
 * left with a page of yesterday; what is kept is of one version of the page, and goes with it. Elements on other pages know nothing of this.
 */

// The build writes both: what is kept at once, and a digest of it.
const { version, files } = self.BUILT;
const SCOPE = new URL("./", self.location);
// There may be other copies of the page at the same origin.
const OURS = `attention-playground ${SCOPE.pathname} `;
const CACHE = OURS + version;
const kept = new Set(files.map((file) => new URL(file, SCOPE).href));

self.addEventListener("install", (event) => event.waitUntil(keepAll().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const own = request.method === "GET" && request.url.startsWith(SCOPE.href);
  const elsewhere = request.mode === "navigate" && !isPage(request.url);
  if (own && !elsewhere && !request.headers.has("range")) event.respondWith(answer(event));
});

const isPage = (address) => ["", "index.html"].includes(new URL(address).pathname.slice(SCOPE.pathname.length));

async function keepAll() {
  const cache = await caches.open(CACHE);
  // A copy that the browser has may be of another version: the server is asked.
  await cache.addAll(files.map((file) => new Request(file, { cache: "no-cache" })));
}

async function forgetOthers() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function answer(event) {
  const { request } = event;
  try {
    const response = await fetch(request);
    // What a server says instead of the page is for the reader.
    if (!response.ok) return (request.mode !== "navigate" && (await held(request))) || response;
    // Nothing waits for it, and without room for it all goes on.
    if (response.status === 200 && isExtra(request)) event.waitUntil(keep(request, response.clone()).catch(() => {}));
    return response;
  } catch (error) {
    const found = await held(request);
    if (found) return found;
    throw error;
  }
}

/** What else is asked for, as another model, is there from then on. */
const isExtra = ({ url, mode }) => !kept.has(url) && mode !== "navigate" && !new URL(url).search;

async function keep(request, response) {
  // A version whose time is over does not begin anew.
  if (await caches.has(CACHE)) await (await caches.open(CACHE)).put(request, response);
}

/** The page is the same whatever state its address holds. */
const held = (request) =>
  caches.match(request.mode === "navigate" ? "./" : request, { cacheName: CACHE, ignoreVary: true });
