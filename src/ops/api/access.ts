import { z } from 'zod'
import {
  AuditShape,
  auditJson,
  OperatorShape,
  operatorJson,
  TokenShape,
  tokenJson,
} from '../shapes/access.ts'
import { cursorText, PageInUrl, Text } from './asked.ts'
import { answer, operation } from './operation.ts'
import { listOf, pageOf } from './page.ts'

/** Who may look and act, and who did what. They are made and removed by commands alone. */
export const access = [
  operation({
    id: 'listOperators',
    method: 'GET',
    path: '/operators',
    summary: 'Who may look and act',
    action: 'access',
    answer: listOf(OperatorShape).meta({ id: 'OperatorList' }),
    async run({ deps: { ledger } }) {
      const [operators, sessions] = await Promise.all([ledger.reads.operators(), ledger.reads.sessions()])
      return answer({ items: operators.map((one) => operatorJson(one, sessions)) })
    },
  }),
  operation({
    id: 'listTokens',
    method: 'GET',
    path: '/tokens',
    summary: 'The ways in of programs, newest first, with those that are over',
    action: 'access',
    answer: listOf(TokenShape).meta({ id: 'TokenList' }),
    async run({ deps }) {
      return answer({ items: (await deps.ledger.reads.tokens()).map(tokenJson) })
    },
  }),
  operation({
    id: 'listAudit',
    method: 'GET',
    path: '/audit',
    summary: 'Who did what, newest first',
    action: 'access',
    query: z.strictObject({ by: Text.exactOptional(), action: Text.exactOptional(), ...PageInUrl }),
    answer: pageOf(AuditShape).meta({ id: 'AuditPage' }),
    async run({ deps }, { query: { before, ...filter } }) {
      const lines = await deps.ledger.reads.audit({
        ...filter,
        ...(before === undefined ? {} : { before: before.id }),
      })
      const last = lines.length < filter.limit ? undefined : lines.at(-1)
      return answer({
        items: lines.map(auditJson),
        next: cursorText(last ? { at: last.at, id: last.id } : null),
      })
    },
  }),
]
