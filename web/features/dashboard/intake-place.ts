// Ties the intake to the cluster's client, the ingest thread and the app's addresses.
import { planCorrelation, transportFor } from "../../../shared/correlation/plan.ts";
import { transportBytes } from "../../../shared/ingest/panels.ts";
import { createHash } from "../../transport/hash.ts";
import { jobPath, navigate } from "../../app/router.ts";
import type { Session } from "../../app/session.ts";
import { openIngestSession, type IngestSession } from "./ingest-session.ts";
import type { IntakePlace } from "./intake-store.ts";

export function intakePlace({ library }: Session): IntakePlace<IngestSession> {
  return {
    openReader: openIngestSession,
    async upload(reader, options, onProgress, signal) {
      const transport = transportFor(options);
      const description = await reader.describe(transport);
      const { series, dates, panelSeries } = description;
      const bytesTotal = series.length * dates.length * transportBytes(transport);
      return library.uploadDataset({
        description,
        panels: reader.panels(panelSeries, transport),
        onProgress: (bytesDone) => onProgress(Math.min(bytesDone, bytesTotal), bytesTotal),
        signal,
      });
    },
    dataset: (dataset) => library.dataset(dataset),
    async submit(record, options) {
      const encoder = new TextEncoder();
      const plan = planCorrelation(record, options, {
        threads: library.threads,
        hash: await createHash(),
        encode: (text) => encoder.encode(text),
      });
      const job = await library.compute(plan.calls, plan.job);
      // Its page follows it, as it does jobs of others.
      job.leave();
      return job.id;
    },
    onSubmitted: (job) => navigate(jobPath(job)),
  };
}
