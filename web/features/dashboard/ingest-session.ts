// The page's side of the ingest thread: starts it, asks it, and settles every answer when it dies.
import { proxy, wrap, type Remote } from "comlink";
import type { HashedPanel } from "../../../shared/client/cluster-client.ts";
import type { LayoutCorrections } from "../../../shared/ingest/table-layout.ts";
import type { Dataset, Transport } from "../../../shared/protocol/http.ts";
import type { TableReader } from "./intake-store.ts";
import type { IngestThread } from "./ingest-worker.ts";
import type { ReadOutcome } from "./table-summary.ts";

export interface IngestSession extends TableReader {
  /** What was read last. Rejects when there is none. */
  describe(transport: Transport): Promise<Omit<Dataset, "panels">>;
  /** Its panels in order; they can be walked once. */
  panels(panelSeries: number, transport: Transport): AsyncIterable<HashedPanel>;
}

const DIED =
  "Reading stopped: the browser ended the thread, most likely because memory ran out. " +
  "Close other tabs and try again, or use tabswarm correlate in a terminal.";

/** The thread's answer about the table that it holds. */
function held<T>(answer: T | null): T {
  if (answer === null) throw new Error("No table is held. Choose the file again.");
  return answer;
}

export function openIngestSession(): IngestSession {
  const worker = new Worker(new URL("./ingest-worker.ts", import.meta.url), { type: "module" });
  const thread: Remote<IngestThread> = wrap<IngestThread>(worker);
  // comlink leaves calls unsettled when a thread ends, so each is raced with its death.
  let die: (error: Error) => void = () => undefined;
  const death = new Promise<never>((_resolve, reject) => {
    die = reject;
  });
  death.catch(() => undefined);
  worker.addEventListener("error", () => die(new Error(DIED)));
  worker.addEventListener("messageerror", () => die(new Error(DIED)));
  const alive = <T>(call: Promise<T>): Promise<T> => Promise.race([call, death]);

  async function* panels(panelSeries: number, transport: Transport): AsyncGenerator<HashedPanel> {
    for (;;) {
      const panel = await alive(thread.nextPanel(panelSeries, transport));
      if (panel === null) return;
      yield panel;
    }
  }

  return {
    read(
      file: File,
      corrections: LayoutCorrections,
      onProgress: (bytesDone: number) => void,
    ): Promise<ReadOutcome> {
      return alive<ReadOutcome>(thread.read(file, corrections, proxy(onProgress)));
    },
    async measureHalf(minPeriods) {
      return held(await alive(thread.measureHalf(minPeriods)));
    },
    async describe(transport) {
      return held(await alive(thread.describe(transport)));
    },
    panels,
    close() {
      worker.terminate();
      die(new Error("Reading was ended."));
    },
  };
}
