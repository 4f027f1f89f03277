// The global of scripts that "tabswarm run" runs: put /// <reference types="tabswarm/run" /> at their head.
declare const cluster: import("./run-cluster.ts").RunCluster;
