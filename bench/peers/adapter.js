/** Which adapter a runtime has got: all should have the same one. */

/** @param {GPUAdapterInfo | undefined} info */
export function adapterName(info) {
  if (!info) return "no adapter";
  const name = [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ") || "unnamed";
  return info.isFallbackAdapter ? `${name} (fallback)` : name;
}
