import { presetIn } from './check-source.ts'
import { type Block, blockOf, listOf } from './written.ts'

/** Warns of events by which a customer is to say no and that never say who it is. `listened`: the sources that the entry listens to by name. */
export function checkSuppressOn(
  on: unknown,
  listened: ReadonlyMap<string, Block>,
  warning: (message: string) => void,
): void {
  const patterns = Array.isArray(on) ? listOf(on) : [on]
  for (const [name, source] of listened) {
    // A pattern for many sources means those that have such events.
    if (!patterns.some((one) => typeof one === 'string' && one.trim().startsWith(`${name}/`))) continue
    const found = presetIn(source)
    if (found === null) continue
    const isCustom = found.preset.custom !== undefined
    const isNobody = isCustom
      ? blockOf(source.custom).customer === undefined
      : found.preset.customer.names.length === 0
    if (!isNobody) continue
    const advice = isCustom ? `: set sources.${name}.custom.customer` : ''
    warning(`events of ${name} name no customer, so that nobody is kept from messages${advice}`)
  }
}
