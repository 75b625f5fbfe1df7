import type { Router } from 'express'
import type { AuditRecord } from '../../ledger/access.ts'
import type { ConsoleDeps } from './console.ts'
import { mayOrRefuse, page, pathWith, queryIn } from './page.ts'

const LINES = 100

/** `GET /audit`: who did what, newest first; and who may come in. For admins. */
export function auditPage(router: Router, { ledger }: ConsoleDeps): void {
  router.get('/audit', async (request, response) => {
    if (!(await mayOrRefuse(response, 'access'))) return
    const { before, by, action } = queryIn(request)
    const filter = {
      ...(by === undefined ? {} : { by }),
      ...(action === undefined ? {} : { action }),
    }
    const from = /^\d{1,15}$/.test(before ?? '') ? { before: Number(before) } : {}
    const [lines, operators, sessions, tokens] = await Promise.all([
      ledger.reads.audit({ ...filter, ...from, limit: LINES }),
      ledger.reads.operators(),
      ledger.reads.sessions(),
      ledger.reads.tokens(),
    ])
    const last = lines.at(-1)
    await page(response, 200, 'audit', {
      title: 'Audit',
      place: 'audit',
      by: by ?? '',
      action: action ?? '',
      lines: lines.map((line) => ({ ...line, ...targetOf(line) })),
      next:
        lines.length === LINES && last ? pathWith('/console/audit', { ...filter, before: last.id }) : null,
      operators: operators.map((one) => ({
        ...one,
        sessions: sessions.filter(({ operator }) => operator === one.name).length,
      })),
      tokens: tokens.filter(({ revokedAt }) => revokedAt === null),
    })
  })
}

/** To what it was done, in words, and where that can be seen. */
function targetOf({ target }: AuditRecord): { what: string; href: string | null } {
  const what = Object.entries(target)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ')
  for (const [name, path] of [
    ['message', 'messages'],
    ['event', 'events'],
    ['run', 'runs'],
  ] as const) {
    if (typeof target[name] === 'number') return { what, href: `/console/${path}/${target[name]}` }
  }
  return { what, href: null }
}
