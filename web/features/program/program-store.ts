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
  /** Goes on following a job that was over and runs again; nothing when it was not. */
  readonly resume: () => void;
  /** Takes these failures, or all, from the list: they are tried again, and told again if in vain. */
  readonly forget: (tasks: readonly TaskKey[] | null) => void;
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
  const failures = new Map<TaskKey, TargetFailure>();
  let resume: () => void = () => undefined;
  const follow = (): (() => void) => {
    store.setState(empty);
    failures.clear();
    const results = new Map<TaskKey, JobResult>();
    const sampler = createSampler(() => {
      store.setState({
        results: [...results.values()].toReversed().map(listed),
        failures: [...failures.values()].toReversed(),
      });
    }, timers);
    let isOver = false;
    const start = (): (() => void) =>
      client.follow(job, {
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
        onEnd: () => {
          isOver = true;
          sampler.request();
        },
      });
    let stop = start();
    resume = () => {
      if (!isOver) return;
      isOver = false;
      stop = start();
    };
    return () => {
      resume = () => undefined;
      stop();
      sampler.close();
    };
  };
  const forget: ProgramStore["forget"] = (tasks) => {
    for (const task of tasks ?? [...failures.keys()]) failures.delete(task);
    store.setState({ failures: [...failures.values()].toReversed() });
  };
  return { store, follow, resume: () => resume(), forget };
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
