/** What the script that drives the page may call. */

import { adapter } from "./adapter.js";
import { coldStart } from "./cold.js";
import { heap } from "./heap.js";
import { measure } from "./measure.js";

globalThis.bench = { adapter, coldStart, heap, measure };
