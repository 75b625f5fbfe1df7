import type { LaneRow } from '../schema.ts'
import type { Prepare } from './statement.ts'

/** The lanes of the queue: (route, source, channel), some dozens in all. */
export type Lanes = {
  /** The lane's id; made where there is none. */
  idOf(route: string, source: string, channel: string): number
  /** All of them, as the database has them: another process may have added some. */
  all(): LaneRow[]
  /** Ids that were made in a transaction that was undone do not exist. */
  forget(): void
}

export function createLanes(prepare: Prepare): Lanes {
  const insert = prepare(
    'INSERT INTO lanes (route, source, channel) VALUES (?, ?, ?) ON CONFLICT (route, source, channel) DO NOTHING',
  )
  const find = prepare<{ id: number }>('SELECT id FROM lanes WHERE route = ? AND source = ? AND channel = ?')
  const all = prepare<LaneRow>('SELECT id, route, source, channel FROM lanes')
  let known = new Map<string, number>()

  return {
    idOf(route, source, channel) {
      const name = `${route}\0${source}\0${channel}`
      let id = known.get(name)
      if (id === undefined) {
        const inserted = insert.run(route, source, channel)
        id = inserted.changes > 0 ? inserted.lastInsertRowid : find.get(route, source, channel)?.id
        if (id === undefined) throw new Error(`the lane of route ${route} is neither new nor known`)
        known.set(name, id)
      }
      return id
    },
    all: () => all.all(),
    forget() {
      known = new Map()
    },
  }
}
