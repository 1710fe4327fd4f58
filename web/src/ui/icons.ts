// The line icons of the page (Lucide, ISC), by the name they have here.
import {
  ArrowLeftRight, Check, ChevronDown, ChevronLeft, ChevronRight, CircleAlert, CircleUserRound, Database, Download, Eye, EyeOff, Hexagon, House, Inbox, Info, KeyRound, Languages,
  Layers, List, LocateFixed, Lock, LogOut, Map as MapGlyph, MapPin, MessagesSquare, Minus, Moon, Pause, Pencil, Play, Plus, Presentation, Printer, Ruler, ScanSearch, Search, SearchX,
  Share2, SlidersHorizontal, Sun, Table2, Trash2, TriangleAlert, Undo2, Upload, WifiOff, X, type IconNode,
} from 'lucide'

export const ICONS = {
  alert: CircleAlert, area: MapPin, back: ChevronLeft, cases: MessagesSquare, cell: Hexagon, check: Check, chevron: ChevronDown, close: X, compare: ArrowLeftRight, data: Database,
  download: Download, edit: Pencil, empty: Inbox, eye: Eye, eyeOff: EyeOff, forth: ChevronRight, home: LocateFixed, house: House, info: Info, key: KeyRound, language: Languages,
  layers: Layers, list: List, lock: Lock, map: MapGlyph, minus: Minus, moon: Moon, notFound: SearchX, offline: WifiOff, pause: Pause, play: Play, plus: Plus, print: Printer,
  remove: Trash2, ruler: Ruler, screen: Presentation, search: Search, settings: SlidersHorizontal, share: Share2, signOut: LogOut, sun: Sun, table: Table2, today: Sun,
  undo: Undo2, upload: Upload, user: CircleUserRound, warning: TriangleAlert, zoomTo: ScanSearch,
} satisfies Record<string, IconNode>

export type IconName = keyof typeof ICONS
