// The two places where kernels are measured alone.
import type { Stage } from "../stage.ts";
import { startBrowserLanes } from "./browser-lanes.ts";
import type { Build, Lane } from "./lane-work.ts";
import { startNodeLanes } from "./node-lanes.ts";

export type Place = "Node" | "the browser";

export const PLACES: readonly Place[] = ["Node", "the browser"];

export const startLanes = (
  stage: Stage,
  place: Place,
  count: number,
): readonly Lane[] | Promise<readonly Lane[]> =>
  place === "Node" ? startNodeLanes(stage, count) : startBrowserLanes(stage, count);

/** The builds that a lane of this place can run; says which one it cannot. */
export async function buildsIn(stage: Stage, place: Place, lane: Lane): Promise<readonly Build[]> {
  const builds = await lane.work.builds();
  if (!builds.includes("fast")) {
    stage.leaveOut(`the fast build in ${place}`, "this version has no relaxed SIMD");
  }
  return builds;
}
