import { expect, it } from 'vitest'
import { columns } from './bars'

it('the highest fills the height, nothing is still a line, the unknown is marked', () => {
  const [a, b, c] = columns([10, 0, null], 30, 40)
  expect(a).toEqual({ x: 1, y: 0, width: 8, height: 40, known: true })
  expect(b!.height).toBe(1)
  expect(c!.known).toBe(false)
  expect(columns([], 30, 40)).toEqual([])
})
