// A table as a file that office programs open: UTF-8 with a byte order mark, and no cell that they would take for a formula.

const inert = (text: string) => (/^[=+\-@\t]/.test(text) ? `'${text}` : text)
const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

export function toCsv(heads: string[], rows: string[][]): string {
  return '\ufeff' + [heads, ...rows].map((row) => row.map((cell) => quoted(inert(cell))).join(',')).join('\r\n') + '\r\n'
}

/** The first records of a table, to show what a column holds; commas, semicolons or tabs, quotes as usual. */
export function headOf(text: string, most = 3): string[][] {
  const firstLine = text.replace(/^\ufeff/, '').split(/\r?\n/, 1)[0] ?? ''
  const mark = [',', '\t', ';', '|'].map((it) => [firstLine.split(it).length, it] as const).sort((a, b) => b[0] - a[0])[0]![1]
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let inside = false
  const source = text.replace(/^\ufeff/, '')
  for (let i = 0; i < source.length && rows.length < most; i++) {
    const c = source[i]!
    if (inside) {
      if (c !== '"') cell += c
      else if (source[i + 1] === '"') { cell += '"'; i++ } else inside = false
    } else if (c === '"' && cell === '') inside = true
    else if (c === mark) { row.push(cell); cell = '' } else if (c === '\n') {
      row.push(cell.replace(/\r$/, ''))
      rows.push(row)
      row = []
      cell = ''
    } else cell += c
  }
  if (rows.length < most && (cell || row.length)) rows.push([...row, cell])
  return rows
}

/** Gives a text to the person as a file. */
export function saveFile(name: string, content: Blob) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
