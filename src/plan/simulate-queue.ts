/** What waits for its time: first the earliest, then the one that was there first. A binary heap, since a simulation holds as many as a service has scheduled. */
export type Queue<Item> = {
  add(item: Item, at: number, order: number): void
  /** The first, where its time is before `until`, and that time. */
  takeBefore(until: number): { item: Item; at: number } | null
}

type Entry<Item> = { item: Item; at: number; order: number }

export function createQueue<Item>(): Queue<Item> {
  const heap: Entry<Item>[] = []
  const isBefore = (a: Entry<Item>, b: Entry<Item>) => a.at < b.at || (a.at === b.at && a.order < b.order)

  function rise(entry: Entry<Item>): void {
    let place = heap.length
    for (;;) {
      const above = (place - 1) >> 1
      const parent = heap[above]
      if (place === 0 || !parent || !isBefore(entry, parent)) break
      heap[place] = parent
      place = above
    }
    heap[place] = entry
  }

  function sink(entry: Entry<Item>): void {
    let place = 0
    for (;;) {
      const left = heap[2 * place + 1]
      const right = heap[2 * place + 2]
      const isRight = left !== undefined && right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (!child || !isBefore(child, entry)) break
      heap[place] = child
      place = 2 * place + (isRight ? 2 : 1)
    }
    heap[place] = entry
  }

  return {
    add: (item, at, order) => rise({ item, at, order }),
    takeBefore(until) {
      const first = heap[0]
      if (!first || first.at >= until) return null
      const last = heap.pop()
      if (last && heap.length > 0) sink(last)
      return { item: first.item, at: first.at }
    },
  }
}
