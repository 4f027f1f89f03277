// The little that the data plane needs of a WebRTC data channel, and of an abort signal.

/** An ordered, reliable channel of binary messages to one peer. Already open. */
export interface Channel {
  /** Queues one message. Throws when the channel is closed. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** Bytes queued and not yet handed to the network. */
  readonly bufferedAmount: number;
  /** One listener each; called until closed. */
  onMessage(listener: (bytes: Uint8Array) => void): void;
  /** `bufferedAmount` fell below the channel's low mark. */
  onLow(listener: () => void): void;
  onClose(listener: () => void): void;
  close(): void;
}
