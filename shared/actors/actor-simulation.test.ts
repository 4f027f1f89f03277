// Actors under hundreds of seeded storms. A failing seed is run alone with
//   SEED=123 npx vitest run shared/actors/actor-simulation.test.ts
import { describe, expect, it } from "vitest";
import { type ActorStory, simulateActors } from "../testing/actor-simulation.ts";

const environment = process.env;
const only = environment["SEED"];
const seedCount = Number(environment["SEEDS"] ?? 400);
const seeds =
  only === undefined ? Array.from({ length: seedCount }, (_, i) => i + 1) : [Number(only)];

function run(seed: number): ActorStory {
  try {
    return simulateActors(seed);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new Error(`Seed ${seed} fails: ${words}`, { cause: error });
  }
}

describe("actors in storms", () => {
  it(
    "[G1][G2][G4][G7][G8][S3][S4] keep every guarantee, whatever happens",
    { timeout: 120_000 },
    () => {
      const total = {
        ok: 0,
        lost: 0,
        gone: 0,
        late: 0,
        adoptions: 0,
        recoveries: 0,
        dropped: 0,
        ended: 0,
      };
      for (const seed of seeds) {
        const story = run(seed);
        total.ok += story.answered["ok"] ?? 0;
        total.lost += story.answered["lost"] ?? 0;
        total.gone += story.answered["gone"] ?? 0;
        total.late += story.answered["late"] ?? 0;
        total.adoptions += story.adoptions;
        total.recoveries += story.recoveries;
        total.dropped += story.dropped;
        total.ended += story.lost;
      }
      if (only !== undefined) return;
      // A storm in which one of these never happens tests nothing of it.
      for (const count of Object.values(total)) expect(count).toBeGreaterThan(seedCount / 4);
    },
  );

  it("[S1] tell the same story for the same seed", () => {
    expect(simulateActors(7).commands).toBe(simulateActors(7).commands);
  });
});
