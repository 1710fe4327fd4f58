// Words in two languages. Which one is chosen is kept by state/preferences.
import { createI18n } from 'vue-i18n'
import en from './en'
import zh from './zh-CN'

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en },
})
