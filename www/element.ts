import { AttentionPlayground } from "./element/attention-playground.ts";

export { AttentionPlayground };

declare global {
  interface HTMLElementTagNameMap {
    "attention-playground": AttentionPlayground;
  }
}

/** The one that was there first stays: two versions on one page do not quarrel. Without a DOM there is nothing to do. */
const elements = globalThis.customElements;
if (elements && !elements.get("attention-playground")) elements.define("attention-playground", AttentionPlayground);
