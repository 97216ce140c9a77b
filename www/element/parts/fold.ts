/** What hangs from a summary closes with Escape, before that lets a held cell go. */
export function closeOnEscape(event: KeyboardEvent): void {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  event.preventDefault();
  const details = event.currentTarget as HTMLDetailsElement;
  details.open = false;
  details.querySelector("summary")?.focus();
}
