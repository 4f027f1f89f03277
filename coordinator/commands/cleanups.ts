// What a command must undo, in reverse order, however it ends.

export interface Cleanups {
  add(undo: () => void | Promise<void>): void;
  /** Runs all, even when some fail; idempotent. */
  run(): Promise<void>;
}

export function createCleanups(): Cleanups {
  const undos: (() => void | Promise<void>)[] = [];
  return {
    add: (undo) => void undos.push(undo),
    run: async () => {
      for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) {
        try {
          await undo();
        } catch (error) {
          // The command's own outcome matters more than what could not be tidied up.
          process.stderr.write(`While ending: ${String(error)}\n`);
        }
      }
    },
  };
}
