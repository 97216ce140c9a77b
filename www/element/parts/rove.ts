/** A row of buttons is one stop of the Tab key: arrows move within it. */
export function rove(event: KeyboardEvent): void {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const row = event.currentTarget as HTMLElement;
  const buttons = [...row.querySelectorAll<HTMLElement>("button:not(.swap)")];
  const here = buttons.indexOf(event.target as HTMLElement);
  const next = step !== undefined && here >= 0 ? buttons[here + step] : undefined;
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}
