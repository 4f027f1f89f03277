// The task stream of one job; choosing an attempt tells the story of its task.
import { useState } from "react";
import { TaskStreamView } from "../stream/task-stream.tsx";
import type { OtherViewProps } from "./job-tabs.tsx";
import { StoryDialog } from "./story-dialog.tsx";

export function JobStream({ jobId, client }: OtherViewProps) {
  const [attempt, setAttempt] = useState<number | null>(null);
  return (
    <>
      <TaskStreamView key={jobId} jobId={jobId} client={client} onSelect={setAttempt} />
      <StoryDialog
        client={client}
        subject={attempt === null ? null : { attempt }}
        onClose={() => setAttempt(null)}
      />
    </>
  );
}
