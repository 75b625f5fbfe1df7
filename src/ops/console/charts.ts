import type { Tally, TallyKind } from '../../ledger/overview.ts'
import { clockOf } from './words.ts'

/** What is drawn on top of each other, from the ground up, with its name for the legend. */
export type Series = readonly { kind: TallyKind; name: string }[]
/** `since` and `until`: epoch milliseconds; `bucketMs`: how much of it is one bar. */
export type Span = { since: number; until: number; bucketMs: number }

const WIDTH = 600
const HEIGHT = 150
/** Room for the numbers of the axis, and for the times under it. */
const LEFT = 44
const BOTTOM = 20
const TOP = 8

/**
 * Bars over time as SVG: the count a minute, on average within each bucket. Nothing of it comes from anybody else: kinds are ours, all else is numbers. It says its highest bar and its sum to those who
 * cannot see it.
 */
export function chartOf(title: string, series: Series, tallies: readonly Tally[], span: Span): string {
  const bars = barsOf(series, tallies, span)
  const perMinute = 60_000 / span.bucketMs
  const most = Math.max(...bars.map(({ parts }) => sum(parts))) * perMinute
  const top = niceTop(most)
  const total = bars.reduce((all, { parts }) => all + sum(parts), 0)
  const height = HEIGHT - TOP - BOTTOM
  const step = (WIDTH - LEFT) / bars.length
  const y = (value: number) => TOP + height - (value / top) * height
  const words = `${title}: ${total} in all, ${round(most)} a minute at the most`
  const drawn = bars.flatMap(({ at, parts }, n) => {
    let below = 0
    return series.flatMap(({ kind }, nth) => {
      const value = (parts[nth] ?? 0) * perMinute
      if (value === 0) return []
      const from = y(below)
      below += value
      const x = LEFT + n * step
      const gap = step > 4 ? 1 : 0
      const said = `${clockOf(at, span.until)}: ${parts[nth]} ${kind}`
      return `<rect class="${kind}" x="${fixed(x)}" y="${fixed(y(below))}" width="${fixed(step - gap)}" height="${fixed(Math.max(from - y(below), 0.75))}"><title>${said}</title></rect>`
    })
  })
  const lines = [0, top / 2, top].map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH}" y1="${fixed(y(value))}" y2="${fixed(y(value))}"/><text x="${LEFT - 6}" y="${fixed(y(value) + 4)}" text-anchor="end">${round(value)}</text>`,
  )
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = span.since + part * (span.until - span.since)
    const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle'
    return `<text x="${fixed(LEFT + part * (WIDTH - LEFT))}" y="${HEIGHT - 4}" text-anchor="${anchor}">${clockOf(at, span.until).slice(-8, -3)}</text>`
  })
  return `<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words}">${lines.join('')}${drawn.join('')}${ticks.join('')}</svg>`
}

/** The same without axes, small enough for a cell of a table. */
export function sparkOf(series: Series, tallies: readonly Tally[], span: Span): string {
  const bars = barsOf(series, tallies, span)
  const most = Math.max(...bars.map(({ parts }) => sum(parts)))
  const step = SPARK.width / bars.length
  const drawn = bars.flatMap(({ parts }, n) => {
    let below = 0
    return series.flatMap(({ kind }, nth) => {
      const height = most === 0 ? 0 : ((parts[nth] ?? 0) / most) * SPARK.height
      if (height === 0) return []
      below += height
      return `<rect class="${kind}" x="${fixed(n * step)}" y="${fixed(SPARK.height - below)}" width="${fixed(step)}" height="${fixed(height)}"/>`
    })
  })
  return `<svg class="chart spark" viewBox="0 0 ${SPARK.width} ${SPARK.height}" aria-hidden="true">${drawn.join('')}</svg>`
}

const SPARK = { width: 120, height: 22 }

type Bar = { at: number; parts: number[] }

function barsOf(series: Series, tallies: readonly Tally[], { since, until, bucketMs }: Span): Bar[] {
  const count = Math.max(1, Math.ceil((until - since) / bucketMs))
  const bars = Array.from(
    { length: count },
    (_, n): Bar => ({ at: since + n * bucketMs, parts: series.map(() => 0) }),
  )
  for (const { minute, kind, count: more } of tallies) {
    const nth = series.findIndex((one) => one.kind === kind)
    const parts = bars[Math.floor((minute - since) / bucketMs)]?.parts
    if (nth >= 0 && parts) parts[nth] = (parts[nth] ?? 0) + more
  }
  return bars
}

/** The next of 1, 2, 5, 10, 20 … so that the axis has numbers that are read at a glance. */
function niceTop(most: number): number {
  if (most <= 1) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= most) ?? 10 * power
}

function sum(parts: readonly number[]): number {
  return parts.reduce((all, one) => all + one, 0)
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100)
}

function round(value: number): string {
  return (value >= 10 ? Math.round(value) : Math.round(value * 10) / 10).toLocaleString('en')
}
