// What is asked before a machine is sent away, and what each answer will do.

export type MachineQuestion = "retire" | "remove";

interface QuestionWords {
  readonly title: (name: string) => string;
  readonly text: string;
  readonly yes: string;
  readonly no: string;
}

export const QUESTIONS: Record<MachineQuestion, QuestionWords> = {
  retire: {
    title: (name) => `Let ${name} finish and leave?`,
    text: "It takes no new tasks, ends those that it has begun, and hands over the data that only it holds. Then it leaves, and nothing is computed twice. Its page can join again at any time.",
    yes: "Retire it",
    no: "Keep it",
  },
  remove: {
    title: (name) => `Remove ${name} now?`,
    text: "Its connection ends at once. Tasks that it has begun start again elsewhere, and data that only it holds is computed again. Its page says that it was removed, and can join again.",
    yes: "Remove it",
    no: "Keep it",
  },
};
