// The cluster's client in Node: control over ws, everything else over HTTP.
import { parseJson } from "../shared/codecs/parse-json.ts";
import { randomBytes } from "node:crypto";
import { createBLAKE3 } from "hash-wasm";
import { WebSocket } from "ws";
import type { ClientPlatform } from "../shared/client/client-platform.ts";
import type { ClusterClient } from "../shared/client/cluster-client.ts";
import {
  openControlSocket,
  type SocketHandlers,
  type SocketLike,
} from "../shared/client/control-socket.ts";
import { createClusterClient } from "../shared/client/create-client.ts";
import { createBlockFetcher, type DirectPath } from "../shared/data-plane/block-fetcher.ts";
import type { Clock } from "../shared/data-plane/clock.ts";
import { TransferError } from "../shared/data-plane/transfer-error.ts";
import type { EncodeText, Hash } from "../shared/graph/task-key.ts";
import { asClientId, randomText } from "../shared/ids.ts";
import { CONTROL_MESSAGE_BYTES_MAX } from "../shared/limits.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import { PROTOCOL_VERSION, type ClientMessage } from "../shared/protocol/messages.ts";
import { createTrust, type NodeFetch, type Trust } from "./node-trust.ts";
import { createNodeBlocks, linkAbort, type LocalStore, preferLocalStore } from "./node-blocks.ts";

export interface NodeTools {
  readonly hash: Hash;
  readonly encode: EncodeText;
}

/** BLAKE3 and UTF-8 for shared code that runs in Node. */
export async function createNodeTools(): Promise<NodeTools> {
  const blake3 = await createBLAKE3();
  const encoder = new TextEncoder();
  return {
    hash: (bytes) => blake3.init().update(bytes).digest("hex"),
    encode: (text) => encoder.encode(text),
  };
}

export const nodeClock: Clock = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Nobody can dial a Node client, and it dials nobody. */
const noDirectPath: DirectPath = {
  state: () => "failed",
  dial: () => Promise.resolve(),
  request: () => Promise.reject(new TransferError("unreachable", "No direct channels here.")),
};

export interface CoordinatorAddress {
  /** "http://host:port", without a path. */
  readonly baseUrl: string;
  readonly token: string;
  /** A certificate authority in PEM format that is trusted besides those that Node knows. */
  readonly ca?: string;
  /** Given when that coordinator runs in this process: its blocks need no network then. */
  readonly store?: LocalStore;
}

/** Connects to a coordinator; tries again by itself. */
export function openNodeClient(address: CoordinatorAddress, tools: NodeTools): ClusterClient {
  const { baseUrl, token, store } = address;
  const trust = createTrust(address.ca);
  const client = asClientId(`c_${randomText(randomBytes(16))}`);
  const control = openControlSocket<ClientMessage>({
    createSocket: (handlers) => openSocket(baseUrl, trust, handlers),
    hello: () => ({ type: "hello", version: PROTOCOL_VERSION, token, role: "client", client }),
    clock: nodeClock,
    random: Math.random,
  });
  const network = createNodeBlocks(baseUrl, token, trust.fetch);
  const blocks = store === undefined ? network : preferLocalStore(store, network);
  const fetcher = createBlockFetcher({
    clock: nodeClock,
    hash: tools.hash,
    direct: noDirectPath,
    coordinator: blocks,
    locate: () => Promise.resolve(null),
    ownPeer: () => null,
    random: Math.random,
  });
  return createClusterClient({
    control,
    blocks: {
      servesPeers: false,
      bytesReceived: fetcher.bytesReceived,
      fetch: (located, signal) => fetcher.fetch(located, signal),
      upload: (block, bytes, signal) => blocks.upload(block, bytes, signal),
      hold: () => undefined,
      release: () => undefined,
      close: () => fetcher.close(),
    },
    openLine: null,
    request: createRequest(baseUrl, token, trust.fetch),
    clock: nodeClock,
    now: Date.now,
    ...tools,
  });
}

function openSocket(
  baseUrl: string,
  { secureContext }: Trust,
  handlers: SocketHandlers,
): SocketLike {
  const url = `${baseUrl.replace(/^http/, "ws")}${httpPaths.control}`;
  const socket = new WebSocket(url, {
    maxPayload: 64 * CONTROL_MESSAGE_BYTES_MAX,
    ...(secureContext === undefined ? {} : { secureContext }),
  });
  socket.on("open", () => handlers.onOpen());
  // Text frames only: the control plane has no others.
  socket.on("message", (data, isBinary) => {
    if (!isBinary && data instanceof Buffer) handlers.onText(data.toString());
  });
  socket.on("close", () => handlers.onClose());
  socket.on("error", () => undefined);
  return {
    send: (text) => socket.send(text),
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    close: () => {
      for (const name of ["open", "message", "close"]) socket.removeAllListeners(name);
      // One that is still connecting emits an error when it is ended, so that listener stays.
      socket.close();
    },
  };
}

function createRequest(
  baseUrl: string,
  token: string,
  fetch: NodeFetch,
): ClientPlatform["request"] {
  return async ({ method, path, body, signal }) => {
    const { abort, release } = linkAbort(signal);
    try {
      const response = await fetch(`${baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: abort.signal,
      });
      const text = await response.text();
      return { status: response.status, body: parseJson(text) };
    } finally {
      release();
    }
  };
}
