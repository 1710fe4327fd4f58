// Columns of a small chart as rectangles: pure, so that a test can look at them.

export interface Column { x: number; y: number; width: number; height: number; known: boolean }

/** Columns over `width` × `height`; what has no number is a low stub to be hatched. Never lower than a pixel. */
export function columns(values: readonly (number | null)[], width: number, height: number, gap = 2): Column[] {
  const most = Math.max(1, ...values.map((v) => v ?? 0))
  const step = width / Math.max(1, values.length)
  return values.map((value, i) => {
    const tall = value === null ? height * 0.35 : Math.max(value > 0 ? 2 : 1, (value / most) * height)
    return { x: i * step + gap / 2, y: height - tall, width: Math.max(1, step - gap), height: tall, known: value !== null }
  })
}
