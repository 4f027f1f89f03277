// Follows the job of a program: its latest results and failures, as far as a person would look at them.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import { decodeBase64 } from "../../../shared/codecs/base64.ts";
import type { TargetFailure } from "../../../shared/graph/task.ts";
import type { JobId, TaskKey } from "../../../shared/ids.ts";
import type { JobResult } from "../../../shared/protocol/messages.ts";
import { decodeValue } from "../../../shared/values/decode-value.ts";
import { createSampler, type SamplerTimers } from "../../app/sampler.ts";
import { formatBytes } from "../../components/format.ts";
import { valueText } from "./value-text.ts";

/** Results and failures that are listed; a program's own output has them all. */
const LISTED_MAX = 100;

export interface ListedResult {
  readonly task: TaskKey;
  /** The value in short, or how large it is. */
  readonly text: string;
}

interface ProgramState {
  /** The latest first. */
  readonly results: readonly ListedResult[];
  readonly failures: readonly TargetFailure[];
}

export interface ProgramStore {
  readonly store: StoreApi<ProgramState>;
  /** Starts following; the answer ends it. */
  readonly follow: () => () => void;
}

const decoder = new TextDecoder();
const decodeText = (bytes: Uint8Array): string => decoder.decode(bytes);

export function createProgramStore(
  client: Pick<ClusterClient, "follow">,
  job: JobId,
  timers: SamplerTimers,
): ProgramStore {
  const empty: ProgramState = { results: [], failures: [] };
  const store = createStore<ProgramState>(() => empty);
  const follow = (): (() => void) => {
    store.setState(empty);
    const results = new Map<TaskKey, JobResult>();
    const failures = new Map<TaskKey, TargetFailure>();
    const sampler = createSampler(() => {
      store.setState({
        results: [...results.values()].toReversed().map(listed),
        failures: [...failures.values()].toReversed(),
      });
    }, timers);
    const stop = client.follow(job, {
      onResults: (news) => {
        for (const result of news) {
          failures.delete(result.task);
          keepLatest(results, result.task, result);
        }
        sampler.request();
      },
      onFailures: (news) => {
        for (const failure of news) keepLatest(failures, failure.task, failure);
        sampler.request();
      },
      onEnd: () => sampler.request(),
    });
    return () => {
      stop();
      sampler.close();
    };
  };
  return { store, follow };
}

function keepLatest<T>(map: Map<TaskKey, T>, task: TaskKey, value: T): void {
  map.delete(task);
  map.set(task, value);
  for (const oldest of map.keys()) {
    if (map.size <= LISTED_MAX) return;
    map.delete(oldest);
  }
}

/** Only what came along is read: looking at a page must not move large results here. */
export function listed({ task, outputs }: JobResult): ListedResult {
  const texts = outputs.map(({ bytes, sizeBytes }) => {
    if (bytes === undefined) return formatBytes(sizeBytes);
    try {
      return valueText(decodeValue(decodeBase64(bytes), { decodeText }));
    } catch {
      return formatBytes(sizeBytes);
    }
  });
  return { task, text: texts.join(", ") };
}
