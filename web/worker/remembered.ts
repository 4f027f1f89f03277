// What this browser, or this tab, remembers of a worker; where storage is refused, nothing.

/** A place for texts that never throws. */
export interface Remembering {
  read(key: string): string | null;
  write(key: string, text: string): void;
  forget(key: string): void;
}

/** `open` is asked at each use: storage that is switched off throws when it is only named. */
function remembering(open: () => Storage): Remembering {
  const tryTo = <T>(act: (storage: Storage) => T, otherwise: T): T => {
    try {
      return act(open());
    } catch {
      // Not remembered: the next visit asks again.
      return otherwise;
    }
  };
  return {
    read: (key) => tryTo((storage) => storage.getItem(key), null),
    write: (key, text) => tryTo((storage) => storage.setItem(key, text), undefined),
    forget: (key) => tryTo((storage) => storage.removeItem(key), undefined),
  };
}

/** For all visits of this browser. */
export const browserMemory = remembering(() => localStorage);
/** For this tab, also when it is reloaded or restored. */
export const tabMemory = remembering(() => sessionStorage);

/** A remembered object; null when there is none, or it is damaged. */
export function readObject(
  memory: Remembering,
  key: string,
): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(memory.read(key) ?? "null");
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
