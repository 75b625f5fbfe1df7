import express, { type ErrorRequestHandler, type Response, Router } from 'express'
import { z } from 'zod'
import { forgetMessages } from './accept.ts'
import type { Api } from './api.ts'
import { setDelivery } from './delivery.ts'
import { ApiError } from './errors.ts'
import { Fault, type Faults } from './faults.ts'
import type { Logins } from './login.ts'
import type { Org } from './org.ts'
import { addContact, addConversation, setActive } from './sessions.ts'
import { SOME_SETTINGS } from './settings.ts'

const Contact = z.strictObject({
  id: z.string().min(1),
  name: z.string().default(''),
  externalId: z.string().optional(),
  externalSourceId: z.string().optional(),
  emails: z.array(z.string()).default([]),
  phones: z.array(z.string()).default([]),
  canonicalId: z.string().optional(),
  active: z.boolean().optional(),
})
const Merge = z.strictObject({ into: z.string().min(1) })
const Active = z.strictObject({ active: z.boolean() })
const Calls = z.strictObject({ count: z.number().int().min(1) })

/** `/sandbox/…`: what the real one does not have: faults on demand, what others do, and a look at what was accepted. JSON in and out. */
export function createControl(deps: { org: Org; logins: Logins; faults: Faults; api: Api }): Router {
  const { org, logins, faults, api } = deps
  const router = Router()
  router.use(express.json())
  router.get('/faults', (_request, response) => void response.json(faults.list()))
  router.post('/faults', (request, response) => {
    faults.add(Fault.parse(request.body))
    response.status(201).json(faults.list())
  })
  router.delete('/faults', (_request, response) => {
    faults.clear()
    response.status(204).end()
  })
  router.get('/settings', (_request, response) => void response.json(org.settings))
  router.patch('/settings', (request, response) => {
    Object.assign(org.settings, SOME_SETTINGS.parse(request.body))
    response.json(org.settings)
  })

  router.get('/messages', (_request, response) => {
    response.json({ accepted: org.accepted.count, messages: org.accepted.messages })
  })
  router.delete('/messages', (_request, response) => {
    forgetMessages(org)
    response.status(204).end()
  })
  router.get('/sent', (_request, response) => void response.json(Object.fromEntries(org.accepted.byCustomer)))
  router.post('/messages/:id/status', (request, response) => {
    setDelivery(org, request.params.id, request.body)
    response.status(204).end()
  })
  router.get('/conversations', (_request, response) => {
    response.json([...org.conversations.byId.values()])
  })
  router.post('/conversations', (request, response) => {
    response.status(201).json(addConversation(org, request.body))
  })

  router.post('/contacts', (request, response) => {
    const { externalId, externalSourceId, canonicalId, active, ...contact } = Contact.parse(request.body)
    addContact(org, {
      ...contact,
      ...(externalId === undefined ? {} : { externalId }),
      ...(externalSourceId === undefined ? {} : { externalSourceId }),
      ...(canonicalId === undefined ? {} : { canonicalId }),
      ...(active === undefined ? {} : { active }),
    })
    response.status(201).end()
  })
  router.post('/contacts/:id/merge', (request, response) => {
    org.directory.merge(request.params.id, Merge.parse(request.body).into)
    response.status(204).end()
  })
  router.post('/contacts/:id/active', (request, response) => {
    setActive(org, request.params.id, Active.parse(request.body).active)
    response.status(204).end()
  })

  router.get('/requests', (_request, response) => {
    response.json({ acted: api.counts, answered: Object.fromEntries(api.requests) })
  })
  router.post('/calls', (request, response) => {
    logins.useCalls(Calls.parse(request.body).count)
    response.status(204).end()
  })
  router.post('/tokens/revoke', (_request, response) => {
    logins.revokeAll()
    response.status(204).end()
  })
  router.use((_request, response) => problem(response, 404, 'Not found', 'The control API has nothing here.'))
  router.use(((error, _request, response, next) => {
    if (error instanceof z.ZodError) return problem(response, 400, 'Not understood', z.prettifyError(error))
    if (error instanceof ApiError) return problem(response, error.status, 'Not possible', error.message)
    // What the JSON parser refuses says its status itself.
    const { status, message } = error as { status?: unknown; message?: unknown }
    if (typeof status !== 'number' || status >= 500) return next(error)
    problem(response, status, 'Not understood', String(message))
  }) satisfies ErrorRequestHandler)
  return router
}

/** RFC 9457. */
function problem(response: Response, status: number, title: string, detail: string): void {
  response.status(status).type('application/problem+json').send(JSON.stringify({ title, status, detail }))
}
