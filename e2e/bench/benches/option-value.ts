// What a simulation of the article's option must come near to.
import { WrongOutputError } from "../race.ts";

/**
 * The mean payoff of the walk in small steps, without discounting, from a deterministic backward
 * induction over the running sum that converges to ±1e-6.
 */
const ARTICLE_VALUE = 11.612131;
/** Seeds are fixed, so that a true simulation passes always once it passed. */
const ERRORS_ALLOWED = 4;

/** Throws WrongOutputError when an estimate is too many of its own standard errors off. */
export function requireEstimate(
  who: string,
  { estimate, standardError }: { readonly estimate: number; readonly standardError: number },
): void {
  const off = Math.abs(estimate - ARTICLE_VALUE) / standardError;
  if (off <= ERRORS_ALLOWED) return;
  throw new WrongOutputError(
    `${who} estimates ${estimate} ± ${standardError}, which is ${off.toPrecision(2)} standard errors from ${ARTICLE_VALUE}.`,
  );
}
