// Ways out of a sandbox that a function may try. Each says "refused: …", or what it got hold of. They are
// tried twice: as functions, which most of these interfaces are taken from; and where nothing was taken
// away, so that the policy is seen to refuse them by itself.

/** Servers that a function must not reach; `ws` is the first of them as a WebSocket address. */
export interface Prey {
  /** Another machine of the network, and the coordinator itself. */
  readonly urls: readonly string[];
  readonly ws: string;
}

/** Sent as text: nothing outside of it is in reach, which is why each of them tells the tale itself. */
export type BreakOut = (prey: Prey) => Promise<string> | string;

export const breakOuts: Readonly<Record<string, BreakOut>> = {
  async fetch({ urls }) {
    const words: string[] = [];
    for (const url of urls) {
      for (const mode of ["cors", "no-cors"] as const) {
        try {
          await fetch(url, { mode, method: "POST", body: "secret" });
          return `reached ${url}`;
        } catch (error) {
          words.push(String(error));
        }
      }
    }
    return `refused: ${words.join()}`;
  },

  async XMLHttpRequest({ urls }) {
    if (typeof XMLHttpRequest === "undefined") return "refused: there is none";
    for (const url of urls) {
      const isLoaded = await new Promise<boolean>((resolve) => {
        const request = new XMLHttpRequest();
        request.addEventListener("load", () => resolve(true));
        request.addEventListener("error", () => resolve(false));
        request.open("GET", url);
        request.send();
      });
      if (isLoaded) return `reached ${url}`;
      try {
        const request = new XMLHttpRequest();
        request.open("GET", url, false);
        request.send();
        return `reached ${url}, waiting`;
      } catch {
        // As it should be.
      }
    }
    return "refused: all failed";
  },

  async WebSocket({ ws }) {
    const isOpen = await new Promise<boolean>((resolve) => {
      try {
        const socket = new WebSocket(ws);
        socket.addEventListener("open", () => resolve(true));
        socket.addEventListener("error", () => resolve(false));
      } catch {
        resolve(false);
      }
    });
    return isOpen ? "reached" : "refused: it failed";
  },

  async EventSource({ urls: [url = ""] }) {
    if (typeof EventSource === "undefined") return "refused: there is none";
    const isOpen = await new Promise<boolean>((resolve) => {
      const source = new EventSource(url);
      source.addEventListener("open", () => resolve(true));
      source.addEventListener("error", () => {
        source.close();
        resolve(false);
      });
    });
    return isOpen ? "reached" : "refused: it failed";
  },

  WebRTC: () =>
    typeof RTCPeerConnection === "undefined" ? "refused: there is none" : "got RTCPeerConnection",

  async WebTransport({ urls: [url = ""] }) {
    if (typeof WebTransport === "undefined") return "refused: there is none";
    try {
      await new WebTransport(url.replace("http:", "https:")).ready;
      return "reached";
    } catch (error) {
      return `refused: ${String(error)}`;
    }
  },

  importScripts({ urls: [url = ""] }) {
    try {
      // oxlint-disable-next-line typescript/no-unsafe-call -- The type of another kind of Worker.
      (globalThis as unknown as { importScripts(url: string): void }).importScripts(url);
      return "reached";
    } catch (error) {
      return `refused: ${String(error)}`;
    }
  },

  async import({ urls: [url = ""] }) {
    const source = "export default 1";
    const addresses = [url, `data:text/javascript,${source}`];
    if (typeof Blob !== "undefined") {
      addresses.push(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    }
    const words: string[] = [];
    for (const address of addresses) {
      try {
        // oxlint-disable-next-line no-implied-eval -- The test's own build would rewrite `import`.
        await (new Function("url", "return import(url)") as (url: string) => Promise<unknown>)(
          address,
        );
        return `loaded ${address}`;
      } catch (error) {
        words.push(String(error));
      }
    }
    return `refused: ${words.join()}`;
  },

  async IndexedDB() {
    try {
      await new Promise((resolve, reject) => {
        const opening = indexedDB.open("x");
        opening.addEventListener("success", resolve);
        opening.addEventListener("error", () => reject(new Error("it failed")));
      });
      return "opened";
    } catch (error) {
      return `refused: ${String(error)}`;
    }
  },

  async storage() {
    const scope = globalThis as unknown as Record<string, unknown>;
    for (const name of ["localStorage", "sessionStorage", "cookieStore"]) {
      if (scope[name] !== undefined) return `got ${name}`;
    }
    const tries = [
      async (): Promise<unknown> => caches.open("x"),
      async (): Promise<unknown> => navigator.storage.getDirectory(),
      async (): Promise<unknown> => navigator.locks.request("x", () => 1),
    ];
    for (const attempt of tries) {
      const isDone = await attempt().then(
        () => true,
        () => false,
      );
      if (isDone) return `got in: ${String(attempt)}`;
    }
    return "refused: all failed";
  },

  BroadcastChannel() {
    try {
      new BroadcastChannel("tabswarm-workers").postMessage("hello");
      return "opened";
    } catch (error) {
      return `refused: ${String(error)}`;
    }
  },

  "nested Workers": () => {
    const source = "for (;;);";
    const urls = [`data:text/javascript,${source}`];
    if (typeof Blob !== "undefined") urls.push(URL.createObjectURL(new Blob([source])));
    const words: string[] = [];
    for (const url of urls) {
      for (const name of ["Worker", "SharedWorker"]) {
        try {
          const scope = globalThis as unknown as Record<string, new (url: string) => object>;
          const Type = scope[name];
          if (Type === undefined) throw new TypeError(`There is no ${name}.`);
          void new Type(url);
          return `started a ${name}`;
        } catch (error) {
          words.push(String(error));
        }
      }
    }
    return `refused: ${words.join()}`;
  },

  "the page": () => {
    const scope = globalThis as unknown as Record<string, unknown>;
    const names = ["parent", "top", "opener", "document", "window", "frames", "clients"];
    const got = names.filter((name) => scope[name] !== undefined);
    return got.length === 0 ? "refused: nothing of it is here" : `got ${got.join()}`;
  },

  "messages of its own": () => {
    const scope = globalThis as unknown as Record<string, ((data: string) => void) | undefined>;
    const names = ["postMessage", "close"].filter((name) => scope[name] !== undefined);
    return names.length === 0 ? "refused: there is no way" : `got ${names.join()}`;
  },

  "closed doors, opened by a prototype": () => {
    const got: string[] = [];
    for (
      let holder: unknown = globalThis;
      holder !== null;
      holder = Object.getPrototypeOf(holder)
    ) {
      for (const name of ["Worker", "BroadcastChannel", "importScripts", "postMessage", "close"]) {
        if (Object.hasOwn(holder as object, name)) got.push(name);
      }
    }
    return got.length === 0 ? "refused: none has them" : `got ${got.join()}`;
  },
};
