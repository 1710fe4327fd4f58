// The workspaces, by the rights they need. What nobody may use is absent, not greyed.
import type { Rights } from '../api/types'
import type { IconName } from '../ui/icons'

export const WORKSPACES = ['today', 'map', 'disputes', 'data', 'admin'] as const
export type WorkspaceName = (typeof WORKSPACES)[number]
export interface Workspace { name: WorkspaceName; icon: IconName; onMap: boolean }

const ALL: (Workspace & { for: (rights: Rights) => boolean })[] = [
  { name: 'today', icon: 'today', onMap: true, for: (r) => r.map && (r.cases || r.published) },
  { name: 'map', icon: 'map', onMap: true, for: (r) => r.map },
  { name: 'disputes', icon: 'cases', onMap: true, for: (r) => r.map && (r.cases || r.published) },
  { name: 'data', icon: 'data', onMap: true, for: (r) => r.map && r.imports },
  { name: 'admin', icon: 'settings', onMap: false, for: (r) => r.users || r.settings || r.audit },
]

export function workspacesOf(rights: Rights): Workspace[] {
  return ALL.filter((it) => it.for(rights)).map(({ name, icon, onMap }) => ({ name, icon, onMap }))
}

/** Where one begins: with the day's work, else the map, else what there is. */
export function firstOf(rights: Rights): string {
  if (rights.audit && !rights.map) return 'audit'
  if (rights.users && !rights.map) return 'admin'
  return rights.map && rights.cases ? 'today' : 'map'
}
