// What lies under the data: the server's own base map, or pictures of another server where one is configured. Whose map it
// is and under which number it was approved goes with the choice, on the map, on paper and on the large screen.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { listBaseMaps } from '../api'
import type { BaseMap } from '../api/types'
import { useSession } from './session'

const KEY = 'maplebridge.base'

export const useBaseMap = defineStore('baseMap', () => {
  const maps = shallowRef<BaseMap[]>([])
  const chosen = ref(localStorage.getItem(KEY) ?? '')
  watch(chosen, (id) => localStorage.setItem(KEY, id))
  const shown = computed(() => maps.value.find(({ id }) => id === chosen.value) ?? null)
  /** Once; a map whose list of bases could not be read is drawn on its own. */
  async function load() {
    maps.value = await listBaseMaps({ background: true }).catch(() => [])
  }
  return { maps, chosen, shown, load }
})

/** The line on every map: whose it is, and its approval number or that it has none. */
export function useCredit() {
  const { t } = useI18n()
  const session = useSession()
  const base = useBaseMap()
  return computed(() => {
    const own = session.me?.settings
    const number = base.shown?.approval_no ?? own?.map_approval_no
    return [base.shown?.attribution, own?.attribution, number ? t('map.approval', { number }) : t('map.approvalMissing')].filter(Boolean).join(' · ')
  })
}
