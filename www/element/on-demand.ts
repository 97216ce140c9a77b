/** What is loaded when it is first asked for. What failed to come is asked for again: the next one may have the network back.
 * Firefox (ESR 153) holds to the failure of a module until the page is loaded anew. */
export function onDemand<T>(load: () => Promise<T>): () => Promise<T> {
  let coming: Promise<T> | undefined;
  return () => {
    coming ??= load().catch((error: unknown) => {
      coming = undefined;
      throw error;
    });
    return coming;
  };
}
