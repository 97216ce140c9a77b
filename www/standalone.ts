/** standalone.js: registers the element, and has everything in it. */

import "./element.ts";
