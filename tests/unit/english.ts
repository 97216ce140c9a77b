/** Unit tests read what the page says in English. */

import { en } from "../../www/text/en.ts";
import { speak } from "../../www/text/say.ts";

speak({ say: en });
