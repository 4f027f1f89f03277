// A thread that clusters the series, so that the page stays fluid meanwhile.
import { expose } from "comlink";
import { clusterSeries, type Linkage } from "../../../shared/correlation/order.ts";

const orderWorker = {
  /** Takes the condensed correlations (transferred) of n series. */
  cluster: (correlations: Float32Array, n: number): Linkage => clusterSeries(correlations, n),
};

export type OrderWorker = typeof orderWorker;

expose(orderWorker);
