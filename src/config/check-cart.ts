import { presetIn } from './check-source.ts'
import type { EventPattern } from './config.ts'
import { parsePattern } from './pattern.ts'
import { type Block, blockOf, listOf, type WrittenRoute } from './written.ts'

const UPDATED = 'checkout.updated'

/** Warns of a reminder of carts that no order ends. `listened`: the sources that the route listens to. */
export function checkCart({ route, warning }: WrittenRoute, listened: ReadonlyMap<string, Block>): void {
  if (listOf(route.cancelOn).length > 0) return
  const written = Array.isArray(route.on) ? listOf(route.on) : [route.on]
  const patterns = written.flatMap((one) => (typeof one === 'string' ? (parsePattern(one.trim()) ?? []) : []))
  const found = [...listened].find(([name, source]) =>
    patterns.some((pattern) => meansCarts(pattern, name, source)),
  )
  if (found === undefined) return
  warning(
    'on',
    `${UPDATED}: nothing ends it, so that who has ordered is reminded of the cart; add cancelOn, such as [{ on: ${found[0]}/order.placed, match: "{{ event.subject }}" }]`,
  )
}

/** By our word, or by a sender's own that stands for nothing else. A pattern for all types means carts where the source is known to tell of them. */
function meansCarts(pattern: EventPattern, name: string, source: Block): boolean {
  const types = typesOf(source)
  if (pattern.matches(name, UPDATED)) {
    return !pattern.text.endsWith('/*') || types.some(({ type }) => type === UPDATED)
  }
  const meant = types.filter(({ sender }) => pattern.matches(name, sender))
  return meant.length > 0 && meant.every(({ type }) => type === UPDATED)
}

/** What a source's sender calls what we have a word for. */
function typesOf(source: Block): { sender: string; type: unknown }[] {
  const own = Object.entries(blockOf(blockOf(source.custom).types))
  return [...(presetIn(source)?.preset.types ?? []), ...own.map(([sender, type]) => ({ sender, type }))]
}
