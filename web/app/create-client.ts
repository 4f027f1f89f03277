// Binds the cluster's client to this browser: socket, HTTP, direct channels, hash.
import { parseJson } from "../../shared/codecs/parse-json.ts";
import type { ClientRequest, ClientResponse } from "../../shared/client/client-platform.ts";
import type { AbortSignalLike, ClusterClient } from "../../shared/client/cluster-client.ts";
import { createClusterClient } from "../../shared/client/create-client.ts";
import { asClientId, randomText, type BlockId } from "../../shared/ids.ts";
import { PROTOCOL_VERSION, type ClientMessage } from "../../shared/protocol/messages.ts";
import { browserClock } from "../transport/browser-clock.ts";
import { createBrowserDataPlane } from "../transport/browser-data-plane.ts";
import { openBrowserControl } from "../transport/control-socket.ts";
import { createHash } from "../transport/hash.ts";
import { browserTimers, createSampler } from "./sampler.ts";

/** The coordinator shows paths and rates to people: a report every two seconds is plenty. */
const LINKS_INTERVAL_MS = 2_000;

/** The client of the coordinator that served this page. Rejects when WebAssembly is refused. */
export async function createBrowserClient(token: string): Promise<ClusterClient> {
  const hash = await createHash();
  // A new identity each load: a duplicated tab copies the storage and must not supersede the first.
  const client = asClientId(`c_${randomText(crypto.getRandomValues(new Uint8Array(16)))}`);
  const control = openBrowserControl<ClientMessage>(() => ({
    type: "hello",
    role: "client",
    version: PROTOCOL_VERSION,
    token,
    client,
  }));
  const held = new Map<BlockId, Uint8Array>();
  const plane = createBrowserDataPlane({
    control,
    token,
    hash,
    lookup: (block) => Promise.resolve(held.get(block) ?? null),
  });
  const reports = createSampler(
    () => control.send({ type: "links", links: plane.links() }),
    browserTimers,
    LINKS_INTERVAL_MS,
  );
  plane.onChange(() => reports.request());
  const encoder = new TextEncoder();
  return createClusterClient({
    control,
    blocks: {
      servesPeers: true,
      bytesReceived: plane.bytesReceived,
      fetch: (located, signal) => plane.fetch(located, signal),
      upload: (block, bytes, signal) => plane.upload(block, bytes, signal),
      hold: (block, bytes) => void held.set(block, bytes),
      release: (block) => void held.delete(block),
      close() {
        reports.close();
        plane.close();
        held.clear();
      },
    },
    openLine: plane.openLine,
    request: (request) => sendRequest(request, token),
    hash,
    encode: (text) => encoder.encode(text),
    clock: browserClock,
    now: () => Date.now(),
  });
}

/** The browser's fetch wants its own signal: this one follows the given. */
function followingSignal(signal: AbortSignalLike): {
  readonly signal: AbortSignal;
  stop(): void;
} {
  const abort = new AbortController();
  const onAbort = (): void => abort.abort();
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  return { signal: abort.signal, stop: () => signal.removeEventListener("abort", onAbort) };
}

async function sendRequest(request: ClientRequest, token: string): Promise<ClientResponse> {
  const following = followingSignal(request.signal);
  const { body } = request;
  try {
    const response = await fetch(request.path, {
      method: request.method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: following.signal,
    });
    const text = await response.text();
    return { status: response.status, body: parseJson(text) };
  } finally {
    following.stop();
  }
}
