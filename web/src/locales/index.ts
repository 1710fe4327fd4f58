// Words in two languages, each fetched when it is first spoken. Which one is chosen is kept by state/preferences.
import { createI18n } from 'vue-i18n'
import type { Lang } from '../lib/units'

type Words = typeof import('./zh-CN').default

export const i18n = createI18n<[Words], Lang, false>({ legacy: false, locale: 'zh-CN', messages: {} as Record<Lang, Words>, missingWarn: false, fallbackWarn: false })

const SOURCES: Record<Lang, () => Promise<{ default: unknown }>> = { 'zh-CN': () => import('./zh-CN'), en: () => import('./en') }
let wanted: Lang = 'zh-CN'

/** Fetches the words of a language and speaks it from then on. */
export async function speak(lang: Lang): Promise<void> {
  wanted = lang
  if (!i18n.global.availableLocales.includes(lang)) i18n.global.setLocaleMessage(lang, (await SOURCES[lang]()).default as Words)
  if (wanted === lang) i18n.global.locale.value = lang
}
