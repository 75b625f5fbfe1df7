import assert from 'node:assert/strict'

export type Sample = { name: string; labels: Readonly<Record<string, string>>; value: number }
export type Exposition = {
  /** By family. */
  types: ReadonlyMap<string, string>
  samples: readonly Sample[]
  /** The value of the one sample that has at least these labels; 0 where there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y

/** Reads the text format of Prometheus, version 0.0.4, and throws at whatever is not as it says. */
export function parseExposition(text: string): Exposition {
  assert.ok(text.endsWith('\n'), 'the last line ends')
  const types = new Map<string, string>()
  const helped = new Set<string>()
  const samples: Sample[] = []
  const seen = new Set<string>()
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (kind === 'HELP') {
      assert.ok(!helped.has(name), `one HELP: ${line}`)
      helped.add(name)
    } else if (kind === 'TYPE') {
      assert.match(name, NAME)
      assert.match(rest, /^(counter|gauge|histogram|summary)$/, line)
      assert.ok(helped.has(name) && !types.has(name), `one TYPE, after its HELP: ${line}`)
      types.set(name, rest)
    } else {
      const sample = sampleOf(line)
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
      assert.ok(!seen.has(key), `twice: ${line}`)
      seen.add(key)
      assert.ok(familyOf(sample.name, types) !== null, `without a TYPE before: ${line}`)
      samples.push(sample)
    }
  }
  for (const [name, type] of types) {
    if (type === 'counter') assert.match(name, /_total$/)
    if (type === 'histogram') assertBuckets(name, samples)
  }
  const value: Exposition['value'] = (name, labels = {}) => {
    const found = samples.filter(
      (one) => one.name === name && Object.entries(labels).every(([label, its]) => one.labels[label] === its),
    )
    assert.ok(found.length < 2, `more than one ${name}`)
    return found[0]?.value ?? 0
  }
  return { types, samples, value }
}

/** Of `x_bucket` of a histogram: `x`. */
export function familyOf(name: string, types: ReadonlyMap<string, string>): string | null {
  if (types.has(name)) return types.get(name) === 'histogram' ? null : name
  const family = name.replace(/_(bucket|sum|count)$/, '')
  return types.get(family) === 'histogram' || types.get(family) === 'summary' ? family : null
}

function sampleOf(line: string): Sample {
  const [, name = '', written = '', value = ''] = SAMPLE.exec(line) ?? []
  assert.notEqual(name, '', `no sample: ${line}`)
  // As Go's ParseFloat takes it, which is what the format asks for; prom-client writes Nan.
  assert.match(value, /^(Na[nN]|[+-]Inf|-?\d+(\.\d+)?(e[+-]?\d+)?)$/, line)
  const labels: Record<string, string> = {}
  for (let at = 0; at < written.length; at = LABEL.lastIndex) {
    LABEL.lastIndex = at
    const [, label = '', its = ''] = LABEL.exec(written) ?? []
    assert.ok(label !== '' && !(label in labels), `labels: ${line}`)
    labels[label] = its
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

/** Cumulative, the last bucket all of them. */
function assertBuckets(name: string, samples: readonly Sample[]): void {
  const without = ({ le: _, ...labels }: Sample['labels']) => JSON.stringify(Object.entries(labels).sort())
  const buckets = Map.groupBy(
    samples.filter((one) => one.name === `${name}_bucket`),
    ({ labels }) => without(labels),
  )
  for (const [labels, its] of buckets) {
    const bounds = its.map((one) => Number(one.labels.le?.replace('Inf', 'Infinity')))
    assert.deepEqual(
      bounds,
      bounds.toSorted((a, b) => a - b),
      name,
    )
    const counts = its.map(({ value }) => value)
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
      name,
    )
    const count = samples.find((one) => one.name === `${name}_count` && without(one.labels) === labels)
    assert.equal(its.at(-1)?.labels.le, '+Inf')
    assert.equal(count?.value, counts.at(-1), name)
  }
}
