import { AttentionPlayground } from "./element/attention-playground.ts";

export { AttentionPlayground };

declare global {
  interface HTMLElementTagNameMap {
    "attention-playground": AttentionPlayground;
  }
}

/** The one that was there first stays: two versions on one page do not quarrel. Without a DOM there is nothing to do. */
const elements = globalThis.customElements;
if (elements && !elements.get("attention-playground")) {
  elements.define("attention-playground", AttentionPlayground);
  drive();
}

/** Links in the prose around that drive the element on their page. */
function drive(): void {
  const links = "[data-attention-goto]";
  const load = () => import("./element/links.ts");
  document.addEventListener("click", (event) => {
    const link = (event.composedPath()[0] as Partial<Element>).closest?.(links);
    // With these keys a reader wants the address of the link, in another tab.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void load().then(({ follow }) => follow(link));
  });
  const prepare = () => document.querySelector(links) && load().then(({ prepare }) => prepare(links));
  prepare();
  // Links that come later come with an element, which tells when it stands.
  document.addEventListener("load", prepare, true);
}
