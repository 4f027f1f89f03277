// A thread that lays graphs out, so that the page stays fluid meanwhile.
import { expose } from "comlink";
import type { JobGraph } from "../../../shared/protocol/telemetry.ts";
import { layoutGraph, type GraphLayout } from "./graph-layout.ts";
import { structureOf, type GraphStructure } from "./graph-structure.ts";

let structure: GraphStructure | null = null;

const graphThread = {
  /** Takes a graph, and answers with what the page needs of it to draw edges and follow them. */
  take(graph: Pick<JobGraph, "groups" | "group" | "inputs" | "inputsEnd">): GraphStructure {
    structure = structureOf(graph);
    return structure;
  },
  /** Of the graph that was taken last. */
  layout(unfolded: readonly number[]): GraphLayout {
    if (structure === null) throw new Error("The thread was asked for a layout before a graph.");
    return layoutGraph(structure, unfolded);
  },
};

export type GraphThread = typeof graphThread;

expose(graphThread);
