/** All of the page that is for models: loaded with the first model that is in use, not before. */

export { textFor } from "../../model/input.ts";
export { type Played, traceAgain } from "../../model/play.ts";
export { about, examples, where } from "./about.ts";
export { answer, answerLine, answerSaid } from "./answer.ts";
export { extras, loadExtra } from "./extras.ts";
export { heads } from "./heads.ts";
export { type Loading, ModelPlayer } from "./player.ts";
export { adoptStyles } from "./styles.ts";
export { swapButton, swapList, unknownWords } from "./swap.ts";
