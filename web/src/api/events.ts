// The stream of what changed on the map, as the server tells it to this reader.
//
// A stream that broke is not begun anew here: the one who listens first finds out whether the server is away. What was
// missed meanwhile is told by the server, from the id of the last event on.
export interface ChangedLayer { layer: string; codes: string[] | null; boxes: [number, number, number, number][] }
export interface Change { layers: ChangedLayer[] }

export interface Listener {
  /** The stream stands. */
  onOpen: () => void
  onChange: (change: Change) => void
  /** Steps of warnings were taken. */
  onWarning: () => void
  /** Too much was missed: everything may have changed. */
  onReload: () => void
  /** The stream is gone. `refused`: the server was reached and gave none. */
  onLost: (refused: boolean) => void
}

/** The server sends a heartbeat every 15 s; without two of them the line is dead, though nobody said so. */
const SILENCE_MS = 40_000

let lastId = ''

/** Opens a stream; returns the function that closes it. */
export function followEvents({ onOpen, onChange, onWarning, onReload, onLost }: Listener): () => void {
  const source = new EventSource(`/api/events${lastId ? `?since=${lastId}` : ''}`)
  let timer: ReturnType<typeof setTimeout> | undefined
  let opened = false
  const close = () => {
    clearTimeout(timer)
    source.close()
  }
  const lost = () => {
    close()
    onLost(!opened && navigator.onLine)
  }
  const alive = (event?: MessageEvent) => {
    if (event?.lastEventId) lastId = event.lastEventId
    clearTimeout(timer)
    timer = setTimeout(lost, SILENCE_MS)
  }
  source.addEventListener('open', () => {
    opened = true
    alive()
    onOpen()
  })
  source.addEventListener('heartbeat', alive)
  source.addEventListener('reload', (event) => {
    alive(event)
    onReload()
  })
  source.addEventListener('change', (event) => {
    alive(event)
    onChange(JSON.parse(event.data as string) as Change)
  })
  source.addEventListener('warning', (event) => {
    alive(event)
    onWarning()
  })
  source.addEventListener('error', lost)
  alive()
  return close
}

/** The next person at this machine goes on from nothing. */
export function forgetEvents() {
  lastId = ''
}
