import { join } from 'node:path'
import { type Context, Liquid } from 'liquidjs'
import { shown, shownLines } from './shown.ts'
import { agoOf, clockOf, countOf, dayOf, isoOf, spanOf } from './words.ts'

let engine: Liquid | undefined

/** Every output is escaped, unless it ends in `raw`. Views and filters are ours, so what they name and is not there is an error in them. */
function views(): Liquid {
  engine ??= newEngine()
  return engine
}

function newEngine(): Liquid {
  const made = new Liquid({
    root: join(import.meta.dirname, 'views'),
    extname: '.liquid',
    cache: true,
    outputEscape: 'escape',
    ownPropertyOnly: true,
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
  })
  // Times: epoch milliseconds.
  made.registerFilter('iso', isoOf)
  made.registerFilter('clock', byNow(clockOf))
  made.registerFilter('day', dayOf)
  made.registerFilter('ago', byNow(agoOf))
  made.registerFilter('span', spanOf)
  made.registerFilter('count', countOf)
  // Somebody else's text.
  made.registerFilter('shown', shown)
  made.registerFilter('shown_lines', shownLines)
  return made
}

/** A filter of a time that depends on when the page is made. */
function byNow(filter: (at: number | null, now: number) => string) {
  return function (this: { context: Context }, at: number | null): string {
    return filter(at, this.context.globals.now as number)
  }
}

/** A page of `views/`: its HTML. `now`: when it is made, epoch milliseconds. */
export async function render(view: string, data: object, now: number): Promise<string> {
  return String(views().renderFileSync(view, data, { globals: { now } }))
}
