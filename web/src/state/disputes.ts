// The Disputes workspace: what is asked, what came, what the map draws of it, and the place whose figures are shown.
//
// One analysis colours the map; the rates of the same question say what stands behind each place. Answers are kept here
// until data moves; then they are old, the page says so and offers to ask anew. Readers without case rights are answered
// from published numbers by the server; the page adds nothing to what it is told.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { analyse, cancelResult, findResult, type Analysed, type AnalysisName, type AnalysisParams, type AnalysisResult, type AnalysisRow, type PlaceLevel } from '../api/analyses'
import { asProblem, Problem } from '../api/problem'
import { aYearBefore, expectedIn, LOUD, OF_CASES, periodBefore, rateOfSum, sumOf, windows, type Days } from '../lib/disputes'
import { addDays, today, TOO_FEW } from '../lib/rates'
import { useCaseFilter } from './caseFilter'
import type { DisputesAddress } from './disputesAddress'
import { useSession } from './session'
import { useWarnings } from './warnings'

export type Shown =
  | { state: 'loading' }
  | { state: 'running'; result: AnalysisResult }
  | { state: 'ready'; answer: Analysed }
  | { state: 'failed'; problem: Problem }
  | { state: 'cancelled' }

const FRAMES = 12
const FRAME_MONTHS = 3

export interface Frame { month: string; days: Days; answer: Analysed }

