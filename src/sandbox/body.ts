import type { IncomingMessage } from 'node:http'
import { ApiError, badRequest } from './errors.ts'

/** The API refuses larger bodies. */
const MOST_BODY_BYTES = 512_000

/** The bytes of a request's body, or that they are too many. */
export type RawBody = Buffer | 'too-large'

/** The body whole, or null where the client went away. */
export async function readBody(request: IncomingMessage): Promise<RawBody | null> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request) {
      size += (chunk as Buffer).length
      if (size <= MOST_BODY_BYTES) chunks.push(chunk as Buffer)
    }
  } catch {
    // The client hung up in the middle: there is nobody to answer.
    return null
  }
  return size > MOST_BODY_BYTES ? 'too-large' : Buffer.concat(chunks)
}

/** Reads the JSON of a request. Throws 413, 415 or 400. */
export function jsonBody(contentType: string | undefined, raw: RawBody): unknown {
  if (raw === 'too-large') {
    const params = { bytes: String(MOST_BODY_BYTES) }
    const words = 'The request is over the size limit. Maximum bytes: {bytes}'
    throw new ApiError(413, 'request.entity.too.large', words, { params })
  }
  if (!/^application\/json\s*(;|$)/i.test(contentType ?? '')) {
    throw new ApiError(
      415,
      'unsupported.media.type',
      'Unsupported Media Type - Unsupported or incorrect media type, such as an incorrect Content-Type value in the header.',
    )
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw))
  } catch {
    throw badRequest('The request could not be understood by the server due to malformed syntax.')
  }
}

/** The JSON of a request, whatever it is; null where it is none. */
export function anyJson(raw: RawBody): unknown {
  try {
    return raw === 'too-large' ? null : JSON.parse(raw.toString('utf8'))
  } catch {
    return null
  }
}
