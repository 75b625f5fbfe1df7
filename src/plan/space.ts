import type { Config, Source } from '../config/config.ts'
import type { ExternalSource } from '../message.ts'
import type { Space } from '../names.ts'

type Where = { genesys: Pick<Config['genesys'], 'externalSource'> }

/** Where an externalId is looked up; null: nowhere. `isNamed`: a route names it; otherwise the source's preset read it. */
export function externalSourceOf(
  source: Source | undefined,
  isNamed: boolean,
  { genesys }: Where,
): ExternalSource | null {
  if (source?.externalSource) return source.externalSource
  return isSendersOwn(source, isNamed) ? null : genesys.externalSource
}

/** Within what an externalId is one customer's: where it is looked up, and for a sender's own that is looked up nowhere the source alone. */
export function spaceOf(source: Source | undefined, isNamed: boolean, config: Where): Space | null {
  const externalSource = externalSourceOf(source, isNamed, config)
  if (externalSource === null && isSendersOwn(source, isNamed)) return { id: `source/${source.name}` }
  return externalSource
}

/** Ids that a route names are the operator's; those that a preset reads may be the sender's own, and another's elsewhere. */
function isSendersOwn(source: Source | undefined, isNamed: boolean): source is Source {
  return source?.ownIds === true && !isNamed
}
