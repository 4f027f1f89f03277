// Listeners that come and go: the one way in which the client's parts take them.

/** Adds the listener; what is returned takes it away again. */
export function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
