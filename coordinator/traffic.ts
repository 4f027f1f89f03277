// Counts what goes in and out: control messages as they are said, bytes as the sockets count them.
import type { Server } from "node:http";
import type { Socket } from "node:net";

export class Traffic {
  messagesIn = 0;
  messagesOut = 0;
  readonly #open = new Set<Socket>();
  /** Of connections that are closed. */
  #closedBytesIn = 0;
  #closedBytesOut = 0;

  /**
   * Bytes of all connections since the beginning. Control sockets are connections of the HTTP server
   * like any other, so that nothing has to be counted while messages are handled.
   */
  get bytes(): { readonly in: number; readonly out: number } {
    let bytesIn = this.#closedBytesIn;
    let bytesOut = this.#closedBytesOut;
    for (const socket of this.#open) {
      bytesIn += socket.bytesRead;
      bytesOut += socket.bytesWritten;
    }
    return { in: bytesIn, out: bytesOut };
  }

  /** Counts a server's connections; `isEncrypted`: with TLS. */
  watch(server: Server, isEncrypted: boolean): void {
    server.on(isEncrypted ? "secureConnection" : "connection", (socket: Socket) => {
      this.#open.add(socket);
      socket.once("close", () => {
        this.#open.delete(socket);
        this.#closedBytesIn += socket.bytesRead;
        this.#closedBytesOut += socket.bytesWritten;
      });
    });
  }
}
