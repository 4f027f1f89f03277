// What the join page shows of its worker: sampled for figures, at once for what a person changed.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { CourtesySettings } from "../../../shared/worker/courtesy.ts";
import { createSampler } from "../../app/sampler.ts";
import type { ConnectionFinding } from "../../worker/connection-doctor.ts";
import { startWorker, type WorkerHandle } from "../../worker/start-worker.ts";
import { askedByAddress, isUrgent, type JoinState } from "./join-state.ts";

/** A choice that was made here counts more than the one in the address, also after a reload. */
function forgetAsked(key: "name" | "threads" | "yield"): void {
  const url = new URL(location.href);
  if (!url.searchParams.has(key)) return;
  url.searchParams.delete(key);
  history.replaceState(null, "", url);
}

interface DoctorState {
  readonly isChecking: boolean;
  readonly finding: ConnectionFinding | null;
}

export interface Join {
  readonly worker: WorkerHandle;
  readonly store: StoreApi<JoinState>;
  readonly doctor: StoreApi<DoctorState>;
  rename(name: string): void;
  setCourtesy(settings: Partial<CourtesySettings>): void;
  close(): void;
}

export async function openJoin(token: string): Promise<Join> {
  const worker = await startWorker({ token, ...askedByAddress(location.search) });
  const store = createStore<JoinState>(() => worker.view);
  const sampler = createSampler(() => store.setState(worker.view, true));
  const { doctor } = worker;
  const doctorState = (): DoctorState => ({
    isChecking: doctor.isChecking,
    finding: doctor.finding,
  });
  const doctorStore = createStore<DoctorState>(doctorState);
  const offDoctor = doctor.onChange(() => doctorStore.setState(doctorState(), true));
  const off = worker.onChange((view) => {
    if (isUrgent(store.getState(), view)) store.setState(view, true);
    else sampler.request();
    // The first channel that fails is looked into once; afterwards a person may ask.
    const hasFailed = view.path === "coordinator" && view.pathWhy !== null;
    if (hasFailed && doctor.finding === null && !doctor.isChecking) void doctor.check();
  });
  return {
    worker,
    store,
    doctor: doctorStore,
    rename(name) {
      worker.setName(name);
      forgetAsked("name");
    },
    setCourtesy(settings) {
      worker.setCourtesy(settings);
      if (settings.threads !== undefined) forgetAsked("threads");
      if (settings.givesWay !== undefined) forgetAsked("yield");
    },
    close() {
      off();
      offDoctor();
      sampler.close();
      worker.close();
    },
  };
}
