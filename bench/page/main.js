/** What the script that drives the page may call. */

import { coldStart } from "./cold.js";
import { heap } from "./heap.js";
import { measure } from "./measure.js";

globalThis.bench = { coldStart, heap, measure };
