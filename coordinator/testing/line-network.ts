// Direct channels in this process, for tests: clients that can open lines to workers, and ways to cut them.
import { createChannelSession } from "../../shared/data-plane/channel-session.ts";
import type { OpenLine } from "../../shared/data-plane/line.ts";
import {
  createMemoryChannels,
  type MemoryChannel,
} from "../../shared/data-plane/memory-channel.ts";
import type { Cluster } from "../../shared/client/cluster.ts";
import type { ClusterClient } from "../../shared/client/cluster-client.ts";
import { programFailures, untilConnected } from "../../shared/client/until-connected.ts";
import { clusterOf } from "../node-cluster.ts";
import { createNodeTools, nodeClock, openNodeClient } from "../node-client.ts";
import type { Coordinator } from "../start-coordinator.ts";
import type { ActorWorker } from "./actor-worker.ts";

const tools = await createNodeTools();

interface Link {
  readonly worker: ActorWorker;
  readonly near: MemoryChannel;
  readonly far: MemoryChannel;
}

export class LineNetwork {
  readonly workers: ActorWorker[] = [];
  readonly #links = new Set<Link>();

  /** Channels that are open now. */
  get open(): number {
    return [...this.#links].filter(({ near }) => !near.isClosed).length;
  }

  /** A client of this process that has direct channels; each of them carries its own lines only. */
  async connect(coordinator: Coordinator): Promise<Cluster> {
    const baseUrl = `http://127.0.0.1:${coordinator.port}`;
    const client = openNodeClient({ baseUrl, token: coordinator.submitToken }, tools);
    await untilConnected(client, programFailures(baseUrl));
    const openLine = { value: this.#openLine };
    return clusterOf(Object.create(client, { openLine }) as ClusterClient, tools);
  }

  /** What is under way is lost, on both sides. */
  cut(worker?: ActorWorker): void {
    for (const link of this.#links) {
      if (worker === undefined || link.worker === worker) link.near.close();
    }
  }

  /** Nothing comes through any more, which nobody notices. */
  setFrozen(isFrozen: boolean): void {
    for (const { near, far } of this.#links) {
      near.setFrozen(isFrozen);
      far.setFrozen(isFrozen);
    }
  }

  readonly #openLine: OpenLine = async (peer, key, events) => {
    const worker = this.workers.find((worker) => worker.peer === peer);
    if (worker === undefined) return null;
    const [near, far] = createMemoryChannels(nodeClock);
    const link: Link = { worker, near, far };
    this.#links.add(link);
    const lookup = () => null;
    const clock = nodeClock;
    const { answerLine } = worker.host;
    createChannelSession({ channel: far, clock, lookup, answerLine });
    const session = createChannelSession({
      channel: near,
      clock,
      lookup,
      onClose: () => this.#links.delete(link),
    });
    return session.openLine(key, events);
  };
}
