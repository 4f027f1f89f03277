// One thread of all pages of this browser computes on the GPU: more would hold its panels several times.

const LOCK = "tabswarm-gpu";

/** Gives the claim back; null when somebody else has it. A thread that ends loses its claim by itself. */
export type ClaimGpu = () => Promise<(() => void) | null>;

/** Web Locks exist where WebGPU does, in secure contexts. */
export const claimGpu: ClaimGpu = () =>
  new Promise((resolve) => {
    navigator.locks
      .request(LOCK, { ifAvailable: true }, (lock) => {
        if (lock === null) {
          resolve(null);
          return undefined;
        }
        return new Promise<void>((release) => resolve(() => release()));
      })
      // A browser may refuse locks (storage is blocked): then nobody has the GPU.
      .catch(() => resolve(null));
  });
