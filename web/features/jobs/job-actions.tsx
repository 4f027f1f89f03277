// What can be done about a job: the usual beside its state, the rare behind "More".
import { Button, Menu } from "@mantine/core";
import { useState } from "react";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { navigate } from "../../app/router.ts";
import { MoreIcon, PauseIcon, PlayIcon } from "../../components/icons.tsx";
import { DeleteDialog } from "./delete-dialog.tsx";
import { likePath } from "./like-job.ts";
import { priorityChoices, priorityWords } from "./priority-words.ts";
import { ShareDialog } from "./share-dialog.tsx";
import styles from "./job-progress.module.css";

export type JobActionsClient = Pick<
  ClusterClient,
  "pause" | "resume" | "cancel" | "closeJob" | "setPriority" | "forget"
>;

export interface JobActionsProps {
  readonly job: JobView;
  readonly client: JobActionsClient;
}

type Action = "pause" | "resume" | "cancel" | "closeJob";

export function JobActions({ job, client }: JobActionsProps) {
  const [busy, setBusy] = useState<Action | "priority" | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const act = (action: Action | "priority", work: Promise<void>): void => {
    setBusy(action);
    setProblem(null);
    work
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        setBusy(null);
        setIsAsking(false);
      });
  };
  const isActive = job.state === "running" || job.state === "paused";
  return (
    <div className={styles["actions"]}>
      {problem !== null && (
        <span className={styles["problem"]} role="alert">
          {problem}
        </span>
      )}
      {isActive && isAsking && (
        <>
          <span className={styles["question"]}>Stop for good?</span>
          <Button variant="default" onClick={() => setIsAsking(false)}>
            Keep going
          </Button>
          <Button
            color="red"
            loading={busy === "cancel"}
            onClick={() => act("cancel", client.cancel(job.job))}
          >
            Stop
          </Button>
        </>
      )}
      {isActive && !isAsking && (
        <>
          <SteerButtons
            job={job}
            busy={busy}
            onAct={(action) => act(action, client[action](job.job))}
          />
          <Button variant="subtle" color="gray" onClick={() => setIsAsking(true)}>
            Cancel
          </Button>
        </>
      )}
      {!isAsking && (
        <MoreMenu
          job={job}
          client={client}
          onPriority={(priority) => act("priority", client.setPriority(job.job, priority))}
        />
      )}
    </div>
  );
}

interface SteerButtonsProps {
  readonly job: JobView;
  readonly busy: string | null;
  readonly onAct: (action: Exclude<Action, "cancel">) => void;
}

function SteerButtons({ job, busy, onAct }: SteerButtonsProps) {
  return (
    <>
      {job.state === "running" ? (
        <Button
          variant="default"
          leftSection={<PauseIcon sizePx={16} />}
          loading={busy === "pause"}
          onClick={() => onAct("pause")}
        >
          Pause
        </Button>
      ) : (
        <Button
          leftSection={<PlayIcon sizePx={16} />}
          loading={busy === "resume"}
          onClick={() => onAct("resume")}
        >
          Resume
        </Button>
      )}
      {job.isOpen && (
        <Button variant="default" loading={busy === "closeJob"} onClick={() => onAct("closeJob")}>
          Close
        </Button>
      )}
    </>
  );
}

interface MoreMenuProps extends JobActionsProps {
  readonly onPriority: (priority: number) => void;
}

function MoreMenu({ job, client, onPriority }: MoreMenuProps) {
  const [dialog, setDialog] = useState<"share" | "delete" | null>(null);
  const isActive = job.state === "running" || job.state === "paused";
  const like = likePath(job);
  return (
    <>
      {/* Within its landmark, and with nothing in the menu but its items: as screen readers expect. */}
      <Menu
        position="bottom-end"
        shadow="md"
        width={232}
        withinPortal={false}
        withInitialFocusPlaceholder={false}
      >
        <Menu.Target>
          <Button variant="default" rightSection={<MoreIcon sizePx={16} />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {isActive && (
            <>
              <Menu.Label>Priority: higher ones begin first</Menu.Label>
              <Menu.RadioGroup
                value={String(job.priority)}
                onChange={(value) => onPriority(Number(value))}
              >
                {priorityChoices(job.priority).map((priority) => (
                  <Menu.RadioItem key={priority} value={String(priority)}>
                    {priorityWords(priority)}
                  </Menu.RadioItem>
                ))}
              </Menu.RadioGroup>
              <Menu.Divider />
            </>
          )}
          {like !== null && <Menu.Item onClick={() => navigate(like)}>Duplicate…</Menu.Item>}
          <Menu.Item onClick={() => setDialog("share")}>Share link…</Menu.Item>
          <Menu.Item color="red" onClick={() => setDialog("delete")}>
            Delete job…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ShareDialog job={job} isOpen={dialog === "share"} onClose={() => setDialog(null)} />
      <DeleteDialog
        job={job}
        client={client}
        isOpen={dialog === "delete"}
        onClose={() => setDialog(null)}
      />
    </>
  );
}
