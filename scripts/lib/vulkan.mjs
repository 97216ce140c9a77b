/** Finds a Vulkan driver for the tests of the GPU path, or installs Mesa's, which needs no GPU. Without one they are ignored. */

import { existsSync, readdirSync } from "node:fs";
import { run, step } from "./run.mjs";

const PLACES = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];

export async function ensureVulkan() {
  if (
    process.platform !== "linux" ||
    process.env.VK_DRIVER_FILES ||
    process.env.VK_ICD_FILENAMES ||
    PLACES.some(hasDriver)
  )
    return;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    console.log(
      "There is no Vulkan driver: the tests of the GPU path are ignored (Debian: apt-get install mesa-vulkan-drivers).",
    );
    return;
  }
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await step("setting up: Mesa's Vulkan driver, from Debian", async () => {
    await run("apt-get", ["update"], { env });
    await run("apt-get", ["install", "--yes", "--no-install-recommends", "mesa-vulkan-drivers"], { env });
  }).catch((error) => console.error(error.message));
}

const hasDriver = (folder) => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith(".json"));
