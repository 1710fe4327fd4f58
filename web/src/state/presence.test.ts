import { expect, it, vi } from 'vitest'
import { presence, TOLD_EVERY_MS } from './presence'

it('a person at work is told to the server seldom, and silence is not', () => {
  let now = 0
  const tell = vi.fn()
  const notice = presence(tell, () => now)
  for (now = 0; now < TOLD_EVERY_MS; now += 1000) notice()
  expect(tell).toHaveBeenCalledTimes(0)
  notice()
  notice()
  expect(tell).toHaveBeenCalledTimes(1)
  now += 10 * TOLD_EVERY_MS
  notice()
  expect(tell).toHaveBeenCalledTimes(2)
})
