// Theme and language: what the address says, else what was chosen here before, else what the system wishes.
import { defineStore } from 'pinia'
import { ref, watch } from 'vue'
import { speak } from '../locales'
import { DATUMS, type Datum } from '../lib/geodesy'
import type { Theme } from '../lib/ramps'
import type { Lang } from '../lib/units'

const KEYS = { theme: 'maplebridge.theme', lang: 'maplebridge.lang', datum: 'maplebridge.datum' }

const asTheme = (text: unknown): Theme | null => (text === 'light' || text === 'dark' ? text : null)
const asLang = (text: unknown): Lang | null => (text === 'zh-CN' || text === 'en' ? text : text === 'zh' ? 'zh-CN' : null)

export const usePreferences = defineStore('preferences', () => {
  const asked = new URLSearchParams(location.search)
  const system: Theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  const theme = ref<Theme>(asTheme(asked.get('theme')) ?? asTheme(localStorage.getItem(KEYS.theme)) ?? system)
  const lang = ref<Lang>(asLang(asked.get('lang')) ?? asLang(localStorage.getItem(KEYS.lang)) ?? 'zh-CN')

  const datum = ref<Datum>(DATUMS.find((it) => it === localStorage.getItem(KEYS.datum)) ?? 'CGCS2000')
  watch(datum, (value) => localStorage.setItem(KEYS.datum, value))

  watch(theme, (value) => {
    document.documentElement.classList.toggle('dark', value === 'dark')
    localStorage.setItem(KEYS.theme, value)
  }, { immediate: true })
  watch(lang, (value) => {
    document.documentElement.lang = value
    void speak(value)
    localStorage.setItem(KEYS.lang, value)
  }, { immediate: true })

  return {
    theme,
    lang,
    datum,
    turnTheme: () => void (theme.value = theme.value === 'dark' ? 'light' : 'dark'),
    turnLang: () => void (lang.value = lang.value === 'en' ? 'zh-CN' : 'en'),
  }
})
