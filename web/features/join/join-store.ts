// What the join page shows of its worker: sampled for figures, at once for what a person changed.
import { createStore, type StoreApi } from "zustand/vanilla";
import { createSampler } from "../../app/sampler.ts";
import { startWorker, type WorkerHandle } from "../../worker/start-worker.ts";
import { askedByAddress, isUrgent, type JoinState } from "./join-state.ts";

/** A name that was given here counts more than the one in the address, also after a reload. */
function forgetAskedName(): void {
  const url = new URL(location.href);
  if (!url.searchParams.has("name")) return;
  url.searchParams.delete("name");
  history.replaceState(null, "", url);
}

export interface Join {
  readonly worker: WorkerHandle;
  readonly store: StoreApi<JoinState>;
  rename(name: string): void;
  close(): void;
}

export async function openJoin(token: string): Promise<Join> {
  const worker = await startWorker({ token, ...askedByAddress(location.search) });
  const store = createStore<JoinState>(() => worker.view);
  const sampler = createSampler(() => store.setState(worker.view, true));
  const off = worker.onChange((view) => {
    if (isUrgent(store.getState(), view)) store.setState(view, true);
    else sampler.request();
  });
  return {
    worker,
    store,
    rename(name) {
      worker.setName(name);
      forgetAskedName();
    },
    close() {
      off();
      sampler.close();
      worker.close();
    },
  };
}
