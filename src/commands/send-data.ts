/** What templates read as `data`: a name `order.number` is `{ order: { number } }`, so that the templates of routes fit. */
export type Data = { [name: string]: string | Data }

/** No template looks for anything farther down. */
const DEEPEST = 8

export function pathOf(name: string): string[] {
  return name.split('.').map((part) => part.trim())
}

/** Why a value cannot have this name beside those others; null: it can. */
export function nameFault(name: string, names: readonly string[]): string | null {
  const path = pathOf(name)
  if (path.includes('')) return `${name || 'nothing'} is no name`
  if (path.length > DEEPEST) return `${name} has more than ${DEEPEST} parts`
  if (path[0] === 'customer') {
    return 'nothing can be named customer, as templates know the customer by that name'
  }
  const within = names.find((other) => other.startsWith(`${name}.`))
  return within === undefined ? null : `${name} and ${within} exclude each other`
}

/** Without a prototype: a value may have any name. */
export function noData(): Data {
  return Object.create(null)
}

export function put(data: Data, [first = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    data[first] = value
    return
  }
  const inner = data[first] ?? noData()
  data[first] = inner
  if (typeof inner === 'object') put(inner, rest, value)
}
