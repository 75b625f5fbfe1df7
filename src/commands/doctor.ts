import { systemClock } from '../clock.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { createGenesys } from '../genesys/client.ts'
import { checkAccess } from '../genesys/doctor.ts'
import { configOf, loginOf } from '../settings.ts'
import { print, printJson, type Terminal } from './output.ts'

/** Asks Genesys Cloud whether all is in place: login, permissions, external sources, deployment. Sends nothing; false where something is missing. */
export async function doctor(variables: Variables, json: boolean, terminal: Terminal): Promise<boolean> {
  const environment = readEnvironment(variables)
  const login = loginOf(environment)
  const config = configOf(environment.POSTRIDER_CONFIG, variables)
  const genesys = createGenesys({
    region: environment.GENESYS_REGION,
    ...login,
    clock: systemClock,
    pace: async () => {},
  })
  const externalSources = [config.genesys, ...config.sources.values()].flatMap(
    ({ externalSource }) => externalSource ?? [],
  )
  const findings = (await checkAccess(genesys, { ...config.genesys, externalSources })).map((finding) => ({
    ...finding,
    // The region says nothing where a gateway stands in for it.
    todo: login.gatewayUrl
      ? (finding.todo?.replaceAll('GENESYS_REGION', 'GENESYS_GATEWAY_URL') ?? null)
      : finding.todo,
  }))
  const healthy = findings.every(({ ok }) => ok)
  if (json) {
    printJson(terminal, { ok: healthy, host: genesys.host, findings })
    return healthy
  }
  print(terminal, `Genesys   ${genesys.host}`)
  for (const { ok, name, detail, todo } of findings) {
    print(terminal, `${ok ? 'ok  ' : 'FAIL'}  ${name}: ${detail}`, ok ? 'green' : 'red')
    if (todo) print(terminal, `      ${todo}`)
  }
  return healthy
}
