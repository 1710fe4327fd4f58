// Numbers, codes and times as people read them. The unit itself is a word and stands in the locales.

export type Lang = 'zh-CN' | 'en'

const GROUPS = [6, 3, 3, 3]

/** `990321001009002` → `990321 001 009 002` */
export function groupCode(code: string): string {
  const parts: string[] = []
  let rest = code
  for (const length of GROUPS) {
    if (!rest) break
    parts.push(rest.slice(0, length))
    rest = rest.slice(length)
  }
  return rest ? [...parts, rest].join(' ') : parts.join(' ')
}

/** Thousands with a comma, a true minus, no decimals unless asked for. */
export function formatNumber(value: number, decimals = 0): string {
  const text = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value)
  return text.replace('-', '−')
}

/** A class bound or a density: as many figures as matter, trailing zeros dropped. */
export function formatBound(value: number): string {
  const decimals = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 2
  return formatNumber(value, decimals).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')
}

export function formatKm2(area_m2: number): string {
  const km2 = area_m2 / 1e6
  return formatNumber(km2, km2 < 10 ? 2 : km2 < 100 ? 1 : 0)
}

/** A range of people, rounded outwards to tens: `700–900`; null when nothing is known. */
export function formatRange(low: number | null | undefined, high: number | null | undefined): string | null {
  if (low == null || high == null) return null
  const [from, to] = [Math.floor(low / 10) * 10, Math.ceil(high / 10) * 10]
  return from === to ? formatNumber(to) : `${formatNumber(from)}–${formatNumber(to)}`
}

/** `11月24日 08:05` · `24 Nov, 08:05`; the year only when it is not the year of `now`. */
export function formatInstant(instant: string | Date, lang: Lang, now: Date): string {
  const at = new Date(instant)
  if (Number.isNaN(at.getTime())) return ''
  const time = `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
  const otherYear = at.getFullYear() !== now.getFullYear()
  if (lang === 'zh-CN') {
    return `${otherYear ? `${at.getFullYear()}年` : ''}${at.getMonth() + 1}月${at.getDate()}日 ${time}`
  }
  const month = new Intl.DateTimeFormat('en-GB', { month: 'short' }).format(at)
  return `${at.getDate()} ${month}${otherYear ? ` ${at.getFullYear()}` : ''}, ${time}`
}

/** A civil day: `11月24日` · `24 Nov`; the year only when it is not the year of `now`. */
export function formatDay(day: string, lang: Lang, now: Date): string {
  const [year, month, date] = day.slice(0, 10).split('-').map(Number)
  if (!year || !month || !date) return ''
  const other = year !== now.getFullYear()
  if (lang === 'zh-CN') return `${other ? `${year}年` : ''}${month}月${date}日`
  const short = new Intl.DateTimeFormat('en-GB', { month: 'short' }).format(new Date(year, month - 1, 1))
  return `${date} ${short}${other ? ` ${year}` : ''}`
}

/** A length for a scale bar that is at most `metres`: 1, 2 or 5 times a power of ten. */
export function niceLength(metres: number): number {
  const power = 10 ** Math.floor(Math.log10(metres))
  const step = metres / power
  return (step >= 5 ? 5 : step >= 2 ? 2 : 1) * power
}

export function formatLength(metres: number): string {
  return metres >= 1000 ? `${formatBound(metres / 1000)} km` : `${formatNumber(metres)} m`
}

/** The name of an area, a person, a place in the language of the page; Chinese where there is no other. */
export function nameIn(thing: { name_zh: string; name_en: string }, lang: Lang): string {
  return (lang === 'en' && thing.name_en) || thing.name_zh
}

/** The name of an entry of a code list, which English writes small: capital at the beginning of a row. */
export function nameOfKind(kind: { name_zh: string; name_en: string }, lang: Lang): string {
  const name = nameIn(kind, lang)
  return name.charAt(0).toUpperCase() + name.slice(1)
}
