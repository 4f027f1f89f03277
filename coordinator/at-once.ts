// Asynchronous work on many things, some of them at once: reading files one after the other wastes a disk's time.

/** As many as the thread pool of a Node process and a disk can make use of. */
const AT_ONCE = 16;

/** Rejects with the first failure; what is under way then is not waited for. */
export async function forEachAtOnce<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  // One iterator for all: each takes the next item when it is free.
  const queue = items[Symbol.iterator]();
  const takeTurns = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
}
