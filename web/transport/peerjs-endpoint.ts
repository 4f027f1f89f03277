// Direct channels between pages through peerjs: the only file that knows the library.
import { type DataConnection, Peer } from "peerjs";
import type { PeerTicket } from "../../shared/client/control-socket.ts";
import type { Channel } from "../../shared/data-plane/channel.ts";
import type { Clock } from "../../shared/data-plane/clock.ts";
import { asPeerId, type PeerId } from "../../shared/ids.ts";
import { httpPaths } from "../../shared/protocol/http.ts";
import { type DialEvidence, watchConnection } from "./dial-evidence.ts";

/** The sender is woken when this much is left to send: enough to keep the wire busy meanwhile. */
const LOW_BYTES = 512 * 2 ** 10;
const FIRST_RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;

/** Our own peer in the signalling: dials others and is dialled. */
export interface Endpoint {
  /** Whether others can be asked for a channel now. */
  readonly isReachable: boolean;
  /** Starts to open a channel. One of the handlers is called at most once; abandoning ends that. */
  connect(peer: PeerId, handlers: DialHandlers): Dial;
  close(): void;
}

interface Dial {
  abandon(): void;
  /** What is known of the attempt up to now; null when none could be made. */
  evidence(): DialEvidence | null;
}

export interface DialHandlers {
  onOpen(channel: Channel): void;
  onFailed(why: string): void;
}

export type OpenEndpoint = (
  ticket: PeerTicket,
  onIncoming: (peer: PeerId, channel: Channel) => void,
) => Endpoint;

/** Why this browser cannot open direct channels, or null when it can. */
export const whyNoDirectChannels = (): string | null =>
  typeof RTCPeerConnection === "undefined"
    ? "This browser has no WebRTC; the coordinator carries the bytes."
    : null;

export const createPeerjsEndpoints =
  (clock: Clock): OpenEndpoint =>
  (ticket, onIncoming) => {
    let peer = createPeer();
    let stopRetry: (() => void) | null = null;
    let failures = 0;
    let isClosed = false;
    /** Dials that have not ended, by the id that the library names in its errors. */
    const dialling = new Map<PeerId, (why: string) => void>();

    function createPeer(): Peer {
      const isSecure = location.protocol === "https:";
      const created = new Peer(ticket.peer, {
        host: location.hostname,
        port: Number(location.port) || (isSecure ? 443 : 80),
        path: httpPaths.signal,
        secure: isSecure,
        token: ticket.ticket,
        // The library's default asks public servers on the internet; a LAN needs none.
        config: { iceServers: [] },
      });
      created.on("open", () => {
        failures = 0;
      });
      created.on("connection", (connection) => {
        const incoming = asPeerId(connection.peer);
        connection.on("open", () => onIncoming(incoming, channelOf(connection)));
        // Without a listener the library would throw; the channel's end is told by its close.
        connection.on("error", () => connection.close());
      });
      created.on("disconnected", retryLater);
      created.on("error", (error) => {
        if (created.destroyed) retryLater();
        if (error.type !== "peer-unavailable") return;
        // The library tells only in the message's last word who it is that cannot be reached.
        const absent = asPeerId(error.message.split(" ").at(-1) ?? "");
        dialling.get(absent)?.("The other machine's page is not reachable.");
      });
      return created;
    }

    /** Signalling was lost: open channels live on, new ones need it again. */
    function retryLater(): void {
      if (isClosed || stopRetry !== null) return;
      const delayMs = Math.min(RETRY_MS_MAX, FIRST_RETRY_MS * 2 ** failures);
      failures += 1;
      stopRetry = clock.after(delayMs, () => {
        stopRetry = null;
        if (peer.destroyed) peer = createPeer();
        else if (peer.disconnected) peer.reconnect();
      });
    }

    function dial(target: PeerId, handlers: DialHandlers): Dial {
      // The library answers with nothing when signalling is lost.
      const connection: DataConnection | undefined =
        peer.destroyed || peer.disconnected
          ? undefined
          : peer.connect(target, { serialization: "raw", reliable: true });
      let isSettled = false;
      const settle = (act: () => void): void => {
        if (isSettled) return;
        isSettled = true;
        dialling.delete(target);
        act();
      };
      if (connection === undefined) {
        const why = "The signalling that opens direct channels is not reachable.";
        queueMicrotask(() => settle(() => handlers.onFailed(why)));
        return { abandon: () => settle(() => undefined), evidence: () => null };
      }
      const evidence = watchConnection(connection.peerConnection);
      const fail = (why: string): void => {
        settle(() => {
          connection.close();
          handlers.onFailed(why);
        });
      };
      dialling.set(target, fail);
      connection.on("open", () => {
        if (isSettled) connection.close();
        else settle(() => handlers.onOpen(channelOf(connection)));
      });
      // An error of an open connection is followed by its close, which the channel tells.
      connection.on("error", () => fail("The browsers found no direct way to each other."));
      connection.on("close", () => fail("The direct channel closed before it was open."));
      return { abandon: () => settle(() => connection.close()), evidence };
    }

    return {
      get isReachable() {
        return peer.open;
      },
      connect(target, handlers) {
        if (peer.open || peer.destroyed || peer.disconnected) return dial(target, handlers);
        // The library drops what it is to send before its socket is open.
        const opening = peer;
        let begun: Dial | null = null;
        const begin = (): void => void (begun = dial(target, handlers));
        opening.once("open", begin);
        return {
          abandon() {
            opening.off("open", begin);
            begun?.abandon();
          },
          evidence: () => begun?.evidence() ?? null,
        };
      },
      close() {
        isClosed = true;
        stopRetry?.();
        peer.destroy();
      },
    };
  };

/** An open connection as a channel. Bytes go around peerjs, which would copy and poll. */
function channelOf(connection: DataConnection): Channel {
  const dataChannel = connection.dataChannel;
  dataChannel.binaryType = "arraybuffer";
  dataChannel.bufferedAmountLowThreshold = LOW_BYTES;
  return {
    send: (bytes) => dataChannel.send(bytes),
    get bufferedAmount() {
      return dataChannel.bufferedAmount;
    },
    onMessage: (listener) =>
      dataChannel.addEventListener("message", (event: MessageEvent<unknown>) => {
        // Text is no frame: an empty message makes the session end with that finding.
        const isBinary = event.data instanceof ArrayBuffer;
        listener(isBinary ? new Uint8Array(event.data) : new Uint8Array());
      }),
    onLow: (listener) => dataChannel.addEventListener("bufferedamountlow", listener),
    onClose(listener) {
      dataChannel.addEventListener("close", listener);
      connection.on("close", listener);
    },
    close: () => connection.close(),
  };
}
