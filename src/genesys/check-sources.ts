import type { ExternalSource } from '../message.ts'
import { type Finding, failure, notAnswered, notChecked, warning, well } from './finding.ts'
import type { Answer, Genesys, ListedSource } from './genesys.ts'

/** One finding for each external source: whether ids may be looked up in it, and whether the org has it at all. */
export async function checkSources(genesys: Genesys, sources: readonly ExternalSource[]): Promise<Finding[]> {
  const distinct = [...new Map(sources.map((source) => [source.id, source])).values()]
  if (distinct.length === 0) return []
  // Of a source that does not exist the look-up says no more than that nobody has the id.
  const listed = await genesys.getExternalSources()
  const findings: Finding[] = []
  for (const externalSource of distinct) {
    const lookup = await genesys.findContact({
      type: 'ExternalId',
      value: 'postrider-doctor',
      externalSource,
    })
    findings.push(lookup.kind === 'ok' ? sourceFinding(externalSource, listed) : lookupFinding(lookup))
  }
  return findings
}

const NAME = 'external source'
const SOURCES_PAGE = 'Admin › External Contacts › External Sources'

function lookupFinding(lookup: Exclude<Answer<unknown>, { kind: 'ok' }>): Finding {
  const ofTheSource = lookup.kind === 'refused' && lookup.status < 500 && lookup.status !== 403
  return {
    ...notAnswered(NAME, lookup, 'externalContacts:contact:view'),
    ...(ofTheSource ? { todo: `Check genesys.externalSource: its id is under ${SOURCES_PAGE}.` } : {}),
  }
}

function sourceFinding({ id }: ExternalSource, listed: Answer<readonly ListedSource[]>): Finding {
  if (listed.kind !== 'ok') {
    const what = `ids may be looked up; that the org has ${id}`
    return notChecked(NAME, listed, what, 'externalContacts:externalSource:view')
  }
  const known = listed.value.find((one) => one.id === id)
  if (known?.active) return well(NAME, known.name)
  if (known) {
    return warning(
      NAME,
      `${known.name} (not active)`,
      `Activate it under ${SOURCES_PAGE}, or configure the one that is in use.`,
    )
  }
  const there = listed.value.slice(0, MOST_NAMED).map((one) => `${one.name} ${one.id}`)
  return failure(
    NAME,
    `Genesys Cloud knows no external source with the configured id ${id}`,
    `Copy the id from ${SOURCES_PAGE} into externalSource. The org has ${there.join(', ') || 'none'}.`,
  )
}

/** Enough to recognise the right one. */
const MOST_NAMED = 10
