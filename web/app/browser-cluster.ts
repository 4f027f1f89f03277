// The cluster's library over a connected client of this page.
import { createCluster, type Cluster } from "../../shared/client/cluster.ts";
import type { ClusterClient } from "../../shared/client/cluster-client.ts";
import { randomText } from "../../shared/ids.ts";
import { browserClock } from "../transport/browser-clock.ts";
import { createHash } from "../transport/hash.ts";

/** Closing the cluster closes the client. Rejects when WebAssembly is refused. */
export async function browserCluster(client: ClusterClient): Promise<Cluster> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return createCluster(client, {
    hash: await createHash(),
    encode: (text) => encoder.encode(text),
    decode: (bytes) => decoder.decode(bytes),
    clock: browserClock,
    nonce: () => randomText(crypto.getRandomValues(new Uint8Array(16))),
  });
}
