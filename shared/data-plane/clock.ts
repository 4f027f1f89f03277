// Time as shared code sees it: given from outside, so that tests can hold it in their hands.

export interface Clock {
  /** Milliseconds that never run backwards. */
  nowMs(): number;
  /** Calls `callback` once after `delayMs`; the returned function takes that back. */
  after(delayMs: number, callback: () => void): () => void;
}
