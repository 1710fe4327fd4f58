// A piece of work at a table of the administration: what went wrong is said in words, and the rows are read anew.
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { asProblem } from '../../api/problem'
import { useProblemWords } from '../useProblemWords'

export function useTask(reload: () => Promise<void>) {
  const { t } = useI18n()
  const { wordsOf } = useProblemWords()
  const trouble = ref('')
  const busy = ref(false)

  async function run(work: () => Promise<unknown>): Promise<boolean> {
    trouble.value = ''
    busy.value = true
    try {
      await work()
      await reload()
      return true
    } catch (thrown) {
      const problem = asProblem(thrown)
      trouble.value = problem.faults.some((f) => f.code === 'personal_data') ? t('edit.personal') : wordsOf(problem)
      return false
    } finally {
      busy.value = false
    }
  }
  return { trouble, busy, run }
}
