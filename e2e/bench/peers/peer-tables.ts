// Tables and matrices on their way to a Python peer and back, as NPY files of the run's folder.
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { decodeNpy, npyHeader, type NdData } from "../../../shared/codecs/npy.ts";
import type { Precision } from "../../../shared/correlation/plan.ts";
import { makeTable, type TableShape } from "../made-table.ts";
import type { Contender } from "../race.ts";
import type { Stage } from "../stage.ts";
import { createTileCheck, requireClose } from "../tile-check.ts";
import type { PythonPeer } from "./python.ts";

/** Pairs of a matrix that are compared with the reference. */
const CHECKS = 1_000;

interface Timed {
  readonly seconds: number;
}

/** What peers/tables.py does, without a table's name. */
export type TableRequest =
  | { readonly do: "pandas" }
  | { readonly do: "numpy"; readonly precision: Precision }
  | { readonly do: "dask"; readonly partitions: number; readonly workers: number };

/** A table that a peer has in memory. */
export interface PeerTable {
  /** Seconds of the peer's own clock. */
  time(request: TableRequest): Promise<number>;
  /** Does the same once and checks the matrix that comes out; resolves with it. */
  verify(who: string, request: TableRequest): Promise<{ seconds: number; matrix: NdData }>;
  contender(name: string, request: TableRequest): Contender;
}

/** Writes the table, and has the peer read it; not timed, as its files are parsed already. */
export async function sendToPeer(
  stage: Stage,
  peer: PythonPeer,
  shape: TableShape,
): Promise<PeerTable> {
  const { seed, series, dates, missing } = shape;
  const name = `${seed}-${series}-${dates}-${missing}`;
  const path = join(stage.folder, `${name}.npy`);
  await pipeline(Readable.from(npyOf(shape)), createWriteStream(path), { signal: stage.signal });
  await peer.ask({ do: "load", name, path });

  const verify: PeerTable["verify"] = async (who, request) => {
    const save = join(stage.folder, "matrix.npy");
    const { seconds } = await peer.ask<Timed>({ ...request, name, save });
    const matrix = decodeNpy(await readFile(save)).data;
    const all = { rowStart: 0, rowCount: series, colStart: 0, colCount: series };
    const worst = createTileCheck(shape)(all, { r: matrix, n: null }, CHECKS);
    requireClose(who, worst, matrix instanceof Float32Array ? "f32" : "f64", "library");
    return { seconds, matrix };
  };
  const time = async (request: TableRequest): Promise<number> =>
    (await peer.ask<Timed>({ ...request, name })).seconds;
  return {
    time,
    verify,
    contender: (who, request) => ({
      name: who,
      verify: async () => void (await verify(who, request)),
      measure: () => time(request),
    }),
  };
}

/** Series × dates, as NumPy likes to read them. */
function* npyOf(shape: TableShape): Generator<Uint8Array, void, undefined> {
  const table = makeTable(shape);
  yield npyHeader("<f8", [shape.series, shape.dates]);
  for (let series = 0; series < shape.series; series += 1) {
    yield new Uint8Array(table.at(series).buffer);
  }
}
