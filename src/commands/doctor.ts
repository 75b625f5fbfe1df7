import { systemClock } from '../clock.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { createGenesys } from '../genesys/client.ts'
import { checkAccess } from '../genesys/doctor.ts'
import { configOf, loginOf } from '../main.ts'
import { coloured, print, printJson, type Terminal } from './output.ts'

/** Asks Genesys Cloud whether all is in place: login, permissions, deployment. Sends nothing; false where something is missing. */
export async function doctor(variables: Variables, json: boolean, terminal: Terminal): Promise<boolean> {
  const environment = readEnvironment(variables)
  const config = configOf(environment.POSTRIDER_CONFIG, variables)
  const login = loginOf(environment)
  const genesys = createGenesys({
    region: environment.GENESYS_REGION,
    ...login,
    clock: systemClock,
    pace: async () => {},
  })
  const findings = await checkAccess(genesys, config.genesys)
  const healthy = findings.every(({ ok }) => ok)
  if (json) printJson(terminal, { ok: healthy, host: genesys.host, findings })
  else {
    print(terminal, `Genesys   ${genesys.host}`)
    for (const { ok, name, detail, todo } of findings) {
      print(terminal, `${coloured(terminal, ok ? 'green' : 'red', ok ? 'ok  ' : 'FAIL')}  ${name}: ${detail}`)
      if (todo) print(terminal, `      ${todo}`)
    }
  }
  return healthy
}
