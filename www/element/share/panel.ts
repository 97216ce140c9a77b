/** The panel under "Share": the link, what can be taken away, and the ways onto other pages. */

import { html, nothing, type TemplateResult } from "lit";
import { MAX_URL, toJson } from "../../state/codec.ts";
import { sizeOf } from "../../take/bytes.ts";
import { fill, say } from "../../text/say.ts";
import { take } from "../../text/take.ts";
import { stageName } from "../../trace/story.ts";
import { type Actions, type Context, chosenToken, tokenName } from "../parts/context.ts";
import { Embedding } from "./embedding.ts";
import { FORMATS, type Format, fileName, MOST_NUMBERS, type Shown } from "./files.ts";
import { FilmDesk } from "./film.ts";
import { copy, save } from "./save.ts";
import { adoptStyles } from "./styles.ts";

/** What one panel remembers while it is open. */
class Sharing {
  said = () => "";
  readonly film: FilmDesk;
  readonly embedding: Embedding;
  readonly refresh: () => void;

  constructor({ refresh }: Actions) {
    this.refresh = refresh;
    this.film = new FilmDesk(refresh);
    this.embedding = new Embedding(refresh, (text, field) => this.copy(text, field));
  }

  /** Where it may not be copied, it is selected. */
  async copy(text: string, field: HTMLElement | undefined): Promise<void> {
    const copied = await copy(text);
    this.say(() => (copied ? take.copied : take.notCopied));
    if (!copied && field) getSelection()?.selectAllChildren(field);
  }

  async take(format: Format, shown: Shown): Promise<void> {
    this.said = () => "";
    try {
      save(await format.make(shown), fileName(format, shown));
    } catch (thrown) {
      this.say(() => fill(take.failed, { reason: (thrown as Error).message }));
    }
  }

  say(said: () => string): void {
    this.said = said;
    this.refresh();
  }
}

/** By the actions of the element whose panel it is. */
const panels = new WeakMap<Actions, Sharing>();

export function open(details: HTMLDetailsElement, actions: Actions): void {
  adoptStyles(details.getRootNode() as ShadowRoot);
  // Closed and opened again before anyone was told.
  if (panels.has(actions)) return;
  panels.set(actions, new Sharing(actions));
  const onToggle = () => {
    if (details.open) return;
    details.removeEventListener("toggle", onToggle);
    close(actions);
  };
  details.addEventListener("toggle", onToggle);
  actions.refresh();
}

function close(actions: Actions): void {
  panels.get(actions)?.film.stop();
  panels.delete(actions);
  actions.refresh();
}

export function panel(context: Context): TemplateResult | typeof nothing {
  const { trace, frame, scene, state, actions } = context;
  const sharing = panels.get(actions);
  if (!sharing || !trace || !frame || !scene?.input) return nothing;
  const { state: saved, link } = actions.share();
  const { stage } = frame.segment;
  const shown: Shown = { trace, stage, head: state.head, token: chosenToken(context), scene, state: saved };
  return html`<div class="share-panel" role="group" aria-label=${say.share}>
    <button type="button" class="close" aria-label=${say.close} @click=${closeFold}></button>
    <h2>${take.link}<span class="note" role="status" data-said>${sharing.said()}</span></h2>
    ${
      link === undefined
        ? html`<p class="note">${fill(take.linkTooLong, { n: toJson(saved).length, max: MAX_URL })}</p>`
        : html`<div class="line"><input type="text" readonly .value=${link} aria-label=${take.link} data-link
            @focus=${(event: Event) => (event.target as HTMLInputElement).select()}/>
          <button type="button" class="quiet" data-copy-link @click=${() => void sharing.copy(link, undefined)}>${take.copy}</button></div>`
    }
    <h2>${take.away}</h2>
    ${groups(shown).map(
      ([group, formats]) => html`<h3>${fill(take.groups[group] ?? "", { stage: stageName(stage) })}</h3>
      <ul>${formats.map((format) => row(format, shown, sharing))}</ul>
      ${group === "picture" ? sharing.film.draw(shown) : nothing}`,
    )}
    ${sharing.embedding.draw(saved)}
  </div>`;
}

/** The focus goes back to where the panel was opened. */
function closeFold({ currentTarget }: Event): void {
  const details = (currentTarget as HTMLElement).closest("details") as HTMLDetailsElement;
  details.open = false;
  details.querySelector("summary")?.focus();
}

function groups(shown: Shown): [group: string, formats: Format[]][] {
  const offered = FORMATS.filter(({ offered }) => offered?.(shown) ?? true);
  return [...new Set(offered.map(({ group }) => group))].map((group) => [
    group,
    offered.filter((format) => format.group === group),
  ]);
}

function row(format: Format, shown: Shown, sharing: Sharing): TemplateResult {
  const [name = "", what = ""] = take.formats[format.id] ?? [];
  const numbers = shown.trace.stages.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const million = (n: number) => Math.ceil(n / 1_000_000);
  const large = format.wordy && numbers > MOST_NUMBERS;
  const about = large
    ? fill(take.tooLarge, { n: million(numbers), most: million(MOST_NUMBERS) })
    : fill(what, { head: shown.head + 1, token: tokenName(shown.trace, "query", shown.token) });
  return html`<li><b>${name}</b><span>${about}</span>
    <button type="button" class="quiet" data-take=${format.id} ?disabled=${large} aria-label=${`${take.download}: ${name}`}
      @click=${() => void sharing.take(format, shown)}>${take.download}</button></li>`;
}