export const useDisputes = defineStore('disputes', () => {
  const session = useSession()
  const filter = useCaseFilter()
  const show = ref<DisputesAddress['show']>('hot_spots')
  const level = ref<PlaceLevel | null>(null)
  const place = ref<string | null>(null)
  const group = ref<string | null>(null)
  const warning = ref<string | null>(null)
  const brief = ref(false)
  const shown = shallowRef<Shown>({ state: 'loading' })
  /** The last answer stays on the map while the next is made. */
  const drawn = shallowRef<Analysed | null>(null)
  /** Rates of the same question; the ground of tooltip, funnel and comparison. */
  const rates = shallowRef<Analysed | null>(null)
  const stale = ref(false)
  /** The answer whose tiles give the places their shape: it stays while the same places are spoken of. */
  const geometry = shallowRef<{ id: number; places: boolean; of: string } | null>(null)
  const warnings = useWarnings()
  /** The places that warnings speak of; all others step back. */
  const lit = computed(() => (show.value === 'warnings' ? warnings.lit : null))
  let kept = new Map<string, Analysed>()
  let running: AbortController | undefined

  /** The next person at this machine begins with nothing. */
  watch(() => session.me?.user.account, () => {
    running?.abort()
    stopFrames()
    kept = new Map()
    for (const it of [drawn, geometry, rates, earlier, strict, shares, frames]) it.value = null
    shown.value = { state: 'loading' }
    stale.value = false
  })

  const published = computed(() => !session.me?.rights.cases)
  const within = computed(() => (session.me && session.me.home.code !== 'all' ? session.me.home.code : null))
  const named = computed<AnalysisName>(() => (show.value === 'warnings' ? 'rates' : show.value))

  const params = computed<AnalysisParams>(() => {
    const { categories, sources, states, from, to } = filter.choice
    return {
      ...(within.value && { within: within.value }),
      ...(show.value === 'warnings' ? { level: 'cell' } : level.value && { level: level.value }), // warnings speak of cells
      ...(from && { from }), ...(to && { to }),
      ...(published.value ? { ...(group.value && { group: group.value }) } : {
        ...(categories.length && { category: categories }), ...(sources.length && { source: sources }), ...(states.length && { state: states }),
      }),
    }
  })
  const key = computed(() => JSON.stringify([named.value, params.value]))

  async function ask(name: AnalysisName, asked: AnalysisParams, signal: AbortSignal, onRunning?: (result: AnalysisResult) => void): Promise<Analysed> {
    const id = JSON.stringify([name, asked])
    const known = kept.get(id)
    if (known) return known
    const answer = await analyse(name, asked, { signal, onRunning })
    kept.set(id, answer)
    return answer
  }

  /** Asks what the page stands for now; what was asked before is given up. */
  async function load() {
    running?.abort()
    const control = (running = new AbortController())
    const { signal } = control
    if (!kept.has(key.value)) shown.value = { state: 'loading' }
    try {
      await session.loadCodes()
      // what the server would refuse is not asked
      if (published.value && OF_CASES.includes(named.value)) throw new Problem('forbidden', 403)
      const answer = await ask(named.value, params.value, signal, (result) => !signal.aborted && (shown.value = { state: 'running', result }))
      if (signal.aborted) return
      drawn.value = answer
      shapeBy(answer)
      shown.value = { state: 'ready', answer }
      stale.value = false
      const ground = named.value === 'rates' ? answer : await ask('rates', params.value, signal)
      if (!signal.aborted) rates.value = ground
    } catch (thrown) {
      if (signal.aborted) return
      const problem = asProblem(thrown)
      shown.value = problem.kind === 'conflict' ? { state: 'cancelled' } : { state: 'failed', problem }
    }
  }

  function shapeBy({ result }: Analysed) {
    const places = result.analysis !== 'clusters'
    const of = places ? `${result.params.within} ${result.params.level}` : String(result.id)
    if (geometry.value?.of !== of) geometry.value = { id: result.id, places, of }
  }

  /** Calls off what takes too long. */
  async function cancel() {
    if (shown.value.state !== 'running') return
    const { result } = shown.value
    running?.abort()
    shown.value = { state: 'cancelled' }
    await cancelResult(result).catch(() => {}) // it may have ended meanwhile
  }

  /** Data moved: is what is shown still true? */
  async function moved(layers: Set<string> | null) {
    if (!layers || layers.has('warnings')) void warnings.heard()
    if (layers?.size === 1 && layers.has('warnings')) return
    if (shown.value.state === 'failed' && shown.value.problem.kind === 'offline') return void load()
    if (!drawn.value || stale.value) return
    const asked = drawn.value.result
    try {
      const now = await findResult(asked, { background: true })
      if (now.stale && drawn.value?.result.id === asked.id) stale.value = true
    } catch {
      // said by state/live
    }
  }
  function again() {
    kept = new Map()
    frames.value = null
    geometry.value = null
    return load()
  }

  /** The days of the answer: those asked for, or as the server settled them. */
  const days = computed<Days | null>(() => {
    const it = rates.value?.result.params ?? drawn.value?.result.params
    return it ? { from: it.from, to: it.to } : null
  })
  const ratesWith = (asked: AnalysisParams, signal: AbortSignal) => ask('rates', { ...params.value, ...asked }, signal)

  /** The same places in the period before and a year before. */
  const earlier = shallowRef<{ key: string; before: Analysed | null; year: Analysed | null } | null>(null)
  async function compare(signal: AbortSignal) {
    const at = days.value
    if (!at || earlier.value?.key === key.value) return
    const asked = key.value
    const one = async (period: Days) => ratesWith({ ...period, level: rates.value!.result.params.level }, signal).catch((thrown) => (signal.aborted ? Promise.reject(thrown) : null))
    const before = await one(periodBefore(at))
    const year = await one(aYearBefore(at))
    if (!signal.aborted && asked === key.value) earlier.value = { key: asked, before, year }
  }

  /** Limits of the funnel for the strict line: 99.8 %. */
  const strict = shallowRef<{ key: string; answer: Analysed } | null>(null)
  async function strictFunnel(signal: AbortSignal) {
    if (published.value || strict.value?.key === key.value) return
    const answer = await ratesWith({ alpha: 0.002 }, signal)
    if (!signal.aborted) strict.value = { key: key.value, answer }
  }
  /** Of each place, how many of all its cases are of the chosen kinds. */
  const shares = shallowRef<{ key: string; of: Map<string, number> } | null>(null)
  async function share(signal: AbortSignal) {
    if (published.value || !filter.categories.length || shares.value?.key === key.value) return
    const answer = await ratesWith({ denominator: 'incidents' }, signal)
    const of = new Map(answer.rows.filter((row) => row.code && row.denominator).map((row) => [row.code!, row.count! / row.denominator!]))
    if (!signal.aborted) shares.value = { key: key.value, of }
  }

  // the animation: a year of windows of three months, all asked before it plays
  const frames = shallowRef<Frame[] | null>(null)
  const frame = ref<string | null>(null)
  const preparing = ref<{ done: number; of: number } | null>(null)
  let framing: AbortController | undefined
  let framesOf = ''
  async function prepare() {
    const asked = JSON.stringify({ ...params.value, from: '', to: '' })
    if (frames.value && framesOf === asked) return
    framing?.abort()
    const control = (framing = new AbortController())
    // half a month looks like a fall; published numbers are whole months anyway
    const end = published.value ? (days.value?.to ?? today()).slice(0, 7) : addDays(`${today().slice(0, 7)}-01`, -1).slice(0, 7)
    const wanted = windows(end, FRAMES, FRAME_MONTHS)
    const made: Frame[] = []
    preparing.value = { done: 0, of: wanted.length }
    try {
      const at = drawn.value?.result.params.level
      for (const { month, days: period } of wanted) {
        const answer = await ask('hot_spots', { ...params.value, ...(at && { level: at }), ...period }, control.signal)
        made.push({ month, days: period, answer })
        preparing.value = { done: made.length, of: wanted.length }
      }
      frames.value = made
      framesOf = asked
      frame.value ??= made[made.length - 1]!.month
    } catch (thrown) {
      if (!control.signal.aborted) throw thrown
    } finally {
      if (framing === control) preparing.value = null
    }
  }
  async function animate() {
    try {
      await prepare()
    } catch (thrown) {
      shown.value = { state: 'failed', problem: asProblem(thrown) }
    }
  }
  function stopFrames() {
    framing?.abort()
    preparing.value = null
    frame.value = null
  }
  const frameNow = computed(() => (frame.value && frames.value ? (frames.value.find((it) => it.month === frame.value) ?? null) : null))

  /** What the legend speaks of: a frame of the animation, or the answer. */
  const told = computed<Analysed | null>(() => frameNow.value?.answer ?? drawn.value)
  const rowOf = computed(() => new Map((rates.value?.rows ?? []).map((row) => [row.code ?? '', row])))
  const classOf = computed(() => new Map((told.value?.rows ?? []).flatMap((row): [string, AnalysisRow][] => (row.code ? [[row.code, row]] : []))))
  const whole = computed(() => sumOf(rates.value?.rows ?? []))

  /** What can be said of a place; a rate of fewer than three cases says nothing. */
  function sayOf(code: string) {
    const row = rowOf.value.get(code)
    const its = classOf.value.get(code)
    const counted = row?.count !== undefined
    const few = counted ? row!.count! < TOO_FEW : row?.rate_per_1000_households_year === undefined
    const period = days.value
    return {
      row, its, counted, few,
      name: its ?? row ?? null,
      rate: counted && period && !few ? rateOfSum({ count: row!.count!, households: row!.denominator ?? 0 }, period) : null,
      publishedRate: row?.rate_per_1000_households_year ?? null,
      expected: row && counted ? expectedIn(row, whole.value) : null,
      share: shares.value?.key === key.value ? (shares.value.of.get(code) ?? null) : null,
      loud: its ? LOUD.includes(its.class) : false,
    }
  }

  function read(address: DisputesAddress) {
    show.value = address.show
    level.value = address.level
    place.value = address.place
    group.value = address.group
    warning.value = address.warning
    brief.value = address.brief
    frame.value = address.frame
  }
  const address = computed<DisputesAddress>(() => ({
    show: show.value, level: level.value, place: place.value, group: group.value, frame: frame.value, warning: warning.value, brief: brief.value,
  }))

  return {
    show, level, place, group, warning, brief, shown, drawn, geometry, rates, stale, published, within, params, key, days, earlier, strict, shares, frames, frame, preparing, frameNow, told,
    rowOf, classOf, whole, address, load, cancel, moved, again, compare, strictFunnel, share, animate, stopFrames, lit, sayOf, read,
  }
})
