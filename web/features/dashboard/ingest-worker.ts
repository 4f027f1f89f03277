// The thread that reads tables: parses, keeps the last one, and makes its panels one by one.
import { expose, transfer } from "comlink";
import { measureHalfError, type HalfError } from "../../../shared/correlation/half-error.ts";
import type { ParsedTable } from "../../../shared/ingest/finish-table.ts";
import { describe, panelsOf } from "../../../shared/ingest/panels.ts";
import type { LayoutCorrections } from "../../../shared/ingest/table-layout.ts";
import type { Dataset, Transport } from "../../../shared/protocol/http.ts";
import type { HashedPanel } from "../../../shared/client/cluster-client.ts";
import { asBlockId } from "../../../shared/ids.ts";
import { createHash } from "../../transport/hash.ts";
import { readTable } from "./read-table.ts";
import type { ReadOutcome } from "./table-summary.ts";

interface Held {
  readonly name: string;
  readonly table: ParsedTable;
  panels: Generator<Uint8Array<ArrayBuffer>, void, undefined> | null;
}

/** Begun at once, so that the first panel does not wait for it. */
const hashing = createHash();
// The first panel reports a failure; until there is one nobody listens.
hashing.catch(() => undefined);

let held: Held | null = null;
/** Grows with each read, so that an older one notices that it is not wanted any more. */
let reads = 0;

const thread = {
  async read(
    file: File,
    corrections: LayoutCorrections,
    onProgress: (bytesDone: number) => void,
  ): Promise<ReadOutcome> {
    reads += 1;
    const number = reads;
    // Two tables at once would take twice the memory.
    held = null;
    const result = await readTable(file, {
      corrections,
      onProgress,
      isSuperseded: () => number !== reads,
    });
    if (number !== reads) return { kind: "superseded" };
    if (result.kind !== "read") return result;
    held = { name: file.name, table: result.table, panels: null };
    return { kind: "read", summary: result.summary };
  },

  /** What sending the table in half precision would change; null when none is held. */
  measureHalf(minPeriods: number): HalfError | null {
    return held === null ? null : measureHalfError(held.table, minPeriods);
  },

  /** The dataset's description; null when no table is held. */
  describe(transport: Transport): Omit<Dataset, "panels"> | null {
    return held === null ? null : describe(held.table, held.name, transport);
  },

  /** The next panel, hashed; null after the last. Each can be had once: its memory goes along. */
  async nextPanel(panelSeries: number, transport: Transport): Promise<HashedPanel | null> {
    const hash = await hashing;
    if (held === null) return null;
    held.panels ??= panelsOf(held.table, panelSeries, transport);
    const next = held.panels.next();
    if (next.done === true) return null;
    const bytes = next.value;
    return transfer({ block: asBlockId(hash(bytes)), bytes }, [bytes.buffer]);
  },
};

export type IngestThread = typeof thread;

expose(thread);
