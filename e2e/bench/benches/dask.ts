// A whole correlation job on two workers, against Dask's .corr() on two workers, which may take for ever.
import { setTimeout as delay } from "node:timers/promises";
import { unlessAborted } from "../../../coordinator/commands/unless-aborted.ts";
import { defineBench } from "../bench.ts";
import { jobContender } from "../correlation-job.ts";
import { sendToPeer, type PeerTable, type TableRequest } from "../peers/peer-tables.ts";
import { startPython } from "../peers/python.ts";
import { raceOn, type Stage } from "../stage.ts";
import { startSwarm } from "../swarm.ts";
import { secondsText, tableText } from "../words.ts";

interface Size {
  readonly series: number;
  readonly dates: number;
  readonly partitions: number;
  /** A run of Dask that takes longer is ended. */
  readonly daskLimitSeconds: number;
  readonly rounds: number;
  readonly limitSeconds: number;
}

const SEED = 6_000;
const DASK = "Dask’s .corr()";
const OURS = "Whole job on 2 workers";

export const dask = defineBench<Size>({
  name: "dask",
  sizes: {
    full: {
      series: 1_000,
      dates: 5_284,
      partitions: 20,
      daskLimitSeconds: 240,
      rounds: 5,
      limitSeconds: 600,
    },
    quick: {
      series: 100,
      dates: 500,
      partitions: 20,
      daskLimitSeconds: 8,
      rounds: 3,
      limitSeconds: 25,
    },
    toy: {
      series: 12,
      dates: 60,
      partitions: 2,
      daskLimitSeconds: 12,
      rounds: 1,
      limitSeconds: 60,
    },
  },
  run: async (stage, size) => {
    const { python } = stage;
    if (python?.libraries.dask === undefined || python.libraries.distributed === undefined) {
      stage.leaveOut(DASK, "there is no Python with Dask and its distributed scheduler");
      return;
    }
    const { series, dates, partitions, rounds } = size;
    const shape = { seed: SEED, series, dates, missing: 0.05 };
    const request = { do: "dask", partitions, workers: 2 } as const;
    const peer = startPython(stage, python, "tables.py");
    const table = await sendToPeer(stage, peer, shape);
    const hasEnded = await endsInTime(stage, table, request, size.daskLimitSeconds);
    if (!hasEnded) peer.kill();

    const swarm = await startSwarm(stage, { workers: 2, threadsPerWorker: 1 });
    const ours = jobContender(OURS, swarm, shape);
    // The run that had to end in time was verified already.
    const verify = (): Promise<void> => Promise.resolve();
    const theirs = hasEnded ? [{ ...table.contender(DASK, request), verify }] : [];
    const result = await raceOn(stage, [ours, ...theirs], rounds);
    const seconds = hasEnded ? result.median(DASK) : size.daskLimitSeconds;
    stage.add({
      work: `${OURS}, ${tableText(shape)}, f64`,
      measured: secondsText(result.median(OURS)),
      against: `${DASK}, ${partitions} partitions, 2 workers, ${hasEnded ? "" : "more than "}${secondsText(seconds)}`,
      figure: {
        value: hasEnded ? result.ratio(DASK, OURS) : seconds / result.median(OURS),
        unit: "times faster",
        isLeast: !hasEnded,
      },
      goal: { bound: "at least", value: 100 },
    });
  },
});

/** Whether Dask gives the right matrix within the limit. */
async function endsInTime(
  stage: Stage,
  table: PeerTable,
  request: TableRequest,
  limitSeconds: number,
): Promise<boolean> {
  stage.say(`  ${DASK}, up to ${limitSeconds} s`);
  const limit = new AbortController();
  const late = delay(1_000 * limitSeconds, false, { signal: limit.signal });
  const verified = table.verify(DASK, request).then(() => true);
  // The one that comes second ends by itself: at the peer's end, or by the abort below.
  verified.catch(() => undefined);
  late.catch(() => undefined);
  try {
    return await unlessAborted(Promise.race([verified, late]), stage.signal);
  } finally {
    limit.abort();
  }
}
