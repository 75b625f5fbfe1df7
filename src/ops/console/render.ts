import { join } from 'node:path'
import { Liquid } from 'liquidjs'
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
  made.registerFilter('clock', clockOf)
  made.registerFilter('day', dayOf)
  made.registerFilter('ago', agoOf)
  made.registerFilter('span', spanOf)
  made.registerFilter('count', countOf)
  // Somebody else's text.
  made.registerFilter('shown', shown)
  made.registerFilter('shown_lines', shownLines)
  return made
}

/** A page of `views/`: its HTML. */
export async function render(view: string, data: object): Promise<string> {
  return String(await views().renderFile(view, data))
}
