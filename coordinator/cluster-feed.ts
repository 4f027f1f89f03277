// Tells the clients how the workers and jobs stand, at most four times a second.
import type { CoordinatorMessage } from "../shared/protocol/messages.ts";

/** More often than this no eye can follow. */
const FEED_INTERVAL_MS = 250;

type ClusterMessage = Extract<CoordinatorMessage, { type: "cluster" }>;

export class ClusterFeed {
  readonly #compose: () => ClusterMessage;
  readonly #publish: (message: ClusterMessage) => void;
  #timer: NodeJS.Timeout | undefined;
  #hasNews = false;

  constructor(compose: () => ClusterMessage, publish: (message: ClusterMessage) => void) {
    this.#compose = compose;
    this.#publish = publish;
  }

  /** Something changed: clients learn of it at once, or when the interval since the last is over. */
  changed(): void {
    this.#hasNews = true;
    // The first news waits for the end of the present event, so that all of it goes in one message.
    this.#timer ??= this.#after(0);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#hasNews = false;
  }

  #after(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#beat(), delayMs).unref();
  }

  #beat(): void {
    this.#timer = undefined;
    if (!this.#hasNews) return;
    this.#hasNews = false;
    this.#publish(this.#compose());
    this.#timer = this.#after(FEED_INTERVAL_MS);
  }
}
