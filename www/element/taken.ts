/** What was dropped, taken while it can be: the list is emptied when the event is over. */

export interface Taken {
  files: File[];
  items: { entry: FileSystemEntry | null; webkitGetAsEntry(): FileSystemEntry | null; getAsFile(): File | null }[];
}

export function taken(dropped: DataTransfer): Taken {
  const items = [...dropped.items].map((item) => {
    const [entry, file] = [item.webkitGetAsEntry?.() ?? null, item.getAsFile()];
    return { entry, webkitGetAsEntry: () => entry, getAsFile: () => file };
  });
  return { files: [...dropped.files], items };
}
