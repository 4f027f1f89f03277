// The cluster's library over a connected Node client.
import { randomBytes } from "node:crypto";
import { createCluster, type Cluster } from "../shared/client/cluster.ts";
import type { ClusterClient } from "../shared/client/cluster-client.ts";
import { randomText } from "../shared/ids.ts";
import { nodeClock, type NodeTools } from "./node-client.ts";

const decoder = new TextDecoder();

/** Closing the cluster closes the client. */
export const clusterOf = (client: ClusterClient, tools: NodeTools): Cluster =>
  createCluster(client, {
    ...tools,
    decode: (bytes) => decoder.decode(bytes),
    clock: nodeClock,
    nonce: () => randomText(randomBytes(16)),
  });
