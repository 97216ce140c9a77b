/** The adapter that a page is given here. */

import { adapterName } from "/peers/adapter.js";

/** `{ name, isFallback }`, or nothing where there is none. */
export async function adapter() {
  const found = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  return found && { name: adapterName(found.info), isFallback: found.info.isFallbackAdapter };
}
