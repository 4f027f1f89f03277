// Copies text on every page: plain http has no navigator.clipboard, so the old command serves there.

/** Copies what `field` holds and answers whether it worked; the text is left selected either way. */
export async function copyFrom(field: HTMLInputElement): Promise<boolean> {
  field.focus();
  field.select();
  // Typed as always there, but browsers leave it out on pages that are not a secure context.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard !== undefined) {
    try {
      await clipboard.writeText(field.value);
      return true;
    } catch {
      // Permission refused; the command below needs none.
    }
  }
  return document.execCommand("copy");
}
