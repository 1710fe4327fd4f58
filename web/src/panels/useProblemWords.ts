// A problem in the words of the reader.
import { useI18n } from 'vue-i18n'
import type { Problem } from '../api/problem'

export function useProblemWords() {
  const { t } = useI18n()
  return {
    wordsOf: (problem: Problem) =>
      t(`problems.${problem.kind}`, { seconds: problem.retry_after_s ?? 5, id: problem.request_id ?? '–' }),
  }
}
