import { existsSync } from 'node:fs'
import { relative, sep } from 'node:path'
import type { Config } from '../../config/config.ts'
import { type Fixture, fixtureFiles, readFixture } from '../../config/fixtures.ts'
import { type Missing, missing, type Refused, refused } from './outcome.ts'

/** Where fixtures are looked for, from the folder that the service runs in; there need not be any. */
export const FIXTURES = 'fixtures'

/** An example delivery of a source that the configuration has. `name`: its path within the folder, `crm/ticket-resolved.json`. */
export type ListedFixture = { name: string; source: string }

/** The fixtures below a folder that are of a source of the configuration, by name. */
export function listFixtures({
  fixtures,
  config,
}: {
  fixtures: string
  config: Pick<Config, 'sources'>
}): ListedFixture[] {
  return filesIn(fixtures).flatMap(({ name, file }) => {
    const read = readFixture(file)
    if (read.kind === 'invalid' || !config.sources.has(read.fixture.source)) return []
    return [{ name, source: read.fixture.source }]
  })
}

/** The fixture that is listed under a name. What is asked for is only compared with the names, so that it can lead to no other file. */
export function fixtureNamed(
  name: string,
  folder: string,
): { kind: 'read'; fixture: Fixture } | Missing | Refused {
  const listed = filesIn(folder).find((one) => one.name === name)
  if (!listed) return missing('There is no fixture of this name.')
  const read = readFixture(listed.file)
  return read.kind === 'invalid' ? refused(`${name}: ${read.reason}`) : read
}

function filesIn(folder: string): { name: string; file: string }[] {
  if (!existsSync(folder)) return []
  return fixtureFiles(folder).map((file) => ({ name: relative(folder, file).replaceAll(sep, '/'), file }))
}
