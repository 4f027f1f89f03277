// The kinds of job that the page can show, each with its reader.
import { CORRELATION_KIND } from "../../../shared/correlation/plan.ts";
import { MONTE_CARLO_KIND } from "../../../shared/monte-carlo/plan.ts";
import { openMonteCarloReader, type MonteCarloShown } from "../monte-carlo/monte-carlo-reader.ts";
import { openCorrelationReader, type CorrelationShown } from "./correlation-reader.ts";
import type { Readers } from "./job-reader.ts";

export type JobShown = CorrelationShown | MonteCarloShown;

export const JOB_READERS: Readers<JobShown> = new Map<
  string,
  typeof openCorrelationReader | typeof openMonteCarloReader
>([
  [CORRELATION_KIND, openCorrelationReader],
  [MONTE_CARLO_KIND, openMonteCarloReader],
]);
