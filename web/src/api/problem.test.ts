import { expect, it } from 'vitest'
import { asProblem, problemKind, problemOf } from './problem'

it('a problem is known by its type, an unknown one by its status', () => {
  expect(problemKind('/problems/stale', 412)).toBe('stale')
  expect(problemKind('https://maplebridge.example/problems/not-found', 404)).toBe('not_found')
  expect(problemKind('/problems/brand_new', 403)).toBe('forbidden')
  expect(problemKind(undefined, 502)).toBe('internal')
})

it('an answer in HTML still becomes a problem', async () => {
  const problem = await problemOf(new Response('<h1>Bad gateway</h1>', { status: 503, headers: { 'retry-after': '7' } }))
  expect([problem.kind, problem.status, problem.retry_after_s]).toEqual(['busy', 503, 7])
})

it('faults come through with their pointers', async () => {
  const faults = [{ pointer: '/new', code: 'too_short', message: 'at least 10' }]
  const problem = await problemOf(new Response(JSON.stringify({ type: '/problems/invalid', faults }), { status: 422 }))
  expect(problem.faults).toEqual(faults)
})

it('what never reached the server is offline', () => expect(asProblem(new TypeError('x')).kind).toBe('offline'))
