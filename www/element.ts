import { AttentionPlayground } from "./element/attention-playground.ts";

export { AttentionPlayground };

if (!customElements.get("attention-playground")) customElements.define("attention-playground", AttentionPlayground);
