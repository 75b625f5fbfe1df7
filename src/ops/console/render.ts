import { join } from 'node:path'
import { Liquid } from 'liquidjs'

let engine: Liquid | undefined

/** Every output is escaped, unless it ends in `raw`. Views and filters are ours, so what they name and is not there is an error in them. */
function views(): Liquid {
  engine ??= new Liquid({
    root: join(import.meta.dirname, 'views'),
    extname: '.liquid',
    cache: true,
    outputEscape: 'escape',
    ownPropertyOnly: true,
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
  })
  return engine
}

/** A page of `views/`: its HTML. */
export async function render(view: string, data: object): Promise<string> {
  return String(await views().renderFile(view, data))
}
