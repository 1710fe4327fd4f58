import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { PROBLEM_KINDS } from '../api/problem'
import en from './en'
import zh from './zh-CN'

type Tree = { [key: string]: string | string[] | Tree }

function leaves(tree: Tree, prefix = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') found.set(prefix + key, value)
    else if (Array.isArray(value)) value.forEach((text, i) => found.set(`${prefix}${key}.${i}`, text))
    else for (const [k, v] of leaves(value, `${prefix}${key}.`)) found.set(k, v)
  }
  return found
}

const [chinese, english] = [leaves(zh), leaves(en)]
const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()

it('both languages have the same keys', () => {
  expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
})

it('both languages fill in the same values', () => {
  for (const [key, text] of chinese) expect([key, names(english.get(key)!)]).toEqual([key, names(text)])
})

it('no English in the Chinese beyond names, no Chinese in the English beyond the mark and the language switch', () => {
  const allowed = ['app.latin', 'top.language']
  for (const [key, text] of english) if (!allowed.includes(key)) expect([key, /[\u4e00-\u9fff]/.test(text)]).toEqual([key, false])
})

it('Chinese uses its own punctuation and no exclamation marks', () => {
  for (const [key, text] of chinese) expect([key, /[！!]|[\u4e00-\u9fff][,;:?]/.test(text)]).toEqual([key, false])
})

it('every kind of problem has its words', () => {
  for (const kind of PROBLEM_KINDS) expect(chinese.has(`problems.${kind}`)).toBe(true)
})

it('every key that the page asks for exists', () => {
  const files = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? files(join(folder, entry.name)) : /\.(vue|ts)$/.test(entry.name) ? [join(folder, entry.name)] : [])
  for (const file of files('src')) {
    if (file.includes('locales')) continue
    for (const [, key] of readFileSync(file, 'utf8').matchAll(/\bt\(\s*'([\w.]+)'/g)) {
      expect([file, key, chinese.has(key!)]).toEqual([file, key, true])
    }
  }
})
