// Hands a file to the browser's own download, from bytes in the page or from an address.

/** The address of a blob is freed once the download has surely begun. */
const FREE_AFTER_MS = 60_000;

export function saveBlob(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  saveFrom(address, name);
  setTimeout(() => URL.revokeObjectURL(address), FREE_AFTER_MS);
}

/** Starts a download; `name` counts where the answer does not name the file itself. */
export function saveFrom(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
