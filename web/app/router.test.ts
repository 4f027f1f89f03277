// Checks which page each address means.
import { describe, expect, it } from "vitest";
import { jobPath, routeOf, simulatePath, systemPath, workersPath } from "./router.ts";
import { asJobId } from "../../shared/ids.ts";

const jobId = asJobId(`j_${"aB3-_".repeat(4)}xy`);

describe("routeOf", () => {
  it("knows every page, with or without a trailing slash", () => {
    expect(routeOf("/")).toEqual({ page: "home" });
    expect(routeOf("/join")).toEqual({ page: "join" });
    expect(routeOf("/join/")).toEqual({ page: "join" });
    expect(routeOf(`${simulatePath}/`)).toEqual({ page: "simulate" });
    expect(routeOf(`${workersPath}/`)).toEqual({ page: "workers" });
    expect(routeOf(systemPath)).toEqual({ page: "system" });
  });

  it("finds the job and its view in the addresses that jobPath makes", () => {
    expect(routeOf(jobPath(jobId))).toEqual({ page: "job", jobId, view: "result" });
    expect(jobPath(jobId)).toBe(`/jobs/${jobId}`);
    for (const view of ["stream", "graph"] as const) {
      expect(routeOf(jobPath(jobId, view))).toEqual({ page: "job", jobId, view });
      expect(routeOf(`/jobs/${jobId}/${view}/`)).toEqual({ page: "job", jobId, view });
    }
  });

  it("takes nothing else for a job", () => {
    expect(routeOf("/jobs/")).toEqual({ page: "unknown" });
    expect(routeOf("/jobs/j_short")).toEqual({ page: "unknown" });
    expect(routeOf(`/jobs/${jobId}/more`)).toEqual({ page: "unknown" });
    expect(routeOf(`/jobs/${jobId}/graph/more`)).toEqual({ page: "unknown" });
    expect(routeOf("/joined")).toEqual({ page: "unknown" });
  });
});
