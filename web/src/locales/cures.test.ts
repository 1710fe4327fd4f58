import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { cureOf } from './cures'
import en from './en'
import zh from './zh-CN'

const SPOKEN = /--[a-z]|maplebridge [a-z]/

it('no fault sends a reader of the page to the command line', () => {
  const words = readFileSync('../src/imports/words.rs', 'utf8')
  const codes = [...words.matchAll(/^\s+\w+ "(\w+)" (?:Fault|Warning) (.*);$/gm)]
  expect(codes.length).toBeGreaterThan(80)
  const ofCommand = codes.filter(([, , text]) => SPOKEN.test(text!)).map(([, code]) => code!)
  expect(ofCommand.length).toBeGreaterThan(15)
  const files = new Set(['pbf_packed', 'pbf_too_large']) // of a base map, which only the command takes
  for (const code of ofCommand.filter((it) => !files.has(it))) {
    for (const lang of ['zh-CN', 'en'] as const) expect([code, cureOf(code, lang)]).toEqual([code, expect.not.stringMatching(SPOKEN)])
  }
})

it('no sentence of the page speaks of the command line', () => {
  // an auditor is told to verify from outside; importing and looking need no terminal
  for (const { data, states, problems } of [zh, en]) expect(JSON.stringify([data, states, problems])).not.toMatch(SPOKEN)
})
