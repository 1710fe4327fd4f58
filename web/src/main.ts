// The page begins: styles, stores, words, addresses.
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import 'element-plus/theme-chalk/el-var.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './ui/tokens.css'
import './ui/base.css'
import App from './App.vue'
import { i18n, speak } from './locales'
import { router } from './router'
import { usePreferences } from './state/preferences'

const app = createApp(App).use(createPinia()).use(i18n)
const { lang } = usePreferences() // theme and language stand before anything is drawn
void speak(lang).then(() => app.use(router).mount('#app'))
