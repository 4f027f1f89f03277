// Ranks of one series within its common dates with a mask, written along the dates.
import { countOf, orderOf, runsOf, strideOf } from "./layout";

/**
 * Writes 2·rank - (n + 1) for each of the `n` dates that both have and 0 elsewhere, up to the stride.
 * T is u16 or u32, as the series was prepared. Returns Σ(g³ - g) over the groups of ties among them.
 */
export function restrictRanks<T>(record: usize, mask: usize, n: i32, dates: i32, out: usize): i64 {
  const shift: usize = sizeof<T>() == 2 ? 1 : 2;
  memory.fill(out, 0, (<usize>strideOf(dates)) << shift);
  // Of a date that is preceded by k: 2(k + 1) - (n + 1).
  let rank = 1 - n;
  let ties: i64 = 0;
  let order = orderOf(record);
  let run = runsOf(record);
  const end = order + ((<usize>countOf(record)) << shift);
  while (order < end) {
    const untied = order + ((<usize>load<T>(run)) << shift);
    for (; order < untied; order += sizeof<T>()) {
      const offset = <usize>load<T>(order);
      const common = bitAt(mask, offset >> shift);
      store<T>(out + offset, <T>(rank & -common));
      rank += common << 1;
    }
    const tied = order + ((<usize>load<T>(run + sizeof<T>())) << shift);
    run += 2 * sizeof<T>();
    let group = 0;
    for (let at = order; at < tied; at += sizeof<T>()) {
      group += bitAt(mask, <usize>load<T>(at) >> shift);
    }
    const shared = rank + group - 1;
    for (; order < tied; order += sizeof<T>()) {
      const offset = <usize>load<T>(order);
      store<T>(out + offset, <T>(shared & -bitAt(mask, offset >> shift)));
    }
    rank += group << 1;
    const size = <i64>group;
    ties += size * size * size - size;
  }
  return ties;
}

function bitAt(mask: usize, t: usize): i32 {
  return <i32>((load<u32>(mask + ((t >> 5) << 2)) >> (<u32>t & 31)) & 1);
}
