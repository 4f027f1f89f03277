// The fields of the simulation form as text, and the options that they mean, or what is wrong with each.
import {
  ARTICLE_OPTION,
  optionProblem,
  type AsianOption,
  type Control,
} from "../../../shared/monte-carlo/asian-option.ts";
import {
  checkMonteCarlo,
  MonteCarloError,
  SCENARIOS_MAX,
  type MonteCarloOptions,
} from "../../../shared/monte-carlo/plan.ts";
import { formatCount } from "../../components/format.ts";
import { readNumber, readNumbers, readWhole, type Reading } from "./figure-text.ts";

type NumberField = "s0" | "mu" | "sigma" | "strike" | "points" | "stepsPerYear";
export type TextField = NumberField | "paths" | "seed" | "targetStandardError";

export interface SimulationFields extends Readonly<Record<TextField, string>> {
  readonly type: AsianOption["type"];
  readonly discounted: boolean;
  readonly control: Control;
}

export interface SimulationReading {
  /** Null while a field is wrong. */
  readonly options: MonteCarloOptions | null;
  /** One sentence for each field that cannot be as it is. */
  readonly problems: ReadonlyMap<TextField, string>;
}

/** The article's option, with as many paths as give three right figures in seconds. */
export const ARTICLE_FIELDS: SimulationFields = {
  s0: String(ARTICLE_OPTION.s0),
  mu: String(ARTICLE_OPTION.mu),
  sigma: String(ARTICLE_OPTION.sigma),
  strike: String(ARTICLE_OPTION.strike),
  points: formatCount(ARTICLE_OPTION.points),
  stepsPerYear: String(ARTICLE_OPTION.stepsPerYear),
  type: ARTICLE_OPTION.type,
  discounted: ARTICLE_OPTION.discounted,
  paths: "1,000,000",
  control: "none",
  seed: "1",
  targetStandardError: "",
};

/** The form as it was filled in for these options. */
export function fieldsOf(options: MonteCarloOptions): SimulationFields {
  const { scenarios, paths, control, seed, targetStandardError } = options;
  const first = scenarios[0] ?? ARTICLE_OPTION;
  const list = (field: (typeof LIST_FIELDS)[number]): string =>
    [...new Set(scenarios.map((scenario) => scenario[field]))].join(", ");
  return {
    s0: list("s0"),
    sigma: list("sigma"),
    strike: list("strike"),
    mu: String(first.mu),
    points: formatCount(first.points),
    stepsPerYear: String(first.stepsPerYear),
    type: first.type,
    discounted: first.discounted,
    paths: formatCount(paths),
    control,
    seed: String(seed),
    targetStandardError: targetStandardError === null ? "" : String(targetStandardError),
  };
}

/** The fields that may hold several values: every combination of these is a scenario. */
const LIST_FIELDS = ["s0", "sigma", "strike"] as const;

export function readSimulation(fields: SimulationFields): SimulationReading {
  const problems = new Map<TextField, string>();
  const take = <T>(field: TextField, reading: Reading<T>): T | undefined => {
    if ("value" in reading) return reading.value;
    problems.set(field, reading.problem);
    return undefined;
  };
  const lists = {
    s0: take("s0", readNumbers(fields.s0)),
    sigma: take("sigma", readNumbers(fields.sigma)),
    strike: take("strike", readNumbers(fields.strike)),
  };
  const single = {
    mu: take("mu", readNumber(fields.mu)),
    points: take("points", readWhole(fields.points)),
    stepsPerYear: take("stepsPerYear", readWhole(fields.stepsPerYear)),
  };
  const paths = take("paths", readWhole(fields.paths));
  const seed = take("seed", readWhole(fields.seed));
  const hasTarget = fields.targetStandardError.trim() !== "";
  const target = hasTarget
    ? take("targetStandardError", readNumber(fields.targetStandardError))
    : 1;

  // A field that cannot be read is filled with the article's value, so that the others are still looked at.
  const base = { ...ARTICLE_OPTION, ...known(single) };
  const count = gridCount(lists);
  const scenarios = count > SCENARIOS_MAX ? [] : grid(base, lists, fields);
  if (count > SCENARIOS_MAX) noteOnce(problems, longest(lists), gridProblem(lists, count));
  for (const option of scenarios) {
    const problem = optionProblem(option);
    if (problem === null) continue;
    const { field, message } = problem;
    if (field !== "type" && field !== "discounted") noteOnce(problems, field, message);
  }
  const sound: MonteCarloOptions = {
    scenarios: [ARTICLE_OPTION],
    paths: 1_000,
    control: fields.control,
    seed: 1,
    targetStandardError: null,
  };
  const check = (field: TextField, change: Partial<MonteCarloOptions>): void => {
    const message = complaintOf({ ...sound, ...change });
    if (message !== null) noteOnce(problems, field, message);
  };
  if (paths !== undefined) check("paths", { paths });
  if (seed !== undefined) check("seed", { seed });
  if (target !== undefined && hasTarget) {
    check("targetStandardError", { targetStandardError: target });
  }
  // What no single field is to blame for: growth beyond all numbers, which volatility drives.
  if (problems.size === 0) check("sigma", { scenarios });

  const isSound = problems.size === 0 && paths !== undefined && seed !== undefined;
  if (!isSound || target === undefined) return { options: null, problems };
  const targetStandardError = hasTarget ? target : null;
  const { control } = fields;
  return { options: { scenarios, paths, control, seed, targetStandardError }, problems };
}

type Lists = Readonly<Record<(typeof LIST_FIELDS)[number], readonly number[] | undefined>>;

function noteOnce(problems: Map<TextField, string>, field: TextField, message: string): void {
  if (!problems.has(field)) problems.set(field, message);
}

/** The values that could be read. */
const known = (values: Readonly<Record<"mu" | "points" | "stepsPerYear", number | undefined>>) =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<AsianOption>;

const gridCount = (lists: Lists): number =>
  LIST_FIELDS.reduce((product, field) => product * (lists[field]?.length ?? 1), 1);

/** Every combination, the first field changing slowest. */
function grid(
  base: AsianOption,
  lists: Lists,
  { type, discounted }: Pick<AsianOption, "type" | "discounted">,
): AsianOption[] {
  const {
    s0: firsts = [base.s0],
    sigma: sigmas = [base.sigma],
    strike: strikes = [base.strike],
  } = lists;
  return firsts.flatMap((s0) =>
    sigmas.flatMap((sigma) =>
      strikes.map((strike) => ({ ...base, s0, sigma, strike, type, discounted })),
    ),
  );
}

const longest = (lists: Lists): (typeof LIST_FIELDS)[number] =>
  LIST_FIELDS.toSorted((a, b) => (lists[b]?.length ?? 1) - (lists[a]?.length ?? 1))[0] ?? "strike";

const gridProblem = (lists: Lists, count: number): string => {
  const sides = LIST_FIELDS.map((field) => lists[field]?.length ?? 1).filter((side) => side > 1);
  return `${sides.join(" × ")} values make ${formatCount(count)} scenarios; a job has up to ${SCENARIOS_MAX}.`;
};

function complaintOf(options: MonteCarloOptions): string | null {
  try {
    checkMonteCarlo(options);
    return null;
  } catch (error) {
    if (error instanceof MonteCarloError) return error.message;
    throw error;
  }
}
