// A whole correlation job on two workers, from its submission to the last tile, against DataFrame.corr.
import type { NdData } from "../../../shared/codecs/npy.ts";
import { defineBench } from "../bench.ts";
import {
  checkJob,
  jobContender,
  runJob,
  sendTable,
  tilesOf,
  type FinishedJob,
} from "../correlation-job.ts";
import type { TableShape } from "../made-table.ts";
import { sendToPeer, type PeerTable } from "../peers/peer-tables.ts";
import { startPython } from "../peers/python.ts";
import type { Contender } from "../race.ts";
import { raceOn } from "../stage.ts";
import { startSwarm, type Swarm } from "../swarm.ts";
import { requireClose, worse } from "../tile-check.ts";
import { grouped, secondsText, tableText } from "../words.ts";

interface Size {
  readonly dates: number;
  readonly jobs: readonly {
    readonly series: number;
    /** Of the same table, as many as pandas can be waited for; its time grows with their square. */
    readonly peerSeries: number;
    /** How many times faster. */
    readonly goal: number;
  }[];
  readonly rounds: number;
  readonly limitSeconds: number;
}

const SEED = 5_000;

export const wholeJob = defineBench<Size>({
  name: "whole-job",
  sizes: {
    full: {
      dates: 5_284,
      jobs: [
        { series: 3_000, peerSeries: 3_000, goal: 40 },
        { series: 7_000, peerSeries: 2_000, goal: 70 },
      ],
      rounds: 3,
      limitSeconds: 1_800,
    },
    quick: {
      dates: 2_000,
      jobs: [{ series: 2_000, peerSeries: 700, goal: 40 }],
      rounds: 3,
      limitSeconds: 40,
    },
    toy: {
      dates: 100,
      jobs: [{ series: 60, peerSeries: 40, goal: 40 }],
      rounds: 1,
      limitSeconds: 60,
    },
  },
  run: async (stage, { dates, jobs, rounds }) => {
    if (stage.python?.libraries.pandas === undefined) {
      stage.leaveOut("DataFrame.corr", "there is no Python with pandas");
      return;
    }
    const swarm = await startSwarm(stage, { workers: 2, threadsPerWorker: 1 });
    const python = startPython(stage, stage.python, "tables.py");
    for (const { series, peerSeries, goal } of jobs) {
      const shape = { seed: SEED, series, dates, missing: 0.05 };
      const peer = await sendToPeer(stage, python, { ...shape, series: peerSeries });
      const [ours, theirs] = contendersFor(swarm, shape, peer, peerSeries);
      const result = await raceOn(stage, [ours, theirs], rounds);
      const carried = (series / peerSeries) ** 2;
      const pandasSeconds = result.median(theirs.name) * carried;
      const note = carried === 1 ? "" : `, carried over from ${grouped(peerSeries)} series by n²`;
      stage.add({
        work: `${ours.name}, ${tableText(shape)}, f64`,
        measured: secondsText(result.median(ours.name)),
        against: `${theirs.name}, ${secondsText(pandasSeconds)}${note}`,
        figure: { value: result.ratio(theirs.name, ours.name) * carried, unit: "times faster" },
        goal: { bound: "at least", value: goal },
      });
    }
  },
});

function contendersFor(
  swarm: Swarm,
  shape: TableShape,
  peer: PeerTable,
  peerSeries: number,
): readonly [ours: Contender, theirs: Contender] {
  let proven: FinishedJob | null = null;
  const theirs = "DataFrame.corr of pandas";
  return [
    {
      ...jobContender("Whole job on 2 workers", swarm, shape),
      verify: async () => {
        proven = await runJob(swarm, await sendTable(swarm, shape, "f64"));
        await checkJob(proven);
      },
    },
    {
      name: theirs,
      // It comes after ours, and must give the same matrix wherever it has one.
      verify: async () => {
        const { matrix } = await peer.verify(theirs, { do: "pandas" });
        if (proven === null) return;
        const worst = await worstBetween(proven, matrix, peerSeries);
        requireClose("The cluster's matrix, beside that of pandas,", worst, "f64");
        await proven.job.forget();
        proven = null;
      },
      measure: () => peer.time({ do: "pandas" }),
    },
  ];
}

/** The largest difference of all pairs of the first `peerSeries` series. */
async function worstBetween(
  { plan, results }: FinishedJob,
  matrix: NdData,
  peerSeries: number,
): Promise<number> {
  let worst = 0;
  for (const tile of tilesOf(plan)) {
    if (tile.colStart >= peerSeries) continue;
    const { r } = await results.readTile(tile);
    const rows = Math.min(tile.rowCount, peerSeries - tile.rowStart);
    const cols = Math.min(tile.colCount, peerSeries - tile.colStart);
    for (let i = 0; i < rows; i += 1) {
      const line = (tile.rowStart + i) * peerSeries + tile.colStart;
      for (let j = 0; j < cols; j += 1) {
        worst = worse(worst, r[i * tile.colCount + j], matrix[line + j] ?? Infinity);
      }
    }
  }
  return worst;
}
