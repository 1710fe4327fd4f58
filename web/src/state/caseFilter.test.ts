import { expect, it } from 'vitest'
import { caseQuery, NO_CHOICE } from './caseFilter'

it('a choice becomes the filters of the server, days alone where numbers are published', () => {
  const choice = { ...NO_CHOICE, categories: ['01', '02'], states: ['closed'], from: '2026-01-01', to: 'soon' }
  expect(caseQuery(choice, false)).toEqual([['category', '01,02'], ['state', 'closed'], ['from', '2026-01-01']])
  expect(caseQuery(choice, true)).toEqual([['from', '2026-01-01']])
  expect(caseQuery(NO_CHOICE, false)).toEqual([])
})
