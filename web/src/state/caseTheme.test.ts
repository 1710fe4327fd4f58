import { expect, it } from 'vitest'
import type { PlaceCount } from '../api/types'
import { FEW, NO_BASE, NONE } from '../layers/layer'
import { boundsOf, valueOf } from './caseTheme'

const place = (count: number | null, rate: number | null, klass: number | null = null): PlaceCount => ({
  code: '990321001001001', name_zh: '一', name_en: '', audience: 'cases', count, reason: null, months_shown: null, months_withheld: null, rate, class: klass,
})

it('none, too few and a number are three things', () => {
  expect(valueOf(place(0, 0), 'rate', 'cases')).toMatchObject({ value: null, k: NONE })
  expect(valueOf(place(2, 9), 'rate', 'cases')).toMatchObject({ value: null, k: FEW })
  expect(valueOf(place(3, 9), 'rate', 'cases')).toMatchObject({ value: 9 })
  expect(valueOf(place(2, 9), 'cases', 'cases')).toMatchObject({ value: 2 })
  expect(valueOf(place(5, null), 'rate', 'cases')).toMatchObject({ value: null, k: NO_BASE })
})

it('of published numbers what has no class is too few', () => {
  expect(valueOf(place(12, 30, null), 'rate', 'published')).toMatchObject({ k: FEW })
  expect(valueOf(place(12, 30, 4), 'rate', 'published')).toMatchObject({ value: 30 })
})

it('fixed classes begin at the second bound', () => {
  expect(boundsOf([1, 2, 3], 'standard', [0, 5, 10, 20, 40])).toEqual([5, 10, 20, 40])
  expect(boundsOf([1, 1, 1, 9, 9], 'natural', [])).toEqual([9])
})
