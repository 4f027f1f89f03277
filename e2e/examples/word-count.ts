// Counts the words of a text: every worker counts some of its lines, and the counts are added up here.
//   npx tabswarm run e2e/examples/word-count.ts

const rhyme = `This is the farmer sowing his corn
That kept the cock that crowed in the morn
That waked the priest all shaven and shorn
That married the man all tattered and torn
That kissed the maiden all forlorn
That milked the cow with the crumpled horn
That tossed the dog
That worried the cat
That killed the rat
That ate the malt
That lay in the house that Jack built`;

// The function's own text travels, so that it uses nothing but its argument.
function countWords(line: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of line.toLowerCase().match(/[a-z]+/g) ?? []) {
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

const totals = new Map<string, number>();
for (const counts of await cluster.gather(cluster.map(countWords, rhyme.split("\n")))) {
  for (const [word, count] of Object.entries(counts)) {
    totals.set(word, (totals.get(word) ?? 0) + count);
  }
}
const commonest = [...totals].toSorted(([, a], [, b]) => b - a).slice(0, 3);
for (const [word, count] of commonest) console.log(`${word} ${count}`);
