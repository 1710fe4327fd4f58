// The description of the interface, brought into the order in which a person reads it. Pure.
export interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  enum?: unknown[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  oneOf?: Schema[]
  allOf?: Schema[]
  anyOf?: Schema[]
  minimum?: number
}
export interface Parameter { name: string; in: string; required?: boolean; description?: string; schema?: Schema }
type Content = Record<string, { schema?: Schema }>
interface RawOperation {
  operationId: string
  tags?: string[]
  summary?: string
  description?: string
  parameters?: Parameter[]
  requestBody?: { content?: Content }
  responses?: Record<string, { description?: string; content?: Content }>
}
export interface Description {
  info: { title: string; version: string; description?: string }
  paths: Record<string, Record<string, RawOperation>>
  components: { schemas: Record<string, Schema> }
}

export interface Answer { status: string; mime: string | null; schema: Schema | null }
export interface Operation {
  id: string
  method: string
  path: string
  summary: string
  description: string
  parameters: Parameter[]
  body: { mime: string; schema: Schema } | null
  answers: Answer[]
}
export interface Room { tag: string; operations: Operation[] }

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

/** Operations by tag, in the order of their addresses. */
export function rooms(described: Description): Room[] {
  const found = new Map<string, Operation[]>()
  for (const [path, methods] of Object.entries(described.paths)) {
    for (const method of METHODS) {
      const raw = methods[method]
      if (!raw) continue
      const tag = raw.tags?.[0] ?? ''
      const first = (content?: Content) => (content ? Object.entries(content)[0] : undefined)
      const body = first(raw.requestBody?.content)
      const operation: Operation = {
        id: raw.operationId,
        method: method.toUpperCase(),
        path,
        summary: raw.summary ?? raw.operationId,
        description: raw.description ?? '',
        parameters: raw.parameters ?? [],
        body: body?.[1].schema ? { mime: body[0], schema: body[1].schema } : null,
        answers: Object.entries(raw.responses ?? {}).map(([status, response]) => {
          const content = first(response.content)
          return { status, mime: content?.[0] ?? null, schema: content?.[1].schema ?? null }
        }),
      }
      found.set(tag, [...(found.get(tag) ?? []), operation])
    }
  }
  return [...found].map(([tag, operations]) => ({ tag, operations })).sort((a, b) => a.tag.localeCompare(b.tag))
}

/** What the words of a search let through: all of them stand in the address, the method or the text. */
export function sought(all: Room[], text: string): Room[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const holds = (it: Operation) => {
    const whole = `${it.method} ${it.path} ${it.id} ${it.summary} ${it.description}`.toLowerCase()
    return words.every((word) => whole.includes(word))
  }
  return all.map(({ tag, operations }) => ({ tag, operations: operations.filter(holds) })).filter((room) => room.operations.length)
}

const nameOf = (ref: string) => ref.slice(ref.lastIndexOf('/') + 1)

/** A type in a few words: `string (date) | null`, `EntryView[]`. */
export function typeOf(schema: Schema | undefined): string {
  if (!schema) return 'any'
  if (schema.$ref) return nameOf(schema.$ref)
  const parts = schema.oneOf ?? schema.anyOf
  if (parts) return [...new Set(parts.map(typeOf))].join(' | ')
  if (schema.allOf) return schema.allOf.map(typeOf).join(' & ')
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.type === 'array' || schema.items) {
    const item = typeOf(schema.items)
    return item.includes(' ') ? `(${item})[]` : `${item}[]`
  }
  const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? 'any']
  return types.map((type) => (schema.format && type !== 'null' ? `${type} (${schema.format})` : type)).join(' | ')
}

export interface Field { name: string; type: string; required: boolean; description: string; refs: string[] }

/** The names of schemas that a type speaks of. */
export function refsOf(schema: Schema | undefined): string[] {
  if (!schema) return []
  if (schema.$ref) return [nameOf(schema.$ref)]
  return [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? []), ...(schema.items ? [schema.items] : [])].flatMap(refsOf)
}

/** The members of an object; none for other types. */
export function fieldsOf(schema: Schema | undefined): Field[] {
  return Object.entries(schema?.properties ?? {}).map(([name, field]) => ({
    name, type: typeOf(field), required: schema?.required?.includes(name) ?? false, description: field.description ?? '', refs: refsOf(field),
  }))
}

/** Every schema that is reached from here, each once, in the order of meeting them. */
export function reached(described: Description, from: (Schema | null | undefined)[]): string[] {
  const found = new Set<string>()
  const visit = (schema: Schema | undefined) => {
    for (const name of refsOf(schema)) {
      if (found.has(name)) continue
      found.add(name)
      const inner = described.components.schemas[name]
      visit(inner)
      Object.values(inner?.properties ?? {}).forEach(visit)
    }
    Object.values(schema?.properties ?? {}).forEach(visit)
  }
  from.forEach((schema) => visit(schema ?? undefined))
  return [...found]
}

/** The address with what was filled in; what was left empty stays out. */
export function addressOf(operation: Operation, values: Record<string, string>): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[`path.${name}`] ?? '').replaceAll('%2C', ','))
  const query = new URLSearchParams()
  for (const it of operation.parameters) {
    const value = values[`query.${it.name}`]
    if (it.in === 'query' && value) query.set(it.name, value)
  }
  return query.size ? `${path}?${query}` : path
}

/** Text with `words in code`, as pieces. */
export function pieces(text: string): { code: boolean; text: string }[] {
  return text.split('`').map((part, i) => ({ code: i % 2 === 1, text: part })).filter((piece) => piece.text)
}
