import { AttentionPlayground } from "./element/attention-playground.ts";
import { drivenBy } from "./element/driven.ts";

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
    // With these keys a reader wants the address of the link, in another tab. Somebody else may have done what there is to do.
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!drivenBy(link)) return;
    event.preventDefault();
    load().then(
      ({ follow }) => follow(link),
      // Without the script it is a link as any other.
      () => (link as Partial<HTMLAnchorElement>).href && location.assign((link as HTMLAnchorElement).href),
    );
  });
  const prepare = () =>
    document.querySelector(links) &&
    load().then(
      ({ prepare }) => prepare(links),
      () => undefined,
    );
  prepare();
  // Links that come later come with an element, which tells when it stands.
  document.addEventListener("load", prepare, true);
}
