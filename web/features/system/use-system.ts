// The coordinator's figures for views: asked for while a view that shows them is mounted.
import { useEffect } from "react";
import { useStore } from "zustand";
import { useSession } from "../../app/session.ts";
import type { SystemState } from "./system-store.ts";

export function useSystem(): SystemState {
  const { system } = useSession();
  useEffect(() => system.follow(), [system]);
  return useStore(system.store);
}
