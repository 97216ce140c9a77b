/** What the page around the element has of words follows the element's language. */

document.querySelector("attention-playground")?.addEventListener("language-change", ({ detail }) => {
  document.documentElement.lang = detail.lang;
  document.title = detail.title;
  for (const heading of document.querySelectorAll("h1")) heading.textContent = detail.title;
});

// After the first picture: nothing of it waits for what is kept for later.
document.querySelector("attention-playground")?.addEventListener("load", () => {
  navigator.serviceWorker?.register("./service-worker.js").catch(() => undefined);
});
