// Whether the page is as narrow as a phone, following the window.
import { onBeforeUnmount, ref } from 'vue'

export function useNarrow() {
  const query = matchMedia('(max-width: 899px)')
  const narrow = ref(query.matches)
  const follow = () => (narrow.value = query.matches)
  query.addEventListener('change', follow)
  onBeforeUnmount(() => query.removeEventListener('change', follow))
  return narrow
}
