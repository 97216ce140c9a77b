/** The reader's own model: from files or a folder, or from a hub by its name, after a click that says host and size. */

import { html, nothing, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import { modelFromFiles } from "../../model/files.ts";
import { fetchFromHub, findOnHub, forgetHub, HUB, type HubModel } from "../../model/hub.ts";
import { own as words } from "../../text/own.ts";
import { fill, type Said, say } from "../../text/say.ts";
import type { Actions, Context } from "../parts/context.ts";
import { focused, focusOn, onEscape } from "../parts/fold.ts";

/** What has been asked for, by the element that asks. */
interface Asked {
  found?: HubModel;
  error: string;
  notice: Said;
  part: string;
  busy?: AbortController | undefined;
}

export { filesFromDrop } from "../../model/files.ts";

const asking = new WeakMap<Actions, Asked>();
const silent: Said = () => "";
const HOST = new URL(HUB).host;

function askedBy(actions: Actions): Asked {
  const known = asking.get(actions) ?? { error: "", notice: silent, part: "" };
  asking.set(actions, known);
  return known;
}

/** Does what takes a while, with its error said in the panel. */
async function during(actions: Actions, work: (signal: AbortSignal, asked: Asked) => Promise<void>): Promise<void> {
  const asked = askedBy(actions);
  asked.busy?.abort();
  const busy = new AbortController();
  Object.assign(asked, { busy, error: "", notice: silent, part: "" });
  actions.openOwn(true);
  try {
    await work(busy.signal, asked);
  } catch (thrown) {
    if (!busy.signal.aborted) asked.error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  if (asked.busy !== busy) return;
  asked.busy = undefined;
  actions.refresh();
}

export function bringFiles(actions: Actions, files: Iterable<File> | Promise<Iterable<File>>): Promise<void> {
  return during(actions, async () => actions.bringModel(await modelFromFiles(await files)));
}

const MB = 1e6;
const sizeOf = (bytes: number | undefined) =>
  bytes === undefined
    ? words.noSize
    : `${bytes < MB ? `${(bytes / 1000).toFixed(0)} KB` : `${(bytes / MB).toFixed(1)} MB`}`;

export function ownModel({ openOwn, actions }: Context): TemplateResult | typeof nothing {
  if (!openOwn) return nothing;
  const t = words;
  const asked = askedBy(actions);
  const onFiles = (event: Event) => void bringFiles(actions, (event.target as HTMLInputElement).files ?? []);
  const field = (event: Event, name: string) =>
    (event.target as HTMLElement).closest(".own-model")?.querySelector<HTMLInputElement>(`[data-own="${name}"]`);
  const find = (event: Event) => {
    event.preventDefault();
    const name = field(event, "name")?.value.trim() ?? "";
    void during(actions, async (signal) => {
      delete asked.found;
      asked.found = await findOnHub(name, { signal });
    });
  };
  const get = (event: Event) => {
    const { found } = asked;
    const keep = field(event, "keep")?.checked ?? false;
    if (!found) return;
    void during(actions, async (signal) => {
      const onProgress = ({ loaded, total }: { loaded: number; total: number }) => {
        asked.part = `${sizeOf(loaded)} / ${sizeOf(total)}`;
        actions.refresh();
      };
      await actions.bringModel(await fetchFromHub(found, { signal, keep, onProgress }));
    });
  };
  const forget = () =>
    during(actions, async () => {
      await forgetHub();
      asked.notice = () => words.forgotten;
    });
  const onKey = onEscape((panel) => {
    focusOn(panel, "[data-field=model]");
    actions.openOwn(false);
  });
  return html`<section class="own-model" aria-label=${t.title} tabindex="-1" ${ref(focused)} @keydown=${onKey}>
    <div class="text-row"><h2 class="grow">${t.title}</h2><button type="button" class="quiet" @click=${() => actions.openOwn(false)}>${t.close}</button></div>
    <p class="hint">${t.help}</p>
    <div class="buttons">
      <label class="quiet file">${t.files}<input type="file" data-own="files" multiple class="visually-hidden" @change=${onFiles}/></label>
      <label class="quiet file">${t.folder}<input type="file" data-own="folder" webkitdirectory class="visually-hidden" @change=${onFiles}/></label>
    </div>
    <form class="text-row" @submit=${find}>
      <label class="grow"><span>${fill(t.hub, { host: HOST })}</span> <input type="text" data-own="name" placeholder=${t.hubName} autocomplete="off" spellcheck="false"/></label>
      <button type="submit" class="quiet" data-own="find">${fill(t.find, { host: HOST })}</button>
    </form>
    ${
      asked.found
        ? html`<div class="text-row found"><span>${fill(t.found, { name: asked.found.name, host: asked.found.host, size: sizeOf(asked.found.bytes) })}</span>
        <label class="check"><input type="checkbox" data-own="keep"/> ${t.keep}</label>
        <button type="button" class="primary" data-own="fetch" @click=${get}>${fill(t.fetch, { size: sizeOf(asked.found.bytes), host: asked.found.host })}</button></div>`
        : nothing
    }
    ${
      asked.busy
        ? html`<p role="status">${asked.part || fill(t.busy, { host: HOST })} <button type="button" class="quiet" @click=${() => asked.busy?.abort()}>${say.models.cancel}</button></p>`
        : nothing
    }
    ${asked.error ? html`<p class="problem" role="alert" data-problem="own">${asked.error}</p>` : nothing}
    ${asked.notice() ? html`<p class="hint" role="status">${asked.notice()}</p>` : nothing}
    <p><button type="button" class="quiet" @click=${forget}>${t.forget}</button></p>
  </section>`;
}
