import { expect, it } from 'vitest'
import { headOf, toCsv } from './csv'

it('quotes what must be quoted and lets nothing be a formula', () => {
  expect(toCsv(['名称', 'n'], [['甲,"乙"', '=1+1'], ['丙', '-3']])).toBe('\ufeff名称,n\r\n"甲,""乙""",\'=1+1\r\n丙,\'-3\r\n')
})

it('reads the first records of what it wrote, and of other tables', () => {
  expect(headOf(toCsv(['名称', 'n'], [['甲,"乙"', '2'], ['丙', '3'], ['丁', '4']]), 2)).toEqual([['名称', 'n'], ['甲,"乙"', '2']])
  expect(headOf('a\tb\r\n1\t2')).toEqual([['a', 'b'], ['1', '2']])
  expect(headOf('')).toEqual([])
})
