// The line icons of the page (Lucide, ISC), by the name they have here.
import {
  ChevronDown, CircleAlert, CircleUserRound, Eye, EyeOff, Hexagon, House, Inbox, KeyRound, Languages, Layers, LocateFixed,
  Lock, LogOut, Map as MapGlyph, MapPin, Minus, Moon, Plus, ScanSearch, Search, SearchX, Sun, Table2, WifiOff, X, type IconNode,
} from 'lucide'

export const ICONS = {
  alert: CircleAlert, area: MapPin, cell: Hexagon, chevron: ChevronDown, close: X, empty: Inbox, eye: Eye, eyeOff: EyeOff,
  home: LocateFixed, house: House, key: KeyRound, language: Languages, layers: Layers, lock: Lock, map: MapGlyph, minus: Minus,
  moon: Moon, notFound: SearchX, offline: WifiOff, plus: Plus, search: Search, signOut: LogOut, sun: Sun, table: Table2,
  user: CircleUserRound, zoomTo: ScanSearch,
} satisfies Record<string, IconNode>

export type IconName = keyof typeof ICONS
