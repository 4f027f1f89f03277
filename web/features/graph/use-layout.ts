// The structure and layout of a graph, made in a thread of their own while the page shows the last.
import { wrap, type Remote } from "comlink";
import { useEffect, useRef, useState } from "react";
import type { JobGraph } from "../../../shared/protocol/telemetry.ts";
import type { GraphLayout } from "./graph-layout.ts";
import type { GraphStructure } from "./graph-structure.ts";
import type { GraphThread } from "./graph-thread.ts";

export interface LaidOut {
  readonly graph: JobGraph;
  readonly structure: GraphStructure;
  readonly layout: GraphLayout;
}

interface Thread {
  readonly remote: Remote<GraphThread>;
  /** Never resolves: comlink's promises never settle when a thread dies. */
  readonly failed: Promise<never>;
  taken: { readonly graph: JobGraph; readonly structure: Promise<GraphStructure> } | null;
}

function startThread(): { readonly thread: Thread; readonly end: () => void } {
  const worker = new Worker(new URL("./graph-thread.ts", import.meta.url), { type: "module" });
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener("error", (event) =>
      reject(new Error(event.message || "The thread that lays graphs out could not start.")),
    );
  });
  // Told to whoever waits for a layout; nobody else need know.
  failed.catch(() => undefined);
  const thread = { remote: wrap<GraphThread>(worker), failed, taken: null };
  return { thread, end: () => worker.terminate() };
}

async function layOut(
  thread: Thread,
  graph: JobGraph,
  unfolded: readonly number[],
): Promise<LaidOut> {
  if (thread.taken?.graph !== graph) {
    const { groups, group, inputs, inputsEnd } = graph;
    thread.taken = { graph, structure: thread.remote.take({ groups, group, inputs, inputsEnd }) };
  }
  const { structure } = thread.taken;
  const both = Promise.all([structure, thread.remote.layout([...unfolded])]);
  const [known, layout] = await Promise.race([both, thread.failed]);
  return { graph, structure: known, layout };
}

/** Null until the first is there; `problem` when the thread failed. */
export function useLayout(
  graph: JobGraph | null,
  unfolded: ReadonlySet<string>,
): { readonly laidOut: LaidOut | null; readonly problem: string | null } {
  const [laidOut, setLaidOut] = useState<LaidOut | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const thread = useRef<Thread | null>(null);
  useEffect(() => {
    const started = startThread();
    thread.current = started.thread;
    return () => {
      thread.current = null;
      started.end();
    };
  }, []);
  useEffect(() => {
    if (graph === null || thread.current === null) return undefined;
    let isCurrent = true;
    const places = graph.groups.flatMap((group, place) => (unfolded.has(group) ? [place] : []));
    layOut(thread.current, graph, places).then(
      (made) => {
        if (isCurrent) setLaidOut(made);
      },
      (error: unknown) => {
        if (isCurrent) setProblem(error instanceof Error ? error.message : String(error));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [graph, unfolded]);
  return { laidOut, problem };
}
